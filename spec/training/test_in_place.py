"""What may be changed in place, what may be rebound, and what that does to the graph."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, BUFFERS, FROZEN_PARAMETER, PARAMETER, PARAMETERS, claim

IN_PLACE = {
    "add_": lambda tensor: tensor.add_(1),
    "mul_": lambda tensor: tensor.mul_(2),
    "zero_": lambda tensor: tensor.zero_(),
    "copy_": lambda tensor: tensor.copy_(tensor.detach() + 1),
}


@claim("GRAD-09", source="torch.nn.Parameter")
@pytest.mark.parametrize("op", IN_PLACE)
def test_a_trainable_parameter_is_changed_in_place_under_no_grad_only(op, real_device):
    model = PARAMETER.on(nn.Module(), "x", torch.ones(3, device=real_device))
    with pytest.raises(RuntimeError, match=r"a leaf Variable that requires grad .*in-place operation"):
        IN_PLACE[op](model.x)
    assert model.x.tolist() == [1, 1, 1]
    with torch.no_grad():
        IN_PLACE[op](model.x)
    assert model.x.tolist() != [1, 1, 1]
    assert model.x.requires_grad
    assert model.x.grad_fn is None


@claim("GRAD-10", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", [FROZEN_PARAMETER, BUFFER])
@pytest.mark.parametrize("op", IN_PLACE)
def test_a_buffer_or_frozen_parameter_is_changed_in_place_without_no_grad(kind, op, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    x = model.x
    IN_PLACE[op](model.x)
    assert model.x is x
    assert x.tolist() != [1, 1, 1]
    assert x.grad_fn is None


@claim("GRAD-41", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_buffer_that_requires_grad_is_a_leaf_as_a_parameter_is(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device, requires_grad=True))
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        model.x.add_(1)
    assert model.x.tolist() == [1, 1, 1]


class Tracker(nn.Module):
    """The output is ``x * p``; ``total`` is a buffer that sums up the outputs, with their history if ``history``."""

    def __init__(self, update, history):
        super().__init__()
        self.p = nn.Parameter(torch.ones(3))
        self.register_buffer("total", torch.zeros(3))
        self.update, self.history = update, history

    def forward(self, x):
        output = x * self.p
        seen = output if self.history else output.detach()
        if self.update == "in place":
            self.total += seen
        else:
            self.total = self.total + seen
        return output + self.total


@claim("GRAD-11", source="torch.Tensor.detach")
@pytest.mark.parametrize("update", ["in place", "rebound"])
def test_a_buffer_updated_from_what_needs_grad_takes_its_history_into_the_next_step(update, real_device):
    model = Tracker(update, history=True).to(real_device)
    x = torch.ones(3, device=real_device)
    model(x).sum().backward()
    assert model.total.grad_fn is not None
    assert "total" in dict(model.named_buffers())
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        model(x).sum().backward()


@claim("GRAD-42", source="torch.Tensor.detach")
@pytest.mark.parametrize("update", ["in place", "rebound"])
def test_a_buffer_updated_from_detached_values_takes_no_history(update, real_device):
    model = Tracker(update, history=False).to(real_device)
    x = torch.ones(3, device=real_device)
    model(x).sum().backward()
    model(x).sum().backward()
    assert model.total.grad_fn is None
    assert model.total.tolist() == [2, 2, 2]
    assert model.p.grad.tolist() == [2, 2, 2]


@claim("GRAD-13", source="torch.Tensor.backward")
@pytest.mark.parametrize("kind", BUFFERS)
def test_changing_a_buffer_between_forward_and_backward_fails_where_a_product_saved_it(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    product = (model.p * model.x).sum()
    model.x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()
    assert model.p.grad is None


@claim("GRAD-43", source="torch.Tensor.backward")
@pytest.mark.parametrize("kind", BUFFERS)
def test_changing_a_buffer_between_forward_and_backward_is_harmless_where_a_sum_did_not_save_it(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    total = (model.p + model.x).sum()
    model.x.add_(1)
    total.backward()
    assert model.p.grad.tolist() == [1, 1, 1]


@claim("GRAD-44", source="torch.Tensor.backward")
@pytest.mark.parametrize("kind", BUFFERS)
def test_rebinding_a_buffer_between_forward_and_backward_is_harmless(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    product = (model.p * model.x).sum()
    model.x = model.x + 1
    product.backward()
    assert model.p.grad.tolist() == [1, 1, 1]


@claim("GRAD-15", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("grad", [True, False])
def test_a_parameter_cannot_be_rebound_to_a_result(kind, grad, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    parameter = model.x
    with torch.set_grad_enabled(grad), pytest.raises(TypeError, match=r"cannot assign .* as parameter 'x'"):
        model.x = model.x * 2
    assert model.x is parameter
    assert parameter.tolist() == [1, 1, 1]


@claim("GRAD-45", source="torch.nn.Module")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("grad", [True, False])
def test_a_buffer_is_silently_rebound_to_a_result(kind, grad, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    buffer, keys = model.x, list(model.state_dict())
    with torch.set_grad_enabled(grad):
        model.x = model.x * 2
    assert model.x is not buffer
    assert [(name, tensor.tolist()) for name, tensor in model.named_buffers()] == [("x", [2, 2, 2])]
    assert list(model.state_dict()) == keys
    assert buffer.tolist() == [1, 1, 1]


@claim("GRAD-46", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_an_augmented_assignment_under_no_grad_changes_the_parameter_that_is_there(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    parameter, trainable = model.x, model.x.requires_grad
    with torch.no_grad():
        model.x += 1
    assert model.x is dict(model.named_parameters())["x"] is parameter
    assert parameter.tolist() == [2, 2, 2]
    assert parameter.requires_grad is trainable


@claim("GRAD-47", source="torch.Tensor.detach")
def test_a_detached_parameter_shares_its_values_and_can_be_changed_at_any_time(real_device):
    model = PARAMETER.on(nn.Module(), "x", torch.ones(3, device=real_device))
    model.x.detach().add_(1)
    assert model.x.tolist() == [2, 2, 2]
    assert model.x.requires_grad
