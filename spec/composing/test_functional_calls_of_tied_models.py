"""``torch.func`` and models that use one parameter under two names."""

import copy

import pytest
import torch
from torch import nn

from ..vocabulary import claim

X = torch.ones(1, 1)


class Tied(nn.Module):
    """Multiplies its input by the parameter ``p``, and again by ``q``, another name of ``p``."""

    def __init__(self, number):
        super().__init__()
        self.p = self.q = nn.Parameter(torch.full((1, 1), float(number)))

    def forward(self, x):
        self.seen = (self.p.is_meta, self.q.is_meta)
        return nn.functional.linear(nn.functional.linear(x, self.p), self.q)


@claim("UTIL-73", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_of_a_tied_model_does_not_take_its_state_dict():
    """For a model with a tied parameter, `torch.func.functional_call(model, model.state_dict(), x)` raises
    `ValueError`, as the two names hold two tensors; `dict(model.named_parameters())` works, and without extra state so
    does `state_dict(keep_vars=True)`.
    """
    model = Tied(3)
    with pytest.raises(ValueError, match=r"'p', 'q'.*which are tied"):
        torch.func.functional_call(model, model.state_dict(), X)
    assert torch.func.functional_call(model, dict(model.named_parameters()), X).item() == 9
    assert torch.func.functional_call(model, model.state_dict(keep_vars=True), X).item() == 9
    assert torch.func.functional_call(model, model.state_dict(), X, tie_weights=False).item() == 9


def call_stacked(skeleton, models):
    """What each model computes, called through ``skeleton`` with its share of the stacked state."""
    parameters, _ = torch.func.stack_module_state(models)
    shares = [{name: stacked[i] for name, stacked in parameters.items()} for i in range(len(models))]
    return [torch.func.functional_call(skeleton, share, X) for share in shares]


@claim("UTIL-74", source="torch.func.stack_module_state", since="2.0")
@pytest.mark.heavy
def test_stacked_tied_models_compute_with_a_meta_tensor_if_the_skeleton_is_moved_to_meta():
    """Of a model with a tied parameter, the skeleton `copy.deepcopy(model).to("meta")` for
    `torch.func.stack_module_state` is no longer tied: a functional call computes with a meta tensor under one name,
    without an error.
    """
    skeleton = copy.deepcopy(Tied(0)).to("meta")
    results = call_stacked(skeleton, [Tied(2), Tied(3)])
    assert skeleton.seen == (False, True)
    assert [result.device.type for result in results] == ["cpu", "cpu"]


@claim("UTIL-75", source="torch.func.stack_module_state", since="2.0")
def test_stacked_tied_models_are_computed_right_by_a_skeleton_that_is_tied():
    """For models with a tied parameter, a skeleton for `torch.func.stack_module_state` computes what each model does if
    it is a `copy.deepcopy` of one, or was moved to meta and tied again.
    """
    moved = copy.deepcopy(Tied(0)).to("meta")
    moved.q = moved.p
    models = [Tied(2), Tied(3)]
    assert [result.item() for result in call_stacked(copy.deepcopy(models[0]), models)] == [4, 9]
    assert [result.item() for result in call_stacked(moved, models)] == [4, 9]
    assert moved.seen == (False, False)
