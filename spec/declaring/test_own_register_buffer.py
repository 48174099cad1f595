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
def test_a_non_persistent_nn_Buffer_raises_RuntimeError_where_register_buffer_takes_no_persistent(Model):
    """Where a class overrides `register_buffer` without the argument `persistent`, assigning a non-persistent
    `nn.Buffer` raises `RuntimeError` and registers nothing; a persistent one is registered.
    """
    model = Model()
    model.x = nn.Buffer(torch.ones(3))
    assert (model.last, list(model.state_dict())) == ("x", ["x"])
    with pytest.raises(RuntimeError, match=r"^Registering a non-persistent buffer .*without the persistent arg"):
        model.y = nn.Buffer(torch.ones(3), persistent=False)
    assert [name for name, _ in model.named_buffers()] == ["x"]


@claim("BUF-17", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("Model", [New, InheritingNew])
@pytest.mark.parametrize(("persistent", "keys"), [(True, ["x"]), (False, [])])
def test_an_nn_Buffer_is_registered_by_the_overridden_register_buffer_with_its_persistence(Model, persistent, keys):
    """Assigning an `nn.Buffer` to a name that belongs to no parameter or submodule calls the `register_buffer` that the
    module's class defines or inherits. It passes the buffer's `persistent`, if that method has an argument of this
    name.
    """
    model = Model()
    model.x = nn.Buffer(torch.ones(3), persistent=persistent)
    assert (model.last, list(model.state_dict())) == ("x", keys)


@claim("BUF-18", source="torch.nn.Module.register_buffer", since="2.5")
@pytest.mark.parametrize("Model", [Old, New])
def test_a_plain_tensor_assigned_to_a_buffer_is_registered_by_the_overridden_register_buffer(Model):
    """Assigning a plain tensor to a buffer's name calls the `register_buffer` that the module's class overrides, and
    the tensor becomes the buffer.
    """
    model = Model()
    model.register_buffer("x", torch.ones(3))
    model.last = None
    model.x = tensor = torch.zeros(3)
    assert model.last == "x"
    assert dict(model.named_buffers())["x"] is tensor


@claim("BUF-21", source="torch.nn.Buffer", since="2.5")
def test_an_nn_Buffer_is_registered_by_a_register_buffer_set_on_the_instance():
    """Assigning an `nn.Buffer` calls a `register_buffer` that was set on the module instance itself, in place of the
    one of its class.
    """
    model, asked = nn.Module(), []
    model.register_buffer = lambda name, tensor, persistent: asked.append((name, tensor, persistent))
    model.x = buffer = nn.Buffer(torch.ones(3), persistent=False)
    assert asked == [("x", buffer, False)]
    assert list(model.named_buffers()) == []
