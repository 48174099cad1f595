"""What an optimizer can see, and what it changes."""

import copy

import pytest
import torch
from torch import nn
from torch.optim import SGD

from ..vocabulary import BUFFERS, FROZEN_PARAMETER, PARAMETER, PLAIN, ToyModel2, ToyModel3, answers, claim
from .optimizers import OPTIMIZERS


@claim("OPT-01", source="torch.optim.Optimizer")
@answers("updated by the optimizer?", yes=(PARAMETER,), no=(FROZEN_PARAMETER, *BUFFERS, *PLAIN))
@pytest.mark.parametrize("optimizer", ["SGD with momentum", "AdamW with weight decay"])
def test_an_optimizer_of_the_parameters_updates_trainable_parameters_only(kind, answer, optimizer, real_device):
    model = kind.on(ToyModel3(5, 10).to(real_device), "x", torch.ones(10, device=real_device))
    optimizer = OPTIMIZERS[optimizer](model.parameters())
    before, c1 = torch.as_tensor(model.x).tolist(), model.c1.tolist()
    for _ in range(2):
        optimizer.zero_grad()
        (model(torch.ones(3, 5, device=real_device)) * model.x).sum().backward()
        optimizer.step()
    assert (torch.as_tensor(model.x).tolist() != before) is answer
    assert model.c1.tolist() == c1


@claim("OPT-02", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_frozen_parameter_given_to_an_optimizer_gets_no_step_weight_decay_or_state(optimizer, real_device):
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
    zeroed = nn.Parameter(torch.ones(3, device=real_device))
    without = nn.Parameter(torch.ones(3, device=real_device))
    optimizer = OPTIMIZERS[optimizer]([zeroed, without])
    zeroed.grad = torch.zeros(3, device=real_device)
    optimizer.step()
    assert max(zeroed.tolist()) < 1
    assert without.tolist() == [1, 1, 1]


@claim("OPT-03", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_freezing_after_backward_does_not_keep_the_next_step_from_using_the_gradient(optimizer, real_device):
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
def test_an_optimizer_accepts_a_buffer_and_never_changes_one_that_does_not_require_grad(kind, optimizer, real_device):
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
def test_replacing_a_parameter_leaves_the_optimizer_training_the_one_that_is_gone(real_device):
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
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=1.0)
    copied = copy.deepcopy(model)
    b1 = copied.b1.tolist()
    copied(torch.ones(3, 5, device=real_device)).sum().backward()
    optimizer.step()
    assert copied.b1.tolist() == model.b1.tolist() == b1
    assert copied.b1.grad.tolist() == [3] * 10


@claim("OPT-14", source="torch.nn.Module.load_state_dict")
def test_an_optimizer_goes_on_training_a_module_that_loads_a_checkpoint(real_device):
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=1.0)
    model.load_state_dict({**model.state_dict(), "b1": torch.full((10,), 7.0)})
    model(torch.ones(3, 5, device=real_device)).sum().backward()
    optimizer.step()
    assert model.b1.tolist() == [4] * 10


@claim("OPT-15", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_optimizer_loses_a_module_that_is_assigned_a_checkpoint(real_device):
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=1.0)
    model.load_state_dict({**model.state_dict(), "b1": torch.full((10,), 7.0, device=real_device)}, assign=True)
    model(torch.ones(3, 5, device=real_device)).sum().backward()
    optimizer.step()
    assert model.b1.tolist() == [7] * 10
    assert all(parameter is not model.b1 for parameter in optimizer.param_groups[0]["params"])


@claim("OPT-16", source="torch.nn.Module.to")
@pytest.mark.parametrize("convert", ["double", "bfloat16"])
def test_an_optimizer_goes_on_training_a_module_that_is_converted(convert, real_device):
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=1.0)
    getattr(model, convert)()
    model.b1.grad = torch.ones_like(model.b1)
    model.b1.detach().zero_()
    optimizer.step()
    assert model.b1.tolist() == [-1] * 10
    assert optimizer.param_groups[0]["params"][0] is model.b1


@claim("OPT-17", source="torch.optim.Optimizer.zero_grad")
@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad_of_an_optimizer_resets_what_it_was_given_and_nothing_else(set_to_none, real_device):
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
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=1.0)
    model.b1.grad = torch.ones_like(model.b1)
    optimizer.zero_grad()
    assert model.b1.grad is None


@claim("OPT-19", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
def test_a_parameter_without_dimensions_and_a_complex_one_are_trained(optimizer, dtype):
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
    model = ToyModel2(5, 10).to(real_device)
    optimizer = OPTIMIZERS[optimizer](model.parameters())
    b1, checkpoint, values = model.b1, model.state_dict(), model.b1.tolist()
    model(torch.ones(3, 5, device=real_device)).sum().backward()
    optimizer.step()
    assert model.b1 is b1
    assert b1.is_leaf
    assert b1.requires_grad
    assert checkpoint["b1"].tolist() == b1.tolist() != values
