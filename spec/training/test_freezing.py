"""What ``requires_grad_()`` of a module freezes and unfreezes."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFERS, PLAIN_TENSOR, FrozenModel, NestedModel, TiedModel, ToyModel2, ToyModel3, claim


def flags(module):
    return {name: parameter.requires_grad for name, parameter in module.named_parameters()}


@claim("GRAD-06", source="torch.nn.Module.requires_grad_")
@pytest.mark.parametrize("kind", [*BUFFERS, PLAIN_TENSOR])
@pytest.mark.parametrize("trainable", [True, False])
def test_freezing_or_unfreezing_a_module_changes_its_parameters_and_nothing_else(kind, trainable):
    """`module.requires_grad_(False)` freezes the parameters of a module and its submodules, and `requires_grad_(True)`
    makes them trainable if all are floating-point or complex. Buffers and plain tensors keep their `requires_grad`.

    Beware: `requires_grad_(True)` unfreezes a constant that is held as a frozen parameter too; held as a buffer, it
    stays a constant.
    """
    model = NestedModel(5, 10)
    for module in (model, model.body.inner):
        kind.on(module, "x", torch.ones(3, requires_grad=not trainable))
    for parameter in model.parameters():
        parameter.requires_grad = not trainable
    model.requires_grad_(trainable)
    assert flags(model) == {
        "scale": trainable,
        "body.inner.b1": trainable,
        "body.inner.linear.weight": trainable,
        "body.inner.linear.bias": trainable,
    }
    assert model.x.requires_grad is model.body.inner.x.requires_grad is (not trainable)
    assert not model.shift.requires_grad


@claim("GRAD-22", source="torch.nn.Module.requires_grad_")
@pytest.mark.parametrize("Model", [ToyModel3, FrozenModel, TiedModel])
def test_freezing_and_unfreezing_return_the_module_and_unfreezing_is_the_default(Model):
    """Where all parameters are initialized (none is lazy) and of floating or complex dtype, `module.requires_grad_()`
    makes them trainable and `requires_grad_(False)` freezes them; both return the module, and the parameters stay the
    same objects.
    """
    model = Model(5, 10)
    parameters = list(model.parameters())
    assert model.requires_grad_(False) is model
    assert not any(flags(model).values())
    assert model.requires_grad_() is model
    assert all(flags(model).values())
    assert all(now is then for now, then in zip(model.parameters(), parameters, strict=True))


@claim("GRAD-23", source="torch.nn.Module.requires_grad_")
def test_freezing_a_submodule_leaves_the_rest_trainable(device):
    """`requires_grad_(False)` of a submodule freezes the parameters of that submodule and leaves those of the modules
    around it trainable.
    """
    model = NestedModel(5, 10).to(device)
    model.body.inner.linear.requires_grad_(False)
    assert flags(model) == {
        "scale": True,
        "body.inner.b1": True,
        "body.inner.linear.weight": False,
        "body.inner.linear.bias": False,
    }


@claim("GRAD-25", source="torch.nn.Module.requires_grad_")
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.uint8])
def test_a_module_with_an_integer_parameter_can_be_frozen_and_raises_when_it_is_unfrozen(dtype):
    """`module.requires_grad_(False)` freezes a module with an integer or bool parameter. `requires_grad_(True)` raises
    `RuntimeError` at this parameter, which stays frozen; parameters registered before it are trainable by then.
    """
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(3))
    model.integer = nn.Parameter(torch.ones(3, dtype=dtype), requires_grad=False)
    model.requires_grad_(False)
    assert flags(model) == {"p": False, "integer": False}
    with pytest.raises(RuntimeError, match="only Tensors of floating point"):
        model.requires_grad_(True)
    assert flags(model) == {"p": True, "integer": False}


@claim("GRAD-26", source="torch.nn.Module.requires_grad_")
def test_a_frozen_parameter_keeps_the_gradient_it_has_and_further_backward_adds_nothing(real_device):
    """Parameters frozen by `requires_grad_(False)` after a `backward()` keep their gradients, and the next `backward()`
    adds nothing to them, while those of trainable parameters accumulate.
    """
    model = ToyModel2(5, 10).to(real_device)
    x = torch.ones(3, 5, device=real_device)
    model(x).sum().backward()
    gradient = model.b1.grad
    model.linear.requires_grad_(False)
    model(x).sum().backward()
    assert model.b1.grad is gradient
    assert gradient.tolist() == [6] * 10
    assert model.linear.bias.grad.tolist() == [3] * 10


@claim("GRAD-27", source="torch.nn.Module.requires_grad_")
def test_a_gradient_flows_through_a_frozen_layer_to_the_one_before_it(real_device):
    """`backward()` passes the gradient through a layer frozen by `requires_grad_(False)` to the layer before it; the
    frozen layer's own parameters get none.
    """
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4)).to(real_device)
    model[1].requires_grad_(False)
    model(torch.ones(1, 2, device=real_device)).sum().backward()
    assert model[0].bias.grad.tolist() == model[1].weight.detach().sum(0).tolist()
    assert model[1].weight.grad is None
    assert model[1].bias.grad is None


@claim("GRAD-28", source="torch.nn.Module.requires_grad_")
def test_backward_from_the_output_of_a_frozen_module_raises(real_device):
    """If a module is frozen by `requires_grad_(False)` and neither its input nor its buffers and plain tensors require
    grad, its output doesn't either, and `backward()` from the output raises `RuntimeError`.
    """
    model = ToyModel3(5, 10).to(real_device).requires_grad_(False)
    output = model(torch.ones(3, 5, device=real_device))
    assert not output.requires_grad
    with pytest.raises(RuntimeError, match="does not require grad"):
        output.sum().backward()


@claim("GRAD-29", source="torch.nn.Module.requires_grad_")
def test_a_parameter_assigned_to_a_frozen_module_is_trainable(device):
    """An `nn.Parameter` or submodule that is assigned to a module after `requires_grad_(False)` is trainable: only the
    parameters that the module had are frozen.
    """
    model = ToyModel2(5, 10).to(device).requires_grad_(False)
    model.x = nn.Parameter(torch.ones(3, device=device))
    model.layer = nn.Linear(1, 1, bias=False, device=device)
    assert flags(model) == {
        "b1": False,
        "x": True,
        "linear.weight": False,
        "linear.bias": False,
        "layer.weight": True,
    }
