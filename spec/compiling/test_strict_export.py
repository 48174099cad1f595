"""What ``torch.export.export(strict=True)`` does with state, and where it differs from ``strict=False``."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .models import ONES, AddsX, ChangesXInPlace, StateOfEveryKind, TiedState, UnusedStateOfEveryKind


class Counting(AddsX):
    """Adds one to the number ``x``, and then ``x`` to its input."""

    def forward(self, y):
        self.x = self.x + 1
        return y + self.x


def export(model, strict=True):
    return torch.export.export(model, (ONES,), strict=strict)


@claim("GRAPH-86", source="torch.export.export", since="2.3")
@pytest.mark.parametrize("strict", [True, False])
def test_a_strict_export_keeps_each_kind_where_another_one_does(strict):
    """`torch.export.export` puts parameters and persistent buffers into the `state_dict`, non-persistent buffers and
    plain tensors that `forward` uses into the `constants` of the program, with `strict=True` as with `strict=False`."""
    model = StateOfEveryKind()
    program = export(model, strict)
    assert set(program.state_dict) == {"p", "f", "b"}
    assert {value[0].item() for value in program.constants.values()} == {4000, 50000}
    assert program.state_dict["p"] is program.module().p is model.p
    assert program.module()(ONES).tolist() == [654321, 654321, 654321]


@claim("GRAPH-87", source="torch.export.export", since="2.6")
def test_a_strict_export_leaves_a_plain_tensor_that_forward_changes_in_place():
    """Where `forward` changes a plain tensor in place, `torch.export.export(strict=True)` leaves the tensor unchanged,
    and `strict=False` changes it; after a strict export, each run of the exported module changes the original module's
    tensor.
    """
    strict, other = ChangesXInPlace(), ChangesXInPlace()
    strict.x, other.x = torch.zeros(3), torch.zeros(3)
    module = export(strict).module()
    export(other, strict=False)
    assert (strict.x.tolist(), other.x.tolist()) == ([0, 0, 0], [1, 1, 1])
    assert [module(ONES)[0].item() for _ in range(3)] == [2, 3, 4]
    assert strict.x.tolist() == [3, 3, 3]


@claim("GRAPH-88", source="torch.export.export", since="2.10")
def test_a_strict_export_bakes_in_a_number_that_forward_counts_and_leaves_it():
    """Where `forward` adds 1 to a plain number and then uses it, `torch.export.export(strict=True)` leaves the number
    `n` on the module as it is, and every run of the exported module computes with `n + 1`.
    """
    model = Counting()
    model.x = 1
    module = export(model).module()
    assert [module(ONES)[0].item() for _ in range(3)] == [3, 3, 3]
    assert model.x == 1


@claim("GRAPH-89", source="torch.export.export", since="2.4", until="2.10")
def test_a_strict_export_counted_in_a_number_that_forward_counts():
    """Before torch 2.10, where `forward` counts in a plain number, `torch.export.export(strict=True)` itself counted
    once on the module, and every run of the exported module used that number; since then the module's number stays.
    """
    model = Counting()
    model.x = 1
    module = export(model).module()
    assert [module(ONES)[0].item() for _ in range(3)] == [3, 3, 3]
    assert model.x == 2


@claim("GRAPH-90", source="torch.export.export", since="2.3")
def test_a_strict_export_drops_a_non_persistent_buffer_that_forward_does_not_use():
    """`torch.export.export(strict=True)` keeps parameters and persistent buffers that `forward` does not use, and drops
    unused non-persistent buffers, where `strict=False` keeps them.
    """
    strict, other = export(UnusedStateOfEveryKind()), export(UnusedStateOfEveryKind(), strict=False)
    assert set(strict.state_dict) == set(other.state_dict) == {"p", "f", "b"}
    assert set(strict.constants) == set()
    assert set(other.constants) == {"n"}


@claim("GRAPH-91", source="torch.export.export", since="2.3")
def test_the_module_of_a_strict_export_has_a_tied_parameter_under_one_name():
    """For a tied parameter, `torch.export.export(strict=True)` gives a program with both names in `program.state_dict`,
    but `program.module()` has one of them only, so that its `load_state_dict()` raises `RuntimeError` for the
    original's `state_dict()`.
    """
    model = TiedState()
    program = export(model)
    assert program.state_dict["p"] is program.state_dict["q"]
    module = program.module()
    assert len([name for name, _ in module.named_parameters(remove_duplicate=False)]) == 1
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\) in state_dict"):
        module.load_state_dict(model.state_dict())
    assert module(ONES).tolist() == [5, 5, 5]


@claim("GRAPH-92", source="torch.export.export", since="2.2")
@pytest.mark.parametrize("strict", [True, False])
def test_an_exported_module_shares_state_with_the_model_and_changes_its_buffers(strict):
    """Where `forward` changes a buffer in place, each run of the exported module changes the original module's own
    buffer, with `strict=True` as with `strict=False`; `torch.export.export` itself leaves the buffer unchanged.
    """
    model = ChangesXInPlace()
    model.register_buffer("x", torch.zeros(3))
    module = export(model, strict).module()
    assert model.x.tolist() == [0, 0, 0]
    module(ONES)
    assert module.x is model.x
    assert model.x.tolist() == [1, 1, 1]


@claim("GRAPH-93", source="torch.export.export", since="2.2")
@pytest.mark.parametrize("strict", [True, False])
def test_an_export_bakes_in_the_mode_and_a_frozen_flag(strict):
    """An exported module keeps the evaluation mode that the model had at `torch.export.export`, with `strict=True` as
    with `strict=False`: `train()` of the model afterwards doesn't change what it computes. Its parameters are frozen
    where the model's are.
    """
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.9)).eval()
    model[0].weight.requires_grad_(False)
    module = export(model, strict).module()
    model.train()
    assert module(ONES).tolist() == model[0](ONES).tolist()
    assert [parameter.requires_grad for _, parameter in module.named_parameters()] == [False, True]
