"""Replace mode and swap mode of ``torch.__future__``: what a conversion does to a parameter in each."""

import weakref

import pytest
import torch
from torch import nn

from ..vocabulary import FROZEN_PARAMETER, PARAMETERS, claim
from .conversion_modes import replace_mode, swap_mode

CONVERSIONS = {
    "double()": lambda model: model.double(),
    "to(meta)": lambda model: model.to("meta"),
    "to_empty(cpu)": lambda model: model.to_empty(device="cpu"),
}


class Weight(nn.Parameter):
    """A parameter of a class of its own."""


@claim("MOVE-49", source="torch.__future__.set_overwrite_module_params_on_conversion")
def test_replace_mode_is_off_by_default():
    """Replace mode, in which a conversion makes new parameters, is off until
    `torch.__future__.set_overwrite_module_params_on_conversion(True)` turns it on; the same call with False turns it
    off.
    """
    get = torch.__future__.get_overwrite_module_params_on_conversion
    before = get()
    with replace_mode():
        within = get()
    assert (before, within, get()) == (False, True, False)


@claim("MOVE-50", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
def test_swap_mode_is_off_by_default():
    """Swap mode, in which a conversion swaps what parameters hold, is off until
    `torch.__future__.set_swap_module_params_on_conversion(True)` turns it on; the same call with False turns it off.
    """
    get = torch.__future__.get_swap_module_params_on_conversion
    before = get()
    with swap_mode():
        within = get()
    assert (before, within, get()) == (False, True, False)


@claim("MOVE-51", source="torch.__future__.set_overwrite_module_params_on_conversion")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("convert", CONVERSIONS)
def test_replace_mode_replaces_parameters_and_leaves_the_old_ones_as_they_were(kind, convert):
    """In the replace mode of `torch.__future__`, a conversion, `.to("meta")` or `to_empty()` gives a module new
    `nn.Parameter` objects with the same `requires_grad`; the old ones stay unchanged.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    x = model.x
    with replace_mode():
        CONVERSIONS[convert](model)
    assert dict(model.named_parameters())["x"] is model.x
    assert model.x is not x
    assert type(model.x) is nn.Parameter
    assert model.x.requires_grad is x.requires_grad
    assert (x.dtype, x.tolist()) == (torch.float32, [1, 1, 1])


@claim("MOVE-52", source="torch.__future__.set_overwrite_module_params_on_conversion")
def test_replace_mode_replaces_a_parameter_even_where_a_conversion_has_nothing_to_do():
    """In the replace mode of `torch.__future__`, even a conversion with nothing to do, such as `.float()` on float32
    parameters, makes new `nn.Parameter` objects, over the same memory.
    """
    model = nn.Linear(2, 3)
    weight = model.weight
    with replace_mode():
        model.float()
    assert model.weight is not weight
    assert model.weight.data_ptr() == weight.data_ptr()


@claim("MOVE-53", source="torch.__future__.set_overwrite_module_params_on_conversion")
@pytest.mark.parametrize("requires_grad", [True, False])
def test_replace_mode_gives_the_new_parameter_a_converted_copy_of_the_gradient(requires_grad):
    """In the replace mode of `torch.__future__`, a conversion to another dtype gives the new parameter a converted copy
    of the gradient, with the same `requires_grad`; the old parameter keeps its own.
    """
    model = nn.Linear(2, 3)
    bias = model.bias
    bias.grad = gradient = torch.ones(3, requires_grad=requires_grad)
    with replace_mode():
        model.double()
    assert model.bias.grad.dtype is torch.float64
    assert model.bias.grad.requires_grad is requires_grad
    assert model.weight.grad is None
    assert bias.grad is gradient
    assert gradient.dtype is torch.float32


@claim("MOVE-54", source="torch.__future__.set_overwrite_module_params_on_conversion")
def test_replace_mode_drops_the_hooks_the_attributes_and_the_class_of_a_parameter():
    """In the replace mode of `torch.__future__`, a conversion drops the hooks and the Python attributes of a parameter,
    and the class of one that is of a subclass of `nn.Parameter`: the new one is a plain `nn.Parameter`.
    """
    model = nn.Module()
    model.weight = Weight(torch.ones(3))
    model.weight.note = "mine"
    seen = []
    model.weight.register_hook(seen.append)
    with replace_mode():
        model.double()
    model.weight.sum().backward()
    assert type(model.weight) is nn.Parameter
    assert not hasattr(model.weight, "note")
    assert seen == []


@claim("MOVE-55", source="torch.__future__.set_overwrite_module_params_on_conversion")
def test_replace_mode_raises_AssertionError_for_a_gradient_with_a_grad_fn():
    """In the replace mode of `torch.__future__`, a conversion raises `AssertionError` for a parameter whose `.grad` has
    a `grad_fn`; the module has the new parameter by then, and its `.grad` is None.
    """
    model = nn.Linear(2, 3)
    bias = model.bias
    bias.grad = torch.ones(3, requires_grad=True) * 2
    with replace_mode(), pytest.raises(AssertionError):
        model.double()
    assert model.bias is not bias
    assert (model.bias.dtype, model.bias.grad) == (torch.float64, None)


@claim("MOVE-56", source="torch.__future__.set_overwrite_module_params_on_conversion")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_replace_mode_raises_AssertionError_for_a_parameter_with_a_grad_fn():
    """In the replace mode of `torch.__future__`, a conversion raises `AssertionError` for a parameter that has a
    `grad_fn` itself, and leaves it unchanged.
    """
    model = FROZEN_PARAMETER.on(nn.Module(), "x", torch.ones(3))
    x = model.x.mul_(torch.ones(3, requires_grad=True))
    with replace_mode(), pytest.raises(AssertionError):
        model.double()
    assert model.x is x
    assert x.dtype is torch.float32


@claim("MOVE-10", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("convert", CONVERSIONS)
def test_swap_mode_keeps_parameter_objects_and_replaces_buffers(kind, convert):
    """In the swap mode of `torch.__future__`, a conversion, `.to("meta")` or `to_empty()` keeps the parameter objects
    and their `requires_grad`, and replaces the buffers that it changes.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    model.register_buffer("b", torch.ones(3))
    x, b, requires_grad = model.x, model.b, model.x.requires_grad
    with swap_mode():
        CONVERSIONS[convert](model)
    assert model.x is x
    assert x.requires_grad is requires_grad
    assert model.b is not b
    assert (x.dtype, x.device) == (model.b.dtype, model.b.device)


@claim("MOVE-57", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("convert", CONVERSIONS)
def test_swap_mode_keeps_gradient_objects(convert, requires_grad):
    """In the swap mode of `torch.__future__`, a conversion, `.to("meta")` or `to_empty()` keeps the gradient objects of
    the parameters and their `requires_grad`.
    """
    model = nn.Linear(2, 3)
    model.bias.grad = gradient = torch.ones(3, requires_grad=requires_grad)
    with swap_mode():
        CONVERSIONS[convert](model)
    assert model.bias.grad is gradient
    assert gradient.requires_grad is requires_grad
    assert (gradient.dtype, gradient.device) == (model.bias.dtype, model.bias.device)
    assert model.weight.grad is None


@claim("MOVE-58", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
def test_swap_mode_prevails_over_replace_mode():
    """If both swap mode and replace mode of `torch.__future__` are on, swap mode decides: a conversion keeps the
    parameter objects.
    """
    model = nn.Linear(2, 3)
    weight = model.weight
    with replace_mode(), swap_mode():
        model.double()
    assert model.weight is weight
    assert weight.dtype is torch.float64


@claim("MOVE-59", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
def test_swap_mode_drops_the_hooks_the_attributes_and_the_class_of_a_parameter():
    """In the swap mode of `torch.__future__`, a conversion drops the hooks, the Python attributes and the subclass of a
    parameter: it becomes an `nn.Parameter` without them.
    """
    model = nn.Module()
    model.weight = Weight(torch.ones(3))
    model.weight.note = "mine"
    seen = []
    model.weight.register_hook(seen.append)
    with swap_mode():
        model.double()
    model.weight.sum().backward()
    assert type(model.weight) is nn.Parameter
    assert not hasattr(model.weight, "note")
    assert seen == []


def a_weak_reference(tensor):
    return weakref.ref(tensor)


def a_view(tensor):
    return tensor.view(-1)


@claim("MOVE-60", source="torch.__future__.set_swap_module_params_on_conversion", since="2.4")
@pytest.mark.parametrize("hold", [a_weak_reference, a_view])
def test_swap_mode_raises_RuntimeError_for_a_parameter_with_a_weak_reference_or_a_view(hold):
    """In the swap mode of `torch.__future__`, a conversion raises `RuntimeError` for a parameter that has a weak
    reference or a view, and leaves it and its gradient unchanged.
    """
    model = nn.Sequential(nn.Linear(2, 3))
    bias = model[0].bias
    bias.grad = gradient = torch.ones(3)
    held = hold(bias)
    with swap_mode(), pytest.raises(RuntimeError, match=r"_apply\(\): Couldn't swap Linear.bias$") as error:
        model.double()
    assert "swap" in str(error.value.__cause__) or "use_count" in str(error.value.__cause__)
    assert model[0].bias is bias
    assert bias.grad is gradient
    assert (bias.dtype, gradient.dtype) == (torch.float32, torch.float32)
    assert held is not None


@claim("MOVE-61", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
def test_swap_mode_raises_RuntimeError_for_a_gradient_with_a_weak_reference():
    """In the swap mode of `torch.__future__`, a conversion raises `RuntimeError` for a gradient that has a weak
    reference; the parameter is converted by then, and its `.grad` is None.
    """
    model = nn.Linear(2, 3)
    model.bias.grad = gradient = torch.ones(3)
    held = weakref.ref(gradient)
    with swap_mode(), pytest.raises(RuntimeError, match=r"_apply\(\): Couldn't swap Linear.bias.grad$") as error:
        model.double()
    assert "swap" in str(error.value.__cause__)
    assert held() is gradient
    assert gradient.dtype is torch.float32
    assert (model.bias.dtype, model.bias.grad) == (torch.float64, None)
