"""What becomes of a gradient when its parameter is moved or converted."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFERS, FROZEN_PARAMETER, PARAMETER, PARAMETERS, claim, to


@claim("MOVE-18", source="torch.nn.Module.to")
@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("convert", [to(torch.float64), to(torch.bfloat16)])
def test_a_gradient_is_converted_with_its_parameter_and_stays_the_same_object(convert, requires_grad, real_device):
    """By default, converting a trainable parameter converts its gradient too: `.grad` stays the same object, with its
    values and its `requires_grad`.
    """
    model = nn.Module()
    model.x = nn.Parameter(torch.zeros(3, device=real_device))
    model.x.grad = gradient = torch.full((3,), 2.0, device=real_device).requires_grad_(requires_grad)
    convert(model)
    assert model.x.grad is gradient
    assert gradient.dtype is convert.dtype
    assert gradient.tolist() == [2, 2, 2]
    assert gradient.requires_grad is requires_grad


@claim("MOVE-39", source="torch.nn.Module.to")
def test_the_gradient_of_a_frozen_parameter_is_converted_too(device):
    """By default, a conversion also converts the gradient that a frozen parameter still has: `.grad` stays the same
    object, and the parameter stays frozen.
    """
    model = FROZEN_PARAMETER.on(nn.Module(), "x", torch.zeros(3, device=device))
    model.x.grad = gradient = torch.ones(3, device=device)
    model.double()
    assert model.x.grad is gradient
    assert gradient.dtype is torch.float64
    assert not model.x.requires_grad


@claim("MOVE-40", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_move_to_meta_gives_the_new_parameter_a_new_gradient_there(kind, requires_grad):
    """`.to("meta")` gives the new parameter a new gradient on the meta device, with the same `requires_grad`; the old
    parameter keeps its gradient unchanged.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    model.x.grad = gradient = torch.ones(3, requires_grad=requires_grad)
    x = model.x
    model.to("meta")
    assert model.x.grad.device.type == "meta"
    assert model.x.grad.requires_grad is requires_grad
    assert x.grad is gradient
    assert gradient.tolist() == [1, 1, 1]


@claim("MOVE-41", source="torch.nn.Module.to")
def test_a_parameter_without_a_gradient_has_none_after_a_move_or_conversion(migration):
    """A move or conversion takes the gradient of a parameter along; a parameter whose `.grad` is None has none
    afterwards either.
    """
    model = nn.Linear(2, 3).to(migration.source)
    model.bias.grad = torch.ones(3, device=migration.source)
    migration(model)
    assert model.weight.grad is None
    assert model.bias.grad.device.type == torch.device(migration.device).type


@claim("MOVE-42", source="torch.nn.Module.to_empty")
def test_to_empty_gives_a_gradient_new_memory_too(real_device):
    """`to_empty()` gives the gradient of a parameter new memory too: writing into the new `.grad` leaves an alias of
    the old one unchanged.
    """
    model = nn.Linear(2, 3).to(real_device)
    model.bias.grad = gradient = torch.ones(3, device=real_device)
    shared = gradient.detach()
    model.to_empty(device=real_device)
    model.bias.grad.fill_(7)
    assert model.bias.grad.shape == (3,)
    assert shared.tolist() == [1, 1, 1]


def with_grad_fn(device):
    return torch.ones(3, device=device, requires_grad=True) * 2


@claim("MOVE-43", source="torch.nn.Module.to")
def test_a_gradient_with_a_grad_fn_keeps_it_in_a_conversion(real_device):
    """By default, converting a parameter whose `.grad` has a `grad_fn` keeps the gradient object and that `grad_fn`,
    and gives it the new dtype.

    `backward(create_graph=True)` leaves such gradients.
    """
    model = nn.Module()
    model.x = nn.Parameter(torch.zeros(3, device=real_device))
    model.x.grad = gradient = with_grad_fn(real_device)
    grad_fn = gradient.grad_fn
    model.double()
    assert model.x.grad is gradient
    assert gradient.dtype is torch.float64
    assert gradient.grad_fn is grad_fn


@claim("MOVE-44", source="torch.nn.Module.to")
def test_moving_a_gradient_with_a_grad_fn_to_meta_raises_AssertionError():
    """`.to("meta")` raises `AssertionError` for a parameter whose `.grad` has a `grad_fn`; the parameter has moved by
    then, and its `.grad` is None.
    """
    model = nn.Module()
    model.x = nn.Parameter(torch.zeros(3))
    model.x.grad = with_grad_fn("cpu")
    with pytest.raises(AssertionError):
        model.to("meta")
    assert (model.x.is_meta, model.x.grad) == (True, None)


