"""What an exported program keeps of a module, where it keeps it, and what its own module can and cannot do."""

import copy
import io

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .models import ONES, ChangesXInPlace, StateOfEveryKind


@claim("GRAPH-81", source="torch.export.ExportedProgram.module", since="2.3")
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_the_mode_of_an_exported_module_cannot_be_set(mode):
    """`train()` and `eval()` of the module that `ExportedProgram.module()` returns raise `NotImplementedError`: this
    module computes in the mode that the original had at export, for example without dropout.
    """
    model = nn.Sequential(nn.Dropout(0.5)).eval()
    module = torch.export.export(model, (ONES,)).module()
    with pytest.raises(NotImplementedError, match=mode):
        getattr(module, mode)()
    model.train()
    assert module(ONES).tolist() == [1, 1, 1]


@claim("GRAPH-83", source="torch.export.ExportedProgram", since="2.1")
def test_an_exported_module_shares_its_plain_tensor_with_the_model():
    """Changing a plain tensor of a module in place after `torch.export.export` changes what the exported module
    computes; setting a plain number does not, as the number is written into the graph.
    """
    model = StateOfEveryKind()
    module = torch.export.export(model, (ONES,)).module()
    model.t.fill_(0)
    model.v = 0
    assert module(ONES).tolist() == [604321, 604321, 604321]


@claim("GRAPH-84", source="torch.export.ExportedProgram", since="2.1")
def test_the_module_of_a_deepcopied_program_changes_state_of_its_own():
    """A `copy.deepcopy` of the module that `ExportedProgram.module()` returns has buffers of its own: where `forward`
    changes a buffer in place, running the copy leaves the original model's buffer unchanged.
    """
    model = ChangesXInPlace()
    model.register_buffer("x", torch.zeros(3))
    module = torch.export.export(model, (ONES,)).module()
    duplicate = copy.deepcopy(module)
    assert duplicate(ONES).tolist() == [2, 2, 2]
    assert model.x.tolist() == [0, 0, 0]
    assert module(ONES).tolist() == [2, 2, 2]
    assert model.x.tolist() == [1, 1, 1]


@claim("GRAPH-85", source="torch.export.save", since="2.1")
def test_a_loaded_program_shares_no_state_with_the_model():
    """A program from `torch.export.load` has state of its own, with the values at `torch.export.save`: changing the
    original model afterwards does not change the program.
    """
    model = StateOfEveryKind()
    file = io.BytesIO()
    torch.export.save(torch.export.export(model, (ONES,)), file)
    nn.init.zeros_(model.p)
    model.b.zero_()
    file.seek(0)
    loaded = torch.export.load(file)
    assert loaded.module()(ONES).tolist() == [654321, 654321, 654321]
    assert model(ONES).tolist() == [654020, 654020, 654020]
