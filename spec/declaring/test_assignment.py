"""What assignment to a registered name does."""

import pytest
import torch

from ..vocabulary import BUFFERS, PARAMETERS, ToyModel2, any_shape, claim


@claim("SET-01", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("requires_grad", [True, False])
@any_shape
def test_a_bare_tensor_cannot_take_the_place_of_a_parameter(kind, requires_grad, real_device, shape):
    model = kind.on(ToyModel2(5, 10).to(real_device), "x", torch.ones(10, device=real_device))
    parameter = model.x
    with pytest.raises(TypeError, match="cannot assign"):
        model.x = torch.zeros(shape, device=real_device, requires_grad=requires_grad)
    assert model.x is dict(model.named_parameters())["x"] is parameter


@claim("SET-02", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_bare_tensor_takes_the_place_of_a_buffer_and_inherits_its_persistence(kind, device):
    model = kind.on(ToyModel2(5, 10).to(device), "x", torch.ones(10, device=device))
    keys = list(model.state_dict())
    tensor = torch.zeros(10, device=device)
    model.x = tensor
    assert model.x is dict(model.named_buffers())["x"] is tensor
    assert list(model.state_dict()) == keys
    assert "x" not in vars(model)