@claim("MOVE-45", source="torch.nn.Module.to", since="2.11")
def test_the_error_of_moving_a_gradient_with_a_grad_fn_to_meta_says_why():
    """The `AssertionError` of `.to("meta")` for a parameter whose `.grad` has a `grad_fn` says that `param_grad` must
    be a leaf tensor.
    """
    model = nn.Module()
    model.x = nn.Parameter(torch.zeros(3))
    model.x.grad = with_grad_fn("cpu")
    with pytest.raises(AssertionError, match="param_grad must be a leaf tensor"):
        model.to("meta")


@claim("MOVE-46", source="torch.nn.Module.to")
def test_moving_a_parameter_with_a_grad_fn_to_meta_raises_AssertionError():
    """`.to("meta")` raises `AssertionError` for a parameter with a `grad_fn`, such as a frozen one multiplied in place
    by a tensor that requires grad, and leaves it unchanged.
    """
    model = FROZEN_PARAMETER.on(nn.Module(), "x", torch.ones(3))
    x = model.x.mul_(with_grad_fn("cpu"))
    with pytest.raises(AssertionError):
        model.to("meta")
    assert model.x is x
    assert model.x.tolist() == [2, 2, 2]


@claim("MOVE-47", source="torch.nn.Module.to", since="2.11")
def test_the_error_of_moving_a_parameter_with_a_grad_fn_to_meta_says_why():
    """Where `.to("meta")` can't replace a parameter because it has a `grad_fn`, as after an in-place product with a
    tensor that requires grad, the `AssertionError` says that `param` must be a leaf tensor.
    """
    model = FROZEN_PARAMETER.on(nn.Module(), "x", torch.ones(3))
    model.x.mul_(with_grad_fn("cpu"))
    with pytest.raises(AssertionError, match="param must be a leaf tensor"):
        model.to("meta")


@claim("MOVE-95", source="torch.nn.Module._apply")
def test_moving_a_parameter_without_its_gradient_raises_AssertionError():
    """`module._apply(fn)` raises `AssertionError` if `fn` moves a parameter to the meta device but not its gradient;
    the parameter has moved by then, and its `.grad` is None.
    """
    model = PARAMETER.on(nn.Module(), "x", torch.ones(3))
    model.x.grad = torch.ones(3)
    with pytest.raises(AssertionError):
        model._apply(lambda tensor: tensor.to("meta") if isinstance(tensor, nn.Parameter) else tensor)
    assert (model.x.is_meta, model.x.grad) == (True, None)


@claim("MOVE-93", source="torch.nn.Module.to")
def test_a_tensor_put_into__parameters_is_converted_and_raises_AssertionError_in_a_move_to_meta():
    """A tensor put into `module._parameters` that is no `nn.Parameter` is converted and stays the same object, but
    `.to("meta")` raises `AssertionError` and leaves it unmoved.
    """
    model, tensor = nn.Module(), torch.ones(3)
    model._parameters["x"] = tensor
    model.double()
    assert model.x is tensor
    assert (type(model.x), model.x.dtype) == (torch.Tensor, torch.float64)
    with pytest.raises(AssertionError):
        model.to("meta")
    assert model.x is tensor


@claim("MOVE-94", source="torch.nn.Module.to", since="2.11")
def test_the_error_of_moving_a_tensor_put_into__parameters_to_meta_says_why():
    """The `AssertionError` of `.to("meta")` for a tensor put into `module._parameters` says that `param` must be a
    `Parameter`.
    """
    model = nn.Module()
    model._parameters["x"] = torch.ones(3)
    with pytest.raises(AssertionError, match="param must be a Parameter"):
        model.to("meta")


@claim("MOVE-19", source="torch.nn.Module.register_buffer")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_converted_buffer_that_requires_grad_is_no_leaf_and_has_no_gradient(kind, real_device):
    """Converting a buffer that requires grad to another dtype, outside `torch.no_grad()`, leaves a buffer that requires
    grad, but is no leaf and has no `.grad`.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device, requires_grad=True))
    model.x.grad = torch.ones(3, device=real_device)
    model.double()
    assert model.x.requires_grad
    assert not model.x.is_leaf
    assert model.x.grad is None


@claim("MOVE-48", source="torch.nn.Module.register_buffer")
def test_the_gradient_of_a_converted_buffer_goes_to_the_tensor_that_was_registered(real_device):
    """If a buffer that requires grad was converted outside `torch.no_grad()`, `backward()` gives the gradient not to
    the converted buffer but to the tensor that was registered before the conversion.
    """
    tensor = torch.ones(3, device=real_device, requires_grad=True)
    model = nn.Module()
    model.register_buffer("x", tensor)
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    model.double()
    (model.x * model.p).sum().backward()
    assert tensor.grad.tolist() == [1, 1, 1]
    assert model.p.is_leaf
    assert model.p.grad.dtype is torch.float64
