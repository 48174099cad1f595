"""Which objects a conversion keeps and which it replaces."""

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from ..vocabulary import (
    BUFFERS,
    PARAMETERS,
    REGISTERED,
    NestedModel,
    ToyModel,
    ToyModel3,
    claim,
    to,
)

CONVERT = [to(torch.float64), to(torch.bfloat16)]


@claim("MOVE-06", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("convert", CONVERT)
def test_a_conversion_keeps_every_parameter_object(kind, convert, device):
    model = kind.on(NestedModel(5, 10).to(device), "x", torch.ones(3, device=device))
    requires_grad = model.x.requires_grad
    before = list(model.parameters())
    convert(model)
    after = list(model.parameters())
    assert len(after) == 5
    assert all(now is then for now, then in zip(after, before, strict=True))
    assert model.x.dtype is convert.dtype
    assert model.x.requires_grad is requires_grad


@claim("MOVE-07", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("convert", CONVERT)
def test_a_conversion_replaces_every_buffer_and_leaves_other_references_to_it_behind(kind, convert, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    model.list = [model.x]
    convert(model)
    assert model.x is not model.list[0]
    assert model.x.dtype is convert.dtype
    assert model.list[0].dtype is torch.float32


NOTHING_TO_DO = {
    "float()": lambda model: model.float(),
    "to(float32)": lambda model: model.to(torch.float32),
    "to(its own device)": lambda model: model.to(model.p.device),
    "to()": lambda model: model.to(),
    "to(None)": lambda model: model.to(None),
    "type(float32)": lambda model: model.type(torch.float32),
}


@claim("MOVE-08", source="torch.nn.Module.to")
@pytest.mark.parametrize("convert", NOTHING_TO_DO)
def test_a_conversion_with_nothing_to_do_keeps_every_object_and_its_memory(convert, real_device):
    model = nn.Module()
    model.p = nn.Parameter(torch.zeros(3, device=real_device))
    model.register_buffer("b", torch.zeros(3, device=real_device))
    p, b = model.p, model.b
    shared = p.detach()
    NOTHING_TO_DO[convert](model)
    assert model.p is p
    assert model.b is b
    shared.add_(1)
    assert model.p.tolist() == [1, 1, 1]


@claim("MOVE-33", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", REGISTERED)
def test_a_conversion_parts_a_tensor_from_what_shared_its_memory(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    shared = model.x.detach()
    model.double()
    shared.add_(1)
    assert (shared.dtype, model.x.dtype) == (torch.float32, torch.float64)
    assert model.x.tolist() == [0, 0, 0]


@claim("MOVE-34", source="torch.nn.Module.to")
def test_a_conversion_is_no_in_place_change_of_a_parameter():
    model = nn.Linear(2, 3)
    versions = [parameter._version for parameter in model.parameters()]
    model.double()
    assert [parameter._version for parameter in model.parameters()] == versions


@claim("MOVE-35", source="torch.nn.Module.to")
def test_a_parameter_keeps_its_hooks_its_attributes_and_its_class_through_a_conversion(real_device):
    class Weight(nn.Parameter):
        pass

    model = nn.Module()
    model.weight = Weight(torch.ones(3, device=real_device))
    model.weight.note = "mine"
    seen = []
    model.weight.register_hook(seen.append)
    model.double()
    model.weight.sum().backward()
    assert type(model.weight) is Weight
    assert model.weight.note == "mine"
    assert [gradient.tolist() for gradient in seen] == [[1, 1, 1]]


@claim("MOVE-36", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_buffer_loses_its_attributes_in_a_conversion_and_keeps_its_class(kind):
    class Table(torch.Tensor):
        pass

    model = kind.on(nn.Module(), "x", torch.ones(3).as_subclass(Table))
    model.x.note = "mine"
    model.double()
    assert type(model.x) is Table
    assert not hasattr(model.x, "note")


@claim("MOVE-09", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_move_to_meta_replaces_every_parameter_by_one_that_is_as_trainable(kind):
    class Weight(nn.Parameter):
        pass

    model = kind.on(nn.Module(), "x", torch.ones(3))
    model.weight = Weight(torch.ones(3), requires_grad=model.x.requires_grad)
    x = model.x
    model.to("meta")
    assert model.x is not x
    assert dict(model.named_parameters())["x"] is model.x
    assert (type(model.x), type(model.weight)) == (nn.Parameter, nn.Parameter)
    assert model.x.requires_grad is model.weight.requires_grad is x.requires_grad
    assert (model.x.device.type, x.device.type) == ("meta", "cpu")
    assert x.tolist() == [1, 1, 1]


@claim("MOVE-37", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_change_of_layout_replaces_every_parameter_by_one_that_is_as_trainable(kind):
    model = kind.on(nn.Module(), "x", torch.eye(2))
    x = model.x
    model._apply(lambda tensor: tensor.to_sparse())
    assert model.x is not x
    assert type(model.x) is nn.Parameter
    assert (model.x.layout, x.layout) == (torch.sparse_coo, torch.strided)
    assert model.x.requires_grad is x.requires_grad


@claim("MOVE-22", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_a_converted_nn_Buffer_is_a_plain_tensor_that_stays_registered_as_it_was(persistent, device):
    model = nn.Module()
    model.x = nn.Buffer(torch.ones(3, device=device), persistent=persistent)
    model.double()
    assert type(model.x) is torch.Tensor
    assert not isinstance(model.x, nn.Buffer)
    assert not hasattr(model.x, "persistent")
    assert dict(model.named_buffers())["x"] is model.x
    assert list(model.state_dict()) == ["x"] * persistent


@claim("MOVE-38", source="torch.optim.Optimizer")
def test_an_optimizer_built_before_a_conversion_trains_the_converted_parameters(real_device):
    model = ToyModel3(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=1.0)
    model.double()
    before = model.b1.tolist()
    model(torch.ones(3, 5, dtype=torch.float64, device=real_device)).sum().backward()
    optimizer.step()
    assert model.b1.dtype is torch.float64
    assert model.b1.tolist() == [value - 3 for value in before]


STATES = {
    "SGD": (lambda parameters: SGD(parameters, lr=0.1, momentum=0.9), "momentum_buffer"),
    "Adam": (lambda parameters: Adam(parameters, lr=0.1), "exp_avg"),
}


@claim("MOVE-21", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", STATES)
def test_a_conversion_of_the_module_leaves_the_state_of_its_optimizer_as_it_was(optimizer, real_device):
    model = ToyModel(5, 10).to(real_device)
    make, name = STATES[optimizer]
    optimizer = make(model.parameters())
    model(torch.ones(3, 5, device=real_device)).sum().backward()
    optimizer.step()
    state = optimizer.state[model.linear.weight][name]
    model.double()
    assert optimizer.state[model.linear.weight][name] is state
    assert (model.linear.weight.dtype, state.dtype) == (torch.float64, torch.float32)
