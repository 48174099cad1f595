"""What an optimizer can see, and what it changes."""

import copy

import pytest
import torch
from torch import nn
from torch.optim import SGD

from ..vocabulary import (
    BUFFERS,
    FROZEN_PARAMETER,
    KINDS,
    PARAMETER,
    PLAIN,
    ToyModel2,
    ToyModel3,
    answers,
    any_model,
    available,
    claim,
    core,
    registered,
)
from .optimizers import OPTIMIZERS


def values(model):
    """The numbers in everything that a model holds, by name: parameters, buffers and plain attributes."""
    plain = {name: value for name, value in vars(model).items() if isinstance(value, int | torch.Tensor)}
    held = {**plain, **registered(model)}
    return {name: torch.as_tensor(value).tolist() for name, value in held.items()}


@core
@claim("OPT-01", source="torch.optim.Optimizer")
@answers("updated by the optimizer?", yes=(PARAMETER,), no=(FROZEN_PARAMETER, *BUFFERS, *PLAIN))
@pytest.mark.parametrize("optimizer", ["SGD with momentum", "AdamW with weight decay"])
@any_model
def test_an_optimizer_of_parameters_updates_the_trainable_ones_and_no_other_state(
    optimizer, real_device, Model, channels
):
    """An optimizer built from `module.parameters()` updates trainable parameters and leaves buffers, plain tensors,
    plain values and frozen parameters that have no gradient unchanged, weight decay included.
    """
    model = Model(*channels).to(real_device)
    for kind in available(KINDS):
        kind.put(model, kind.word, torch.ones(channels, device=real_device))
    optimizer = OPTIMIZERS[optimizer](model.parameters())
    output = model(torch.ones(3, channels[0], device=real_device)).sum()
    sum((output * getattr(model, kind.word)).sum() for kind in available(KINDS)).backward()
    before = values(model)
    optimizer.step()
    changed = {name for name, value in values(model).items() if value != before[name]}
    assert changed & {kind.word for kind in KINDS} == {"parameter"}
    assert changed <= {name for name, parameter in model.named_parameters() if parameter.requires_grad}


