"""``torch.__future__``: parameters overwritten or swapped by a conversion instead of changed in place."""

import weakref

import pytest
import torch
from torch import nn

from ..vocabulary import FROZEN_PARAMETER, PARAMETERS, claim
from .flags import overwriting, swapping

CONVERSIONS = {
    "double()": lambda model: model.double(),
    "to(meta)": lambda model: model.to("meta"),
    "to_empty(cpu)": lambda model: model.to_empty(device="cpu"),
}


class Weight(nn.Parameter):
    """A parameter of a class of its own."""


@claim("MOVE-49", source="torch.__future__.set_overwrite_module_params_on_conversion")
def test_overwriting_is_off_until_it_is_set():
    get = torch.__future__.get_overwrite_module_params_on_conversion
    before = get()
    with overwriting():
        within = get()
    assert (before, within, get()) == (False, True, False)


@claim("MOVE-50", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
def test_swapping_is_off_until_it_is_set():
    get = torch.__future__.get_swap_module_params_on_conversion
    before = get()
    with swapping():
        within = get()
    assert (before, within, get()) == (False, True, False)


@claim("MOVE-51", source="torch.__future__.set_overwrite_module_params_on_conversion")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("convert", CONVERSIONS)
def test_overwriting_replaces_every_parameter_and_leaves_the_old_one_as_it_was(kind, convert):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    x = model.x
    with overwriting():
        CONVERSIONS[convert](model)
    assert dict(model.named_parameters())["x"] is model.x
    assert model.x is not x
    assert type(model.x) is nn.Parameter
    assert model.x.requires_grad is x.requires_grad
    assert (x.dtype, x.tolist()) == (torch.float32, [1, 1, 1])


@claim("MOVE-52", source="torch.__future__.set_overwrite_module_params_on_conversion")
def test_overwriting_replaces_a_parameter_even_where_nothing_is_to_be_done():
    model = nn.Linear(2, 3)
    weight = model.weight
    with overwriting():
        model.float()
    assert model.weight is not weight
    assert model.weight.data_ptr() == weight.data_ptr()


@claim("MOVE-53", source="torch.__future__.set_overwrite_module_params_on_conversion")
@pytest.mark.parametrize("requires_grad", [True, False])
def test_overwriting_gives_the_new_parameter_a_converted_copy_of_the_gradient(requires_grad):
    model = nn.Linear(2, 3)
    bias = model.bias
    bias.grad = gradient = torch.ones(3, requires_grad=requires_grad)
    with overwriting():
        model.double()
    assert model.bias.grad.dtype is torch.float64
    assert model.bias.grad.requires_grad is requires_grad
    assert model.weight.grad is None
    assert bias.grad is gradient
    assert gradient.dtype is torch.float32


@claim("MOVE-54", source="torch.__future__.set_overwrite_module_params_on_conversion")
def test_overwriting_drops_the_hooks_the_attributes_and_the_class_of_a_parameter():
    model = nn.Module()
    model.weight = Weight(torch.ones(3))
    model.weight.note = "mine"
    seen = []
    model.weight.register_hook(seen.append)
    with overwriting():
        model.double()
    model.weight.sum().backward()
    assert type(model.weight) is nn.Parameter
    assert not hasattr(model.weight, "note")
    assert seen == []


@claim("MOVE-55", source="torch.__future__.set_overwrite_module_params_on_conversion")
def test_overwriting_refuses_a_gradient_with_a_history():
    model = nn.Linear(2, 3)
    model.bias.grad = torch.ones(3, requires_grad=True) * 2
    with overwriting(), pytest.raises(AssertionError):
        model.double()


@claim("MOVE-56", source="torch.__future__.set_overwrite_module_params_on_conversion")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_overwriting_refuses_a_parameter_with_a_history():
    model = FROZEN_PARAMETER.on(nn.Module(), "x", torch.ones(3))
    x = model.x.mul_(torch.ones(3, requires_grad=True))
    with overwriting(), pytest.raises(AssertionError):
        model.double()
    assert model.x is x
    assert x.dtype is torch.float32


@claim("MOVE-10", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("convert", CONVERSIONS)
def test_swapping_keeps_every_parameter_object_and_replaces_every_buffer(kind, convert):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    model.register_buffer("b", torch.ones(3))
    x, b, requires_grad = model.x, model.b, model.x.requires_grad
    with swapping():
        CONVERSIONS[convert](model)
    assert model.x is x
    assert x.requires_grad is requires_grad
    assert model.b is not b
    assert (x.dtype, x.device) == (model.b.dtype, model.b.device)


@claim("MOVE-57", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("convert", CONVERSIONS)
def test_swapping_keeps_every_gradient_object(convert, requires_grad):
    model = nn.Linear(2, 3)
    model.bias.grad = gradient = torch.ones(3, requires_grad=requires_grad)
    with swapping():
        CONVERSIONS[convert](model)
    assert model.bias.grad is gradient
    assert gradient.requires_grad is requires_grad
    assert (gradient.dtype, gradient.device) == (model.bias.dtype, model.bias.device)
    assert model.weight.grad is None


@claim("MOVE-58", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
def test_swapping_prevails_over_overwriting():
    model = nn.Linear(2, 3)
    weight = model.weight
    with overwriting(), swapping():
        model.double()
    assert model.weight is weight
    assert weight.dtype is torch.float64


@claim("MOVE-59", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
def test_swapping_drops_the_hooks_the_attributes_and_the_class_of_a_parameter():
    model = nn.Module()
    model.weight = Weight(torch.ones(3))
    model.weight.note = "mine"
    seen = []
    model.weight.register_hook(seen.append)
    with swapping():
        model.double()
    model.weight.sum().backward()
    assert type(model.weight) is nn.Parameter
    assert not hasattr(model.weight, "note")
    assert seen == []


def another_reference(tensor):
    return weakref.ref(tensor)


def a_view(tensor):
    return tensor.view(-1)


@claim("MOVE-60", source="torch.__future__.set_swap_module_params_on_conversion", since="2.4")
@pytest.mark.parametrize("hold", [another_reference, a_view])
def test_swapping_fails_on_a_parameter_that_something_else_holds_and_leaves_it_as_it_was(hold):
    model = nn.Sequential(nn.Linear(2, 3))
    bias = model[0].bias
    bias.grad = gradient = torch.ones(3)
    held = hold(bias)
    with swapping(), pytest.raises(RuntimeError, match=r"_apply\(\): Couldn't swap Linear.bias$") as error:
        model.double()
    assert "swap" in str(error.value.__cause__) or "use_count" in str(error.value.__cause__)
    assert model[0].bias is bias
    assert bias.grad is gradient
    assert (bias.dtype, gradient.dtype) == (torch.float32, torch.float32)
    assert held is not None


@claim("MOVE-61", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
def test_swapping_fails_on_a_gradient_that_something_else_holds_and_loses_it():
    model = nn.Linear(2, 3)
    model.bias.grad = gradient = torch.ones(3)
    held = weakref.ref(gradient)
    with swapping(), pytest.raises(RuntimeError, match=r"_apply\(\): Couldn't swap Linear.bias.grad$") as error:
        model.double()
    assert "swap" in str(error.value.__cause__)
    assert held() is gradient
    assert gradient.dtype is torch.float32
    assert (model.bias.dtype, model.bias.grad) == (torch.float64, None)
