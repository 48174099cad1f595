"""What registering a parametrization calls, what it does to modes and optimizers, and what removing one may not do."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize
from torch.optim import SGD

from ..vocabulary import claim


class Doubled(nn.Module):
    """Doubles, and notes each call."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, x):
        self.calls.append("forward")
        return x * 2

    def right_inverse(self, x):
        self.calls.append("right_inverse")
        return x / 2


class Pair(nn.Module):
    """A parametrization by two tensors, whose value is their product."""

    def forward(self, first, second):
        return first * second

    def right_inverse(self, x):
        return x / 2, torch.full_like(x, 2)


@claim("UTIL-107", source="torch.nn.utils.parametrize.register_parametrization")
@pytest.mark.parametrize("mode", [True, False])
def test_a_parametrization_takes_the_training_mode_of_its_module_when_it_is_registered(mode):
    """`register_parametrization` sets `training` of the parametrization to that of the module, whatever it was; the
    `model.parametrizations` that holds it is in training mode.
    """
    model, parametrization = nn.Linear(1, 1).train(mode), Doubled().train(not mode)
    parametrize.register_parametrization(model, "weight", parametrization)
    assert parametrization.training is mode
    assert model.parametrizations.training is model.parametrizations.weight.training is True


@claim("UTIL-108", source="torch.nn.utils.parametrize.register_parametrization")
def test_registering_a_parametrization_calls_its_right_inverse_and_its_forward_once():
    """`register_parametrization` without `unsafe=True` calls `right_inverse` and `forward` of the parametrization once
    each, to check that they fit the parameter, whether it is the parameter's first parametrization or a further one.
    """
    model, first, second = nn.Linear(1, 1), Doubled(), Doubled()
    parametrize.register_parametrization(model, "weight", first)
    assert first.calls == ["right_inverse", "forward"]
    parametrize.register_parametrization(model, "weight", second)
    assert sorted(second.calls) == ["forward", "right_inverse"]


@claim("UTIL-109", source="torch.nn.utils.parametrize.register_parametrization")
def test_registering_a_parametrization_as_unsafe_calls_the_right_inverse_of_the_first_alone():
    """`register_parametrization(unsafe=True)` calls only `right_inverse` of the first parametrization of a parameter,
    and neither `right_inverse` nor `forward` of a further one.
    """
    model, first, second = nn.Linear(1, 1), Doubled(), Doubled()
    parametrize.register_parametrization(model, "weight", first, unsafe=True)
    assert first.calls == ["right_inverse"]
    parametrize.register_parametrization(model, "weight", second, unsafe=True)
    assert (first.calls, second.calls) == (["right_inverse"], [])


@claim("UTIL-110", source="torch.nn.utils.parametrize.register_parametrization")
def test_an_optimizer_goes_on_training_a_parameter_that_is_parametrized_by_one_tensor(real_device):
    """An optimizer that was built before `register_parametrization` trains the original, which is the same parameter,
    unless `right_inverse` returns several tensors: the gradient comes through the parametrization.
    """
    model = nn.Linear(1, 1, bias=False).to(real_device)
    nn.init.constant_(model.weight, 8)
    optimizer = SGD(model.parameters(), lr=1.0)
    parametrize.register_parametrization(model, "weight", Doubled())
    model(torch.ones(1, 1, device=real_device)).sum().backward()
    optimizer.step()
    assert model.parametrizations.weight.original.grad.item() == 2
    assert model.parametrizations.weight.original.item() == 4 - 2
    assert model.weight.item() == 4


@claim("UTIL-111", source="torch.nn.utils.parametrize.register_parametrization")
def test_an_optimizer_no_longer_trains_a_parameter_that_is_parametrized_by_several_tensors():
    """An optimizer that was built before a parametrization by several tensors keeps the old parameter, which gets no
    gradient; the originals have to be added by `add_param_group()`.
    """
    model = nn.Linear(1, 1, bias=False)
    weight = model.weight
    optimizer = SGD(model.parameters(), lr=1.0)
    parametrize.register_parametrization(model, "weight", Pair())
    value = model.weight.item()
    model(torch.ones(1, 1)).sum().backward()
    optimizer.step()
    assert optimizer.param_groups[0]["params"] == [weight]
    assert weight.grad is None
    assert model.weight.item() == value
    optimizer.add_param_group({"params": list(model.parameters())})
    optimizer.step()
    assert model.weight.item() != value


@claim("UTIL-112", source="torch.nn.utils.parametrize.remove_parametrizations")
def test_a_parametrization_that_changes_the_dtype_cannot_be_removed_with_its_value():
    """`remove_parametrizations` raises `RuntimeError` for a parametrization that changes the dtype; with
    `leave_parametrized=False` it gives the original back.
    """
    model, to_double = nn.Linear(1, 1), nn.Module()
    weight, to_double.forward = model.weight, torch.Tensor.double
    parametrize.register_parametrization(model, "weight", to_double, unsafe=True)
    with pytest.raises(RuntimeError, match="requires set_"):
        parametrize.remove_parametrizations(model, "weight")
    assert model.weight.dtype == torch.float64
    parametrize.remove_parametrizations(model, "weight", leave_parametrized=False)
    assert model.weight is weight
    assert model.weight.dtype == torch.float32


@claim("UTIL-113", source="torch.nn.utils.parametrize.ParametrizationList")
def test_parametrizations_is_a_dict_of_lists_of_parametrizations():
    """`model.parametrizations` is an `nn.ModuleDict`, and `model.parametrizations.weight` a `ParametrizationList`, an
    `nn.ModuleList` of the parametrizations of that parameter in their order.
    """
    model, first, second = nn.Linear(1, 1), Doubled(), Doubled()
    parametrize.register_parametrization(model, "weight", first)
    parametrize.register_parametrization(model, "weight", second)
    assert type(model.parametrizations) is nn.ModuleDict
    assert list(model.parametrizations) == ["weight"]
    assert type(model.parametrizations["weight"]) is parametrize.ParametrizationList
    assert isinstance(model.parametrizations.weight, nn.ModuleList)
    assert list(model.parametrizations.weight) == [first, second]


@claim("UTIL-114", source="torch.nn.utils.parametrizations.weight_norm", since="2.1")
def test_removing_the_new_weight_norm_leaves_one_parameter_with_the_value_of_both():
    """`remove_parametrizations(model, "weight")` after `nn.utils.parametrizations.weight_norm` leaves one parameter
    `weight` with the value that was computed, and the module has its own class again.
    """
    model = parametrizations.weight_norm(nn.Linear(2, 3))
    nn.init.constant_(model.parametrizations.weight.original0, 5)
    value = model.weight.tolist()
    parametrize.remove_parametrizations(model, "weight")
    assert [name for name, _ in model.named_parameters()] == list(model.state_dict()) == ["bias", "weight"]
    assert type(model.weight) is nn.Parameter
    assert model.weight.tolist() == value
    assert type(model) is nn.Linear
