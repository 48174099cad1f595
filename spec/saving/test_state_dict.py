"""What is in ``state_dict()``, and what the values are."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    COMPLEX,
    FLOATING,
    INTEGER,
    NON_PERSISTENT_BUFFER,
    PARAMETER,
    PARAMETERS,
    PERSISTENT_BUFFERS,
    PLAIN,
    SAVED,
    NestedModel,
    NonPersistentModel,
    TiedModel,
    ToyModel,
    ToyModel2,
    answers,
    any_channels,
    claim,
)


@claim("SD-01", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=PARAMETERS)
def test_every_parameter_trainable_or_frozen_is_in_the_state_dict(kind, device):
    model = kind.on(ToyModel(5, 10).to(device), "x", torch.ones(3, device=device))
    assert list(model.state_dict()) == ["x", "linear.weight", "linear.bias"]
    assert model.state_dict()["x"].shape == (3,)


@claim("SD-02", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=PERSISTENT_BUFFERS)
def test_a_buffer_of_any_dtype_is_in_the_state_dict_by_default(kind, real_device):
    dtypes = {str(dtype).replace(".", "_"): dtype for dtype in FLOATING + INTEGER + COMPLEX}
    model = ToyModel(5, 10).to(real_device)
    for name, dtype in dtypes.items():
        kind.on(model, name, torch.ones(10, dtype=dtype, device=real_device))
    assert list(model.state_dict()) == [*dtypes, "linear.weight", "linear.bias"]
    assert {name: model.state_dict()[name].dtype for name in dtypes} == dtypes


@claim("SD-03", source="torch.nn.Module.register_buffer")
@answers("in state_dict()?", no=(NON_PERSISTENT_BUFFER,))
@pytest.mark.parametrize("path", ["", "body", "body.toy"])
@any_channels
def test_a_non_persistent_buffer_is_not_in_the_state_dict(path, device, channels):
    model = NestedModel(*channels).to(device)
    keys = list(model.state_dict())
    model.get_submodule(path).register_buffer("x", torch.ones(channels, device=device), persistent=False)
    assert f"{path}.x".lstrip(".") in dict(model.named_buffers())
    assert list(model.state_dict()) == keys


@claim("SD-04", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", no=PLAIN)
def test_a_plain_attribute_is_not_in_the_state_dict(kind, device):
    model = kind.on(ToyModel(5, 10).to(device), "x", torch.ones(3, device=device))
    assert list(model.state_dict()) == ["linear.weight", "linear.bias"]


@claim("SD-06", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", SAVED)
def test_training_changes_a_state_dict_taken_earlier(kind, real_device):
    model = kind.on(ToyModel(5, 10).to(real_device), "x", torch.zeros(3, device=real_device))
    checkpoint = model.state_dict()
    with torch.no_grad():
        model.x.add_(1)
    assert torch.equal(checkpoint["x"], torch.ones(3, device=real_device))


@claim("SD-08", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", SAVED)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_the_values_of_a_state_dict_are_detached_plain_tensors(kind, requires_grad, real_device):
    model = kind.on(ToyModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    model.x.requires_grad_(requires_grad)
    value = model.state_dict()["x"]
    assert type(value) is torch.Tensor
    assert not value.requires_grad
    assert model.x.requires_grad is requires_grad


@claim("SD-13", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("Model", [NonPersistentModel, TiedModel])
def test_no_move_conversion_or_mode_changes_the_keys_of_the_state_dict(Model, migration):
    model = Model(5, 10).to(migration.source)
    keys = list(model.state_dict())
    assert list(migration(model).state_dict()) == keys
    assert list(model.eval().state_dict()) == keys
    assert list(model.train().state_dict()) == keys


@claim("SD-05", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("register", ["register_parameter", "register_buffer"])
def test_a_parameter_or_buffer_registered_as_None_is_not_in_the_state_dict(register, device):
    model = ToyModel(5, 10).to(device)
    getattr(model, register)("x", None)
    assert model.x is None
    assert list(model.state_dict()) == ["linear.weight", "linear.bias"]


@claim("SD-14", source="torch.nn.Module.state_dict")
def test_a_submodule_that_is_None_leaves_no_key_and_no_metadata():
    model = ToyModel(5, 10)
    model.add_module("head", None)
    checkpoint = model.state_dict()
    assert list(checkpoint) == ["linear.weight", "linear.bias"]
    assert list(checkpoint._metadata) == ["", "linear"]


@claim("SD-07", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", PERSISTENT_BUFFERS)
def test_a_buffer_that_is_rebound_leaves_the_old_tensor_in_a_state_dict_taken_earlier(kind, real_device):
    model = kind.on(ToyModel(5, 10).to(real_device), "x", torch.zeros(3, device=real_device))
    checkpoint = model.state_dict()
    model.x = model.x + 1
    assert checkpoint["x"].tolist() == [0, 0, 0]
    assert model.state_dict()["x"].tolist() == [1, 1, 1]


@claim("SD-15", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_writing_into_a_value_of_the_state_dict_writes_into_the_module(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    product = model.x * torch.ones(3, device=real_device, requires_grad=True)
    model.state_dict()["x"].fill_(7)
    assert model.x.tolist() == [7, 7, 7]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.sum().backward()


@claim("SD-16", source="torch.nn.Module.state_dict")
def test_changing_the_keys_of_a_state_dict_changes_nothing_in_the_module(device):
    model = ToyModel2(5, 10).to(device)
    b1, checkpoint = model.b1, model.state_dict()
    checkpoint["linear.weight"] = checkpoint["x"] = checkpoint.pop("b1")
    assert model.b1 is b1
    assert list(model.state_dict()) == ["b1", "linear.weight", "linear.bias"]
    assert model.linear.weight.shape == (10, 5)


@claim("SD-09", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", SAVED)
@pytest.mark.parametrize("path", ["", "body.toy"])
def test_keep_vars_gives_the_registered_objects_themselves(kind, path):
    model = NestedModel(5, 10)
    holder = kind.on(model.get_submodule(path), "x", torch.ones(3))
    checkpoint = model.state_dict(keep_vars=True)
    assert checkpoint[f"{path}.x".lstrip(".")] is holder.x
    assert [name for name, value in checkpoint.items() if isinstance(value, nn.Parameter)] == [
        name for name in checkpoint if name in dict(model.named_parameters())
    ]


@claim("SD-10", source="torch.nn.Module.state_dict")
def test_a_tied_tensor_is_in_the_state_dict_under_each_of_its_names():
    model = TiedModel(5, 10)
    checkpoint = model.state_dict()
    assert list(checkpoint) == ["b1", "b2", "c1", "c2", "linear.weight", "linear.bias"]
    assert checkpoint["b1"].data_ptr() == checkpoint["b2"].data_ptr() == model.b1.data_ptr()
    assert checkpoint["c1"].data_ptr() == checkpoint["c2"].data_ptr() == model.c1.data_ptr()
    assert [name for name, _ in model.named_parameters()] == ["b1", "linear.weight", "linear.bias"]


@claim("SD-11", source="torch.nn.Module.state_dict")
def test_gradients_are_not_in_the_state_dict_and_only_keep_vars_leads_to_them(real_device):
    model = ToyModel2(5, 10).to(real_device)
    model.b1.grad = torch.ones(10, device=real_device)
    assert list(model.state_dict()) == ["b1", "linear.weight", "linear.bias"]
    assert model.state_dict()["b1"].grad is None
    assert model.state_dict(keep_vars=True)["b1"].grad is model.b1.grad


@claim("SD-12", source="torch.nn.Module.state_dict")
def test_training_mode_requires_grad_flags_and_hooks_are_not_in_the_state_dict():
    trained, fresh = ToyModel(5, 10), ToyModel(5, 10)
    trained.eval().requires_grad_(False).register_forward_hook(print)
    checkpoint = trained.state_dict()
    assert list(checkpoint) == ["linear.weight", "linear.bias"]
    assert checkpoint._metadata == fresh.state_dict()._metadata
    fresh.load_state_dict(checkpoint)
    assert fresh.training
    assert fresh.linear.weight.requires_grad
    assert not fresh._forward_hooks


@claim("SD-17", source="torch.nn.Module.state_dict")
def test_parameters_come_before_buffers_and_buffers_before_submodules_as_they_were_registered(device):
    model = nn.Module()
    model.child = ToyModel(5, 10)
    model.register_buffer("d", torch.ones(3))
    model.c = nn.Parameter(torch.ones(3))
    model.register_buffer("b", torch.ones(3))
    model.a = nn.Parameter(torch.ones(3))
    assert list(model.to(device).state_dict()) == ["c", "a", "d", "b", "child.linear.weight", "child.linear.bias"]


@claim("SD-18", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("keep_vars", [True, False])
def test_a_value_has_the_dtype_the_strides_and_the_place_in_storage_of_the_live_tensor(kind, keep_vars):
    base = torch.arange(12, dtype=torch.float64).view(3, 4)
    model = kind.on(nn.Module(), "x", base.t()[1:])
    value = model.state_dict(keep_vars=keep_vars)["x"]
    assert (value.dtype, value.shape, value.stride()) == (torch.float64, (3, 3), (1, 4))
    assert value.storage_offset() == 1
    assert value.data_ptr() == model.x.data_ptr()
