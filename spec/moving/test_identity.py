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
    """By default, a dtype conversion such as `.double()` keeps every `nn.Parameter` object, trainable or frozen, and
    its `requires_grad`: the same object, if of a floating-point dtype, then has the new dtype.

    So optimizers and other references to a parameter stay valid. Moves to other devices are left to the backend.
    """
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
def test_a_conversion_to_another_dtype_rebinds_buffers_and_other_references_keep_the_old_tensor(
    kind, convert, real_device
):
    """A conversion that changes the dtype of a buffer rebinds its name to a new tensor; an alias, as in a list, keeps
    the old tensor in the old dtype.
    """
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
    """By default, a conversion or move with nothing to do, such as `.float()` on a float32 module, keeps every
    parameter and buffer object and the memory it has.
    """
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
def test_a_conversion_gives_state_memory_that_no_alias_shares(kind, real_device):
    """After a conversion such as `.double()`, a parameter or buffer whose dtype it changed no longer shares memory with
    an alias like its earlier `detach()`, which keeps the old dtype.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    shared = model.x.detach()
    model.double()
    shared.add_(1)
    assert (shared.dtype, model.x.dtype) == (torch.float32, torch.float64)
    assert model.x.tolist() == [0, 0, 0]


@claim("MOVE-34", source="torch.nn.Module.to")
def test_a_conversion_leaves_the_version_counter_of_a_parameter_as_it_is():
    """To autograd, `.double()` is no in-place change of a parameter: its version counter `_version` stays as it was."""
    model = nn.Linear(2, 3)
    versions = [parameter._version for parameter in model.parameters()]
    model.double()
    assert [parameter._version for parameter in model.parameters()] == versions


@claim("MOVE-35", source="torch.nn.Module.to")
def test_a_parameter_keeps_its_hooks_its_attributes_and_its_class_through_a_conversion(real_device):
    """By default, a conversion of a parameter that wraps no other tensor keeps its hooks and Python attributes. It also
    keeps the parameter's class, if that is a subclass of `nn.Parameter`.
    """

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
def test_a_conversion_drops_the_attributes_of_a_buffer_and_keeps_its_class(kind):
    """A conversion to another dtype drops the Python attributes of a buffer and keeps its class, if that is a subclass
    of `torch.Tensor` and not of `nn.Parameter`.
    """

    class Table(torch.Tensor):
        pass

    model = kind.on(nn.Module(), "x", torch.ones(3).as_subclass(Table))
    model.x.note = "mine"
    model.double()
    assert type(model.x) is Table
    assert not hasattr(model.x, "note")


@claim("MOVE-09", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_move_to_meta_replaces_parameters_by_new_ones_with_the_same_flag(kind):
    """By default, moving a module by `.to("meta")` replaces its parameters by new `nn.Parameter` objects with the same
    `requires_grad`; the old ones stay unchanged.

    A subclass of `nn.Parameter` is lost: the new object is an `nn.Parameter`.
    """

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
def test_a_change_of_layout_replaces_parameters_by_new_ones_with_the_same_flag(kind):
    """A change of layout, such as `module._apply(lambda tensor: tensor.to_sparse())`, replaces a parameter by a new
    `nn.Parameter` with the same `requires_grad`; the old one stays dense.
    """
    model = kind.on(nn.Module(), "x", torch.eye(2))
    x = model.x
    model._apply(lambda tensor: tensor.to_sparse())
    assert model.x is not x
    assert type(model.x) is nn.Parameter
    assert (model.x.layout, x.layout) == (torch.sparse_coo, torch.strided)
    assert model.x.requires_grad is x.requires_grad


@claim("MOVE-22", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_a_converted_nn_Buffer_is_no_nn_Buffer_any_more_and_stays_registered_as_it_was(persistent, device):
    """A conversion to another dtype makes an `nn.Buffer` a `torch.Tensor` that is no `nn.Buffer`, but stays registered,
    and persistent or non-persistent as before.
    """
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
    """An optimizer without state, such as SGD without momentum, that was built before a conversion such as `.double()`
    goes on training the module: its next step updates the converted parameters.
    """
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
    """Converting a module leaves the state of its optimizer unchanged: after `.double()`, momentum and `exp_avg` stay
    float32 beside float64 parameters.
    """
    model = ToyModel(5, 10).to(real_device)
    make, name = STATES[optimizer]
    optimizer = make(model.parameters())
    model(torch.ones(3, 5, device=real_device)).sum().backward()
    optimizer.step()
    state = optimizer.state[model.linear.weight][name]
    model.double()
    assert optimizer.state[model.linear.weight][name] is state
    assert (model.linear.weight.dtype, state.dtype) == (torch.float64, torch.float32)
