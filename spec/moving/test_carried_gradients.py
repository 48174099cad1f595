"""What becomes of a gradient when its parameter is moved or converted."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFERS, FROZEN_PARAMETER, PARAMETER, PARAMETERS, claim, to


@claim("MOVE-18", source="torch.nn.Module.to")
@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("convert", [to(torch.float64), to(torch.bfloat16)])
def test_a_gradient_is_converted_with_its_parameter_and_stays_the_same_object(convert, requires_grad, real_device):
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
    model = nn.Linear(2, 3).to(migration.source)
    model.bias.grad = torch.ones(3, device=migration.source)
    migration(model)
    assert model.weight.grad is None
    assert model.bias.grad.device.type == torch.device(migration.device).type


@claim("MOVE-42", source="torch.nn.Module.to_empty")
def test_to_empty_gives_a_gradient_new_memory_too(real_device):
    model = nn.Linear(2, 3).to(real_device)
    model.bias.grad = gradient = torch.ones(3, device=real_device)
    shared = gradient.detach()
    model.to_empty(device=real_device)
    model.bias.grad.fill_(7)
    assert model.bias.grad.shape == (3,)
    assert shared.tolist() == [1, 1, 1]


def with_history(device):
    return torch.ones(3, device=device, requires_grad=True) * 2


@claim("MOVE-43", source="torch.nn.Module.to")
def test_a_gradient_with_a_history_keeps_it_through_a_conversion(real_device):
    model = nn.Module()
    model.x = nn.Parameter(torch.zeros(3, device=real_device))
    model.x.grad = gradient = with_history(real_device)
    history = gradient.grad_fn
    model.double()
    assert model.x.grad is gradient
    assert gradient.dtype is torch.float64
    assert gradient.grad_fn is history


@claim("MOVE-44", source="torch.nn.Module.to")
def test_a_gradient_with_a_history_cannot_move_to_meta():
    model = nn.Module()
    model.x = nn.Parameter(torch.zeros(3))
    model.x.grad = with_history("cpu")
    with pytest.raises(AssertionError):
        model.to("meta")


@claim("MOVE-45", source="torch.nn.Module.to", since="2.11")
def test_the_error_of_a_gradient_with_a_history_that_moves_to_meta_says_so():
    model = nn.Module()
    model.x = nn.Parameter(torch.zeros(3))
    model.x.grad = with_history("cpu")
    with pytest.raises(AssertionError, match="param_grad must be a leaf tensor"):
        model.to("meta")


@claim("MOVE-46", source="torch.nn.Module.to")
def test_a_parameter_with_a_history_cannot_move_to_meta():
    model = FROZEN_PARAMETER.on(nn.Module(), "x", torch.ones(3))
    x = model.x.mul_(with_history("cpu"))
    with pytest.raises(AssertionError):
        model.to("meta")
    assert model.x is x
    assert model.x.tolist() == [2, 2, 2]


@claim("MOVE-47", source="torch.nn.Module.to", since="2.11")
def test_the_error_of_a_parameter_with_a_history_that_moves_to_meta_says_so():
    model = FROZEN_PARAMETER.on(nn.Module(), "x", torch.ones(3))
    model.x.mul_(with_history("cpu"))
    with pytest.raises(AssertionError, match="param must be a leaf tensor"):
        model.to("meta")


@claim("MOVE-95", source="torch.nn.Module._apply")
def test_a_conversion_that_has_to_replace_a_parameter_cannot_leave_its_gradient_where_it_is():
    model = PARAMETER.on(nn.Module(), "x", torch.ones(3))
    model.x.grad = torch.ones(3)
    with pytest.raises(AssertionError):
        model._apply(lambda tensor: tensor.to("meta") if isinstance(tensor, nn.Parameter) else tensor)
    assert (model.x.is_meta, model.x.grad) == (True, None)


@claim("MOVE-93", source="torch.nn.Module.to")
def test_a_plain_tensor_that_was_put_among_the_parameters_is_converted_and_cannot_move_to_meta():
    model, tensor = nn.Module(), torch.ones(3)
    model._parameters["x"] = tensor
    model.double()
    assert model.x is tensor
    assert (type(model.x), model.x.dtype) == (torch.Tensor, torch.float64)
    with pytest.raises(AssertionError):
        model.to("meta")
    assert model.x is tensor


@claim("MOVE-94", source="torch.nn.Module.to", since="2.11")
def test_the_error_of_a_plain_tensor_among_the_parameters_that_moves_to_meta_says_so():
    model = nn.Module()
    model._parameters["x"] = torch.ones(3)
    with pytest.raises(AssertionError, match="param must be a Parameter"):
        model.to("meta")


@claim("MOVE-19", source="torch.nn.Module.register_buffer")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_buffer_that_requires_grad_loses_its_gradient_and_its_leafhood_in_a_conversion(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device, requires_grad=True))
    model.x.grad = torch.ones(3, device=real_device)
    model.double()
    assert model.x.requires_grad
    assert not model.x.is_leaf
    assert model.x.grad is None


@claim("MOVE-48", source="torch.nn.Module.register_buffer")
def test_the_gradient_of_a_converted_buffer_flows_to_the_tensor_that_was_registered(real_device):
    tensor = torch.ones(3, device=real_device, requires_grad=True)
    model = nn.Module()
    model.register_buffer("x", tensor)
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    model.double()
    (model.x * model.p).sum().backward()
    assert tensor.grad.tolist() == [1, 1, 1]
    assert model.p.is_leaf
    assert model.p.grad.dtype is torch.float64