@claim("OPT-02", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_frozen_parameter_without_a_gradient_gets_no_step_weight_decay_or_state(optimizer, real_device):
    """For a frozen parameter without gradient that it was given, `step()` of an optimizer other than `optim.LBFGS`
    changes no value, even with weight decay, and adds no state.
    """
    model = FROZEN_PARAMETER.on(ToyModel2(5, 10).to(real_device), "x", torch.ones(10, device=real_device))
    optimizer = OPTIMIZERS[optimizer]([model.x, model.b1])
    fresh = dict(optimizer.state.get(model.x, {}))
    b1 = model.b1.tolist()
    (model(torch.ones(3, 5, device=real_device)) * model.x).sum().backward()
    optimizer.step()
    assert model.x.tolist() == [1] * 10
    assert dict(optimizer.state.get(model.x, {})) == fresh
    assert model.b1.tolist() != b1


@claim("OPT-12", source="torch.optim.Optimizer.zero_grad")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_weight_decay_shrinks_a_parameter_whose_gradient_is_zero_and_not_one_without_gradient(optimizer, real_device):
    """Unless earlier gradients still act through its state, `optimizer.step()` with weight decay changes a parameter
    whose `.grad` is all zeros, towards zero. A parameter whose `.grad` is None stays unchanged.

    So `zero_grad(set_to_none=False)` before a step doesn't have the effect of `zero_grad(set_to_none=True)`.
    """
    zeroed = nn.Parameter(torch.ones(3, device=real_device))
    without = nn.Parameter(torch.ones(3, device=real_device))
    optimizer = OPTIMIZERS[optimizer]([zeroed, without])
    zeroed.grad = torch.zeros(3, device=real_device)
    optimizer.step()
    assert max(zeroed.tolist()) < 1
    assert without.tolist() == [1, 1, 1]


@claim("OPT-03", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_parameter_that_is_frozen_after_backward_is_still_updated_by_the_next_step(optimizer, real_device):
    """Freezing a module by `requires_grad_(False)` after `backward()` doesn't keep the next `optimizer.step()` from
    updating its parameters: they still have their gradients.
    """
    model = ToyModel2(5, 10).to(real_device)
    optimizer = OPTIMIZERS[optimizer](model.parameters())
    model(torch.ones(3, 5, device=real_device)).sum().backward()
    model.requires_grad_(False)
    b1 = model.b1.tolist()
    optimizer.step()
    assert all(now < then for now, then in zip(model.b1.tolist(), b1, strict=True))


@claim("OPT-04", source="torch.optim.Optimizer.add_param_group")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("optimizer", ["SGD with momentum", "AdamW with weight decay"])
def test_an_optimizer_accepts_a_buffer_and_leaves_one_without_requires_grad_unchanged(kind, optimizer, real_device):
    """An optimizer can be built from `[*module.parameters(), *module.buffers()]`; `step()` leaves a buffer that doesn't
    require grad, and so gets no gradient, unchanged, weight decay included.
    """
    model = kind.on(ToyModel2(5, 10).to(real_device), "x", torch.ones(10, device=real_device))
    optimizer = OPTIMIZERS[optimizer]([*model.parameters(), *model.buffers()])
    assert optimizer.param_groups[0]["params"][-1] is model.x
    b1 = model.b1.tolist()
    (model(torch.ones(3, 5, device=real_device)) * model.x).sum().backward()
    optimizer.step()
    assert model.x.tolist() == [1] * 10
    assert model.b1.tolist() != b1


@claim("OPT-05", source="torch.optim.Optimizer.add_param_group")
@pytest.mark.parametrize("kind", BUFFERS)
def test_an_optimizer_trains_a_buffer_that_requires_grad_and_it_stays_a_buffer(kind, real_device):
    """An optimizer that is given a buffer that requires grad, as in `optim.SGD(module.buffers(), lr=1.0)`, updates it
    in place; it stays the same buffer and isn't listed in `parameters()`.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device, requires_grad=True))
    x, keys = model.x, list(model.state_dict())
    optimizer = SGD(model.buffers(), lr=1.0)
    (model.x * 2).sum().backward()
    optimizer.step()
    assert model.x is dict(model.named_buffers())["x"] is x
    assert x.tolist() == [-1, -1, -1]
    assert list(model.parameters()) == []
    assert list(model.state_dict()) == keys


@claim("OPT-06", source="torch.optim.Optimizer.add_param_group")
def test_a_parameter_registered_later_is_not_trained_until_it_is_added(real_device):
    """A parameter that is registered after the optimizer was built isn't updated by `step()` until
    `optimizer.add_param_group()` adds it.
    """
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=1.0)
    model.x = nn.Parameter(torch.ones(3, device=real_device))
    model.x.grad = torch.ones(3, device=real_device)
    optimizer.step()
    assert model.x.tolist() == [1, 1, 1]
    optimizer.add_param_group({"params": model.x})
    optimizer.step()
    assert model.x.tolist() == [0, 0, 0]


@claim("OPT-07", source="torch.optim.Optimizer")
def test_replacing_a_parameter_leaves_the_optimizer_updating_the_old_one(real_device):
    """After a new `nn.Parameter` with its own memory is assigned to a parameter's name, an optimizer built before still
    holds the old parameter: `step()` updates that one if it has a gradient, and not the module's.
    """
    model = nn.Module()
    model.x = gone = nn.Parameter(torch.ones(3, device=real_device))
    optimizer = SGD(model.parameters(), lr=1.0)
    model.x = nn.Parameter(torch.ones(3, device=real_device))
    (model.x * gone).sum().backward()
    optimizer.step()
    assert model.x.tolist() == [1, 1, 1]
    assert gone.tolist() == [0, 0, 0]
    assert optimizer.param_groups[0]["params"][0] is gone


@claim("OPT-13", source="torch.optim.Optimizer")
def test_an_optimizer_does_not_train_a_copy_of_the_module(real_device):
    """An optimizer of a module's parameters doesn't train a `copy.deepcopy` of the module. `backward()` through the
    copy gives gradients to the copy's parameters, so `step()` changes neither module, if the original has no gradients.
    """
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=1.0)
    copied = copy.deepcopy(model)
    b1 = copied.b1.tolist()
    copied(torch.ones(3, 5, device=real_device)).sum().backward()
    optimizer.step()
    assert copied.b1.tolist() == model.b1.tolist() == b1
    assert copied.b1.grad.tolist() == [3] * 10


@claim("OPT-17", source="torch.optim.Optimizer.zero_grad")
@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad_of_an_optimizer_resets_what_it_was_given_and_nothing_else(set_to_none, real_device):
    """`optimizer.zero_grad()` resets the gradients of the tensors that the optimizer was given, a buffer included, and
    leaves the gradients of all other tensors.
    """
    model = ToyModel3(5, 10).to(real_device)
    buffer = model.c1.requires_grad_()
    optimizer = SGD([model.b1, buffer], lr=1.0)
    for tensor in (model.b1, model.c1, model.linear.bias):
        tensor.grad = torch.ones_like(tensor)
    optimizer.zero_grad(set_to_none)
    assert (model.b1.grad is None) is (buffer.grad is None) is set_to_none
    assert set_to_none or model.b1.grad.tolist() == buffer.grad.tolist() == [0] * 10
    assert model.linear.bias.grad.tolist() == [1] * 10


@claim("OPT-18", source="torch.optim.Optimizer.zero_grad", since="2.0")
def test_zero_grad_of_an_optimizer_removes_gradients_by_default(real_device):
    """`optimizer.zero_grad()` sets the `.grad` of each parameter that it was given to None by default."""
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=1.0)
    model.b1.grad = torch.ones_like(model.b1)
    optimizer.zero_grad()
    assert model.b1.grad is None


@claim("OPT-19", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
def test_a_parameter_without_dimensions_and_a_complex_one_are_trained(optimizer, dtype):
    """`optim.SGD`, `Adam`, `AdamW`, `RMSprop` and `Adagrad` update a 0-d parameter and a complex one as any other, and
    keep their shape and dtype.
    """
    model = nn.Module()
    model.scalar = nn.Parameter(torch.tensor(1, dtype=dtype))
    model.vector = nn.Parameter(torch.ones(3, dtype=dtype))
    optimizer = OPTIMIZERS[optimizer](model.parameters())
    (model.scalar * model.vector).abs().sum().backward()
    optimizer.step()
    assert model.scalar.dtype is model.vector.dtype is dtype
    assert model.scalar.shape == ()
    assert model.scalar.abs().item() < 1
    assert model.vector.abs().max().item() < 1


@claim("OPT-20", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_changes_a_parameter_in_place_and_keeps_it_a_leaf(optimizer, real_device):
    """`optimizer.step()` changes a parameter in place: it stays the same leaf and requires grad, and a `state_dict()`
    of the module taken earlier shows the new values.
    """
    model = ToyModel2(5, 10).to(real_device)
    optimizer = OPTIMIZERS[optimizer](model.parameters())
    b1, checkpoint, values = model.b1, model.state_dict(), model.b1.tolist()
    model(torch.ones(3, 5, device=real_device)).sum().backward()
    optimizer.step()
    assert model.b1 is b1
    assert b1.is_leaf
    assert b1.requires_grad
    assert checkpoint["b1"].tolist() == b1.tolist() != values
