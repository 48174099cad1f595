"""Modules that define a ``register_buffer`` of their own."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim


class Old(nn.Module):
    """A module whose own ``register_buffer`` dates from before buffers could be non-persistent."""

    def register_buffer(self, name, tensor):
        super().register_buffer(name, tensor)
        self.last = name


class New(nn.Module):
    """A module whose own ``register_buffer`` knows of persistence."""

    def register_buffer(self, name, tensor, persistent=True):
        super().register_buffer(name, tensor, persistent=persistent)
        self.last = name


class Noting(nn.Module):
    """A module whose own ``register_buffer`` takes something else in the place of persistence."""

    def register_buffer(self, name, tensor, note=None):
        super().register_buffer(name, tensor)
        self.last = note or name


class InheritingOld(Old):
    """A module that inherits a ``register_buffer`` without persistence."""


class InheritingNew(New):
    """A module that inherits a ``register_buffer`` with persistence."""


@claim("BUF-10", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("Model", [Old, InheritingOld, Noting])
def test_an_nn_Buffer_that_is_not_persistent_needs_a_register_buffer_that_takes_persistent(Model):
    model = Model()
    model.x = nn.Buffer(torch.ones(3))
    assert (model.last, list(model.state_dict())) == ("x", ["x"])
    with pytest.raises(RuntimeError, match=r"^Registering a non-persistent buffer .*without the persistent arg"):
        model.y = nn.Buffer(torch.ones(3), persistent=False)
    assert [name for name, _ in model.named_buffers()] == ["x"]


@claim("BUF-17", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("Model", [New, InheritingNew])
@pytest.mark.parametrize(("persistent", "keys"), [(True, ["x"]), (False, [])])
def test_an_nn_Buffer_goes_through_the_register_buffer_of_a_subclass_with_its_persistence(Model, persistent, keys):
    model = Model()
    model.x = nn.Buffer(torch.ones(3), persistent=persistent)
    assert (model.last, list(model.state_dict())) == ("x", keys)


@claim("BUF-18", source="torch.nn.Module.register_buffer", since="2.5")
@pytest.mark.parametrize("Model", [Old, New])
def test_a_tensor_in_the_place_of_a_buffer_goes_through_the_register_buffer_of_a_subclass(Model):
    model = Model()
    model.register_buffer("x", torch.ones(3))
    model.last = None
    model.x = tensor = torch.zeros(3)
    assert model.last == "x"
    assert dict(model.named_buffers())["x"] is tensor


@claim("BUF-21", source="torch.nn.Buffer", since="2.5")
def test_an_nn_Buffer_goes_through_a_register_buffer_that_was_set_on_the_module_itself():
    model, asked = nn.Module(), []
    model.register_buffer = lambda name, tensor, persistent: asked.append((name, tensor, persistent))
    model.x = buffer = nn.Buffer(torch.ones(3), persistent=False)
    assert asked == [("x", buffer, False)]
    assert list(model.named_buffers()) == []
