"""What is in ``state_dict()``, and what the values are."""

import pytest
import torch

from ..vocabulary import (
    COMPLEX,
    FLOATING,
    INTEGER,
    NON_PERSISTENT_BUFFER,
    PARAMETERS,
    PERSISTENT_BUFFERS,
    PLAIN,
    SAVED,
    NestedModel,
    NonPersistentModel,
    TiedModel,
    ToyModel,
    answers,
    any_channels,
    claim,
)


@claim("SD-01", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=PARAMETERS)
@any_channels
def test_every_parameter_trainable_or_frozen_is_in_the_state_dict(kind, device, channels):
    model = kind.on(ToyModel(*channels).to(device), "x", torch.ones(channels, device=device))
    assert list(model.state_dict()) == ["x", "linear.weight", "linear.bias"]
    assert model.state_dict()["x"].shape == channels


@claim("SD-02", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=PERSISTENT_BUFFERS)
@pytest.mark.parametrize("dtype", FLOATING + INTEGER + COMPLEX)
def test_a_buffer_of_any_dtype_is_in_the_state_dict_by_default(kind, dtype, device):
    model = kind.on(ToyModel(5, 10).to(device), "x", torch.ones(10, dtype=dtype, device=device))
    assert list(model.state_dict()) == ["x", "linear.weight", "linear.bias"]
    assert model.state_dict()["x"].dtype is dtype


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
@any_channels
def test_a_plain_attribute_is_not_in_the_state_dict(kind, device, channels):
    model = kind.on(ToyModel(*channels).to(device), "x", torch.ones(channels, device=device))
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
def test_the_values_of_a_state_dict_are_detached_plain_tensors(kind, requires_grad, device):
    model = kind.on(ToyModel(5, 10).to(device), "x", torch.ones(3, device=device))
    model.x.requires_grad_(requires_grad)
    value = model.state_dict()["x"]
    assert type(value) is torch.Tensor
    assert not value.requires_grad
    assert model.x.requires_grad is requires_grad


@claim("SD-13", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("Model", [NestedModel, NonPersistentModel, TiedModel])
def test_no_move_conversion_or_mode_changes_the_keys_of_the_state_dict(Model, migration):
    model = Model(5, 10).to(migration.source)
    keys = list(model.state_dict())
    assert list(migration(model).state_dict()) == keys
    assert list(model.eval().state_dict()) == keys
    assert list(model.train().state_dict()) == keys
