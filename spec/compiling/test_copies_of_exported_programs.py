"""What a copy of an exported program, or of its module, shares with the model, and what it saves."""

import copy
import io
import pickle

import pytest
import torch

from ..vocabulary import claim
from .models import ONES, ChangesXInPlace, StateOfEveryKind


def exported():
    """A module that adds one to its buffer ``x`` in each run, and its program."""
    model = ChangesXInPlace()
    model.register_buffer("x", torch.zeros(3))
    return model, torch.export.export(model, (ONES,))


@claim("GRAPH-94", source="torch.export.ExportedProgram", since="2.2")
def test_a_deep_copy_of_a_program_has_state_of_its_own_and_saves_it():
    """If `forward` has no argument named `input`, a `copy.deepcopy` of the exported program has state of its own.
    Running the copy's module changes neither program nor model, and `torch.export.save` of the copy writes the changed
    state.
    """
    model, program = exported()
    duplicate = copy.deepcopy(program)
    duplicate.module()(ONES)
    assert model.x.tolist() == program.state_dict["x"].tolist() == [0, 0, 0]
    assert duplicate.state_dict["x"].tolist() == [1, 1, 1]
    file = io.BytesIO()
    torch.export.save(duplicate, file)
    file.seek(0)
    assert torch.export.load(file).state_dict["x"].tolist() == [1, 1, 1]


@claim("GRAPH-95", source="torch.export.ExportedProgram", since="2.1")
def test_a_shallow_copy_of_a_program_shares_its_state():
    """A `copy.copy` of an exported program shares the state of the program and of the original model: where `forward`
    changes a buffer in place, running the module of the copy changes the model's buffer.
    """
    model, program = exported()
    duplicate = copy.copy(program)
    duplicate.module()(ONES)
    assert duplicate.state_dict is program.state_dict
    assert model.x.tolist() == [1, 1, 1]


@claim("GRAPH-96", source="torch.export.save", since="2.1")
def test_a_program_saves_the_values_that_the_model_has_then():
    """If the model's parameters or buffers, non-persistent ones included, were changed in place after the export,
    `torch.export.save` writes the values that they have at the time of the save, not those at the export.
    """
    model = StateOfEveryKind()
    program = torch.export.export(model, (ONES,))
    model.b.fill_(7)
    model.n.fill_(8)
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    assert torch.export.load(file).module()(ONES).tolist() == [650036, 650036, 650036]


@claim("GRAPH-97", source="torch.export.ExportedProgram.module", since="2.5")
def test_a_deep_copy_of_an_exported_module_saves_its_plain_tensors():
    """In a `copy.deepcopy` of the module that `ExportedProgram.module()` returns, plain tensors are persistent buffers,
    so that its `load_state_dict()` raises `RuntimeError` for a checkpoint of the original model, which lacks them.
    """
    model = StateOfEveryKind()
    module = torch.export.export(model, (ONES,)).module()
    duplicate = copy.deepcopy(module)
    assert set(module.state_dict()) == {"p", "f", "b"}
    assert {"p", "f", "b", "t"} <= set(duplicate.state_dict())
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: .*"t"'):
        duplicate.load_state_dict(model.state_dict())
    assert [duplicate.p.requires_grad, duplicate.f.requires_grad] == [True, False]


@claim("GRAPH-98", source="torch.export.ExportedProgram.module", since="2.14")
def test_a_deep_copy_of_an_exported_module_keeps_a_non_persistent_buffer_non_persistent():
    """A `copy.deepcopy` of the module of an exported program keeps a non-persistent buffer out of its `state_dict()`,
    as the module does."""
    module = torch.export.export(StateOfEveryKind(), (ONES,)).module()
    duplicate = copy.deepcopy(module)
    assert "n" in dict(duplicate.named_buffers())
    assert "n" not in duplicate.state_dict()
    assert "n" not in module.state_dict()


@claim("GRAPH-99", source="torch.export.ExportedProgram.module", since="2.3", until="2.14")
def test_a_deep_copy_of_an_exported_module_saved_a_non_persistent_buffer():
    """Before torch 2.14, the `state_dict()` of a `copy.deepcopy` of the module that `ExportedProgram.module()` returns
    had the model's own non-persistent buffers. Since then it leaves them out, as the `state_dict()` of that module
    always did.
    """
    module = torch.export.export(StateOfEveryKind(), (ONES,)).module()
    assert "n" in copy.deepcopy(module).state_dict()
    assert "n" not in module.state_dict()


@claim("GRAPH-100", source="torch.export.ExportedProgram", since="2.3", until="2.15")
def test_an_unpickled_program_raised():
    """Before torch 2.15, `pickle.loads` of an exported program raised `TypeError`, though `pickle.dumps` wrote it."""
    written = pickle.dumps(exported()[1])
    with pytest.raises(TypeError, match="scope_root"):
        pickle.loads(written)
