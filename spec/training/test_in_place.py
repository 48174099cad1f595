"""What may be changed in place, what may be rebound, and what that does to the graph."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, BUFFERS, FROZEN_PARAMETER, PARAMETER, claim

IN_PLACE = {
    "add_": lambda tensor: tensor.add_(1),
    "mul_": lambda tensor: tensor.mul_(2),
    "zero_": lambda tensor: tensor.zero_(),
    "copy_": lambda tensor: tensor.copy_(tensor.detach() + 1),
}


@claim("GRAD-09", source="torch.nn.Parameter")
@pytest.mark.parametrize("op", IN_PLACE)
def test_changing_a_trainable_parameter_in_place_raises_unless_under_no_grad(op, real_device):
    """Changing a trainable parameter in place, for example by `add_()`, raises `RuntimeError` and leaves it unchanged;
    under `torch.no_grad()` it works, and the parameter still requires grad.
    """
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
def test_a_buffer_or_frozen_parameter_can_be_changed_in_place_without_no_grad(kind, op, real_device):
    """A frozen parameter, or a buffer that doesn't require grad, can be changed in place without `torch.no_grad()`, for
    example by `add_(1)`: it stays the same tensor and gets no `grad_fn`, unless the operand requires grad.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    x = model.x
    IN_PLACE[op](model.x)
    assert model.x is x
    assert x.tolist() != [1, 1, 1]
    assert x.grad_fn is None


@claim("GRAD-41", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
def test_changing_a_buffer_that_requires_grad_in_place_raises_as_for_a_trainable_parameter(kind, real_device):
    """Changing a buffer that is a leaf and requires grad in place raises `RuntimeError` outside `torch.no_grad()`, as
    it does for a trainable parameter, and the buffer stays unchanged.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device, requires_grad=True))
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        model.x.add_(1)
    assert model.x.tolist() == [1, 1, 1]


class Tracker(nn.Module):
    """The output is ``x * p + total``; ``total`` is a buffer that sums up ``x * p``, detached or with its graph."""

    def __init__(self, update, detached):
        super().__init__()
        self.p = nn.Parameter(torch.ones(3))
        self.register_buffer("total", torch.zeros(3))
        self.update, self.detached = update, detached

    def forward(self, x):
        output = x * self.p
        seen = output.detach() if self.detached else output
        if self.update == "in place":
            self.total += seen
        else:
            self.total = self.total + seen
        return output + self.total


@claim("GRAD-11", source="torch.Tensor.detach")
@pytest.mark.parametrize("update", ["in place", "rebound"])
def test_a_buffer_updated_from_a_tensor_that_requires_grad_keeps_its_graph_into_the_next_step(update, real_device):
    """A buffer that `forward` updates from a tensor that requires grad, in place or by rebinding, gets a `grad_fn`. If
    the next output uses it, `backward()` raises `RuntimeError` where it needs values that the first `backward()` freed.

    Update it from the tensor's `detach()`.
    """
    model = Tracker(update, detached=False).to(real_device)
    x = torch.ones(3, device=real_device)
    model(x).sum().backward()
    assert model.total.grad_fn is not None
    assert "total" in dict(model.named_buffers())
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        model(x).sum().backward()


@claim("GRAD-42", source="torch.Tensor.detach")
@pytest.mark.parametrize("update", ["in place", "rebound"])
def test_a_buffer_updated_from_detached_values_keeps_no_graph(update, real_device):
    """A buffer that `forward` rebinds to values of `output.detach()` gets no `grad_fn`, and the next step's
    `backward()` works. The same holds for a buffer to which `forward` adds such values in place, unless `backward()`
    needs the buffer's old values.
    """
    model = Tracker(update, detached=True).to(real_device)
    x = torch.ones(3, device=real_device)
    model(x).sum().backward()
    model(x).sum().backward()
    assert model.total.grad_fn is None
    assert model.total.tolist() == [2, 2, 2]
    assert model.p.grad.tolist() == [2, 2, 2]


@claim("GRAD-13", source="torch.Tensor.backward")
@pytest.mark.parametrize("kind", BUFFERS)
def test_changing_a_buffer_in_place_before_backward_raises_where_a_product_saved_it(kind, real_device):
    """A buffer changed in place, other than through `.data`, between forward and `backward()` makes `backward()` raise
    `RuntimeError` if autograd saved it, as for its product with a parameter. That parameter then gets no gradient.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    product = (model.p * model.x).sum()
    model.x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()
    assert model.p.grad is None


@claim("GRAD-43", source="torch.Tensor.backward")
@pytest.mark.parametrize("kind", BUFFERS)
def test_changing_a_buffer_in_place_before_backward_is_harmless_where_a_sum_did_not_save_it(kind, real_device):
    """Changing a buffer in place between forward and `backward()` is harmless where autograd didn't save the buffer, as
    for its sum with a parameter, which gets the right gradient.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    total = (model.p + model.x).sum()
    model.x.add_(1)
    total.backward()
    assert model.p.grad.tolist() == [1, 1, 1]


@claim("GRAD-44", source="torch.Tensor.backward")
@pytest.mark.parametrize("kind", BUFFERS)
def test_rebinding_a_buffer_between_forward_and_backward_is_harmless(kind, real_device):
    """Rebinding a buffer between forward and `backward()`, as in `module.x = module.x + 1`, is harmless: the gradient
    is that of the values that forward used.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    product = (model.p * model.x).sum()
    model.x = model.x + 1
    product.backward()
    assert model.p.grad.tolist() == [1, 1, 1]


@claim("GRAD-47", source="torch.Tensor.detach")
def test_a_detached_parameter_shares_its_values_and_can_be_changed_at_any_time(real_device):
    """`parameter.detach()` shares the parameter's values: changing it in place, without `torch.no_grad()`, changes a
    trainable parameter, which still requires grad.
    """
    model = PARAMETER.on(nn.Module(), "x", torch.ones(3, device=real_device))
    model.x.detach().add_(1)
    assert model.x.tolist() == [2, 2, 2]
    assert model.x.requires_grad
