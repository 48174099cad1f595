"""Finding and replacing state by its dotted name."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    BUFFERS,
    PARAMETER,
    PARAMETERS,
    PLAIN,
    PLAIN_TENSOR,
    PLAIN_VALUE,
    NestedModel,
    ToyModel3,
    claim,
)
from .registries import MODULE


@claim("ENUM-09", source="torch.nn.Module.get_parameter")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("path", ["x", "body.inner.linear.x"])
def test_get_parameter_finds_the_registered_object_by_its_dotted_name(kind, path):
    """`get_parameter` returns the registered `nn.Parameter` itself, trainable or frozen, by a dotted name such as
    `"body.inner.linear.x"` or, for the module's own, `"x"`.
    """
    model = NestedModel(5, 10)
    parameter = kind.on(model.get_submodule(path.rpartition(".")[0]), "x", torch.ones(3)).x
    assert model.get_parameter(path) is parameter


@claim("ENUM-24", source="torch.nn.Module.get_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("path", ["x", "body.inner.linear.x"])
def test_get_buffer_finds_the_registered_object_by_its_dotted_name(kind, path):
    """`get_buffer` returns the registered buffer itself, persistent or non-persistent, by a dotted name such as
    `"body.inner.linear.x"` or, for the module's own, `"x"`.
    """
    model = NestedModel(5, 10)
    buffer = kind.on(model.get_submodule(path.rpartition(".")[0]), "x", torch.ones(3)).x
    assert model.get_buffer(path) is buffer


@claim("ENUM-25", source="torch.nn.Module.get_submodule")
def test_get_submodule_finds_a_submodule_by_its_dotted_name_and_the_module_itself_by_the_empty_name():
    """`get_submodule("body.inner.linear")` returns the submodule of that dotted name, and `get_submodule("")` the
    module itself.
    """
    model = NestedModel(5, 10)
    assert model.get_submodule("body.inner.linear") is model.body.inner.linear
    assert model.get_submodule("body") is model.body
    assert model.get_submodule("") is model


@claim("ENUM-44", source="torch.nn.Module.get_submodule")
def test_a_dotted_name_may_lead_through_a_property():
    """The dotted name for `get_submodule`, `get_parameter` or `get_buffer` may lead through a property that returns a
    submodule, and for `get_parameter` end in one that returns a parameter.
    """

    class Stack(nn.Sequential):
        @property
        def last(self):
            return self[-1]

        @property
        def shift(self):
            return self[-1].b1

    model = nn.Sequential(Stack(nn.ReLU(), ToyModel3(5, 10)))
    assert model.get_submodule("0.last") is model[0][1]
    assert model.get_parameter("0.last.b1") is model[0][1].b1
    assert model.get_buffer("0.last.c1") is model[0][1].c1
    assert model.get_parameter("0.shift") is model[0][1].b1


@claim("ENUM-10", source="torch.nn.Module.get_parameter")
@pytest.mark.parametrize("kind", [*BUFFERS, *PLAIN, MODULE])
def test_get_parameter_raises_AttributeError_for_anything_but_a_parameter(kind):
    """`get_parameter` raises `AttributeError` for the name of a buffer, a submodule or a plain attribute."""
    model = NestedModel(5, 10)
    kind.put(model.body, "x", torch.ones(3))
    with pytest.raises(AttributeError, match=r"^`x` is not an nn.Parameter$"):
        model.get_parameter("body.x")


@claim("ENUM-26", source="torch.nn.Module.get_buffer")
@pytest.mark.parametrize("kind", [*PARAMETERS, *PLAIN, MODULE])
def test_get_buffer_raises_AttributeError_for_anything_but_a_buffer(kind):
    """`get_buffer` raises `AttributeError` for the name of a parameter, a submodule or a plain attribute."""
    model = NestedModel(5, 10)
    kind.put(model.body, "x", torch.ones(3))
    with pytest.raises(AttributeError, match=r"^`x` is not a buffer$"):
        model.get_buffer("body.x")


@claim("ENUM-27", source="torch.nn.Module.get_submodule")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, PLAIN_TENSOR, PLAIN_VALUE])
def test_get_submodule_raises_AttributeError_for_anything_but_a_module_on_the_way_and_at_the_end(kind):
    """`get_submodule` raises `AttributeError` for a dotted name that ends at a parameter, a buffer or a plain
    attribute, or leads through one.

    `get_parameter` looks up all but the last part of its name in the same way.
    """
    model = NestedModel(5, 10)
    kind.put(model.body, "x", torch.ones(3))
    with pytest.raises(AttributeError, match=r"^`x` is not an nn.Module$"):
        model.get_submodule("body.x")
    with pytest.raises(AttributeError, match=r"^`x` is not an nn.Module$"):
        model.get_parameter("body.x.data")
    model.body.plain = SimpleNamespace(inner=ToyModel3(5, 10))
    with pytest.raises(AttributeError, match=r"^`plain` is not an nn.Module$"):
        model.get_submodule("body.plain.inner")


@claim("ENUM-28", source="torch.nn.Module.get_parameter")
@pytest.mark.parametrize("find", ["get_parameter", "get_buffer", "get_submodule"])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("x", "NestedModel has no attribute `x`"),
        ("body.inner.x", "ToyModel3 has no attribute `x`"),
        ("x.inner.b1", "NestedModel has no attribute `x`"),
        ("body.", "Module has no attribute ``"),
    ],
)
def test_a_missing_name_raises_AttributeError_that_names_the_class_which_lacks_it(find, path, message):
    """`get_parameter`, `get_buffer` and `get_submodule` raise `AttributeError` for a dotted name that is not there, and
    name the class of the module that lacks a part of it.
    """
    with pytest.raises(AttributeError, match=f"^{message}$"):
        getattr(NestedModel(5, 10), find)(path)


@claim("ENUM-29", source="torch.nn.Module.get_parameter")
def test_get_parameter_raises_AttributeError_for_None_and_get_buffer_returns_it():
    """`get_parameter` raises `AttributeError` for a parameter registered as None, while `get_buffer` returns None for a
    buffer registered as None.
    """
    model = nn.Module()
    model.register_parameter("bias", None)
    model.register_buffer("cache", None)
    with pytest.raises(AttributeError, match=r"`bias` is not an nn.Parameter"):
        model.get_parameter("bias")
    assert model.get_buffer("cache") is None


@claim("ENUM-30", source="torch.nn.Module.set_submodule", since="2.5")
@pytest.mark.parametrize("path", ["body", "body.inner.linear", "body.extra"])
def test_set_submodule_registers_a_module_under_its_dotted_name(path):
    """`set_submodule(path, child)` registers `child` under the dotted name `path`, in place of the old submodule or as
    a new one.
    """
    model, child = NestedModel(5, 10), nn.LayerNorm(3)
    model.set_submodule(path, child)
    assert model.get_submodule(path) is dict(model.named_modules())[path] is child


@claim("ENUM-47", source="torch.nn.Module.set_submodule", since="2.5")
def test_set_submodule_replaces_a_module_held_as_a_plain_attribute():
    """`set_submodule` also replaces a module that its parent holds as a plain attribute, in `vars(parent)` and in no
    registry, and registers the new one.
    """
    model, child = NestedModel(5, 10), nn.LayerNorm(3)
    vars(model.body)["attached"] = nn.Identity()
    model.set_submodule("body.attached", child)
    assert model.body.attached is dict(model.named_modules())["body.attached"] is child


@claim("ENUM-31", source="torch.nn.Module.set_submodule", since="2.5")
def test_set_submodule_raises_for_an_empty_name_and_for_a_way_that_is_no_module():
    """`set_submodule` raises `ValueError` for an empty name and `AttributeError` for a dotted name that leads through a
    missing name or a parameter; nothing is registered.
    """
    model = NestedModel(5, 10)
    modules = list(model.named_modules())
    with pytest.raises(ValueError, match="Cannot set the submodule without a target name"):
        model.set_submodule("", nn.Identity())
    with pytest.raises(AttributeError, match=r"^NestedModel has no attribute `head`$"):
        model.set_submodule("head.linear", nn.Identity())
    with pytest.raises(AttributeError, match=r"^`scale` is not an nn.Module$"):
        model.set_submodule("scale.linear", nn.Identity())
    assert list(model.named_modules()) == modules


@claim("ENUM-32", source="torch.nn.Module.set_submodule", since="2.7")
@pytest.mark.parametrize("strict", [True, False])
def test_set_submodule_raises_where_the_old_or_the_new_value_is_no_module(strict):
    """`set_submodule` raises `ValueError` for a new value that is not a module, and `AttributeError` for the name of a
    parameter, a buffer or a submodule registered as None; nothing changes.
    """
    model = NestedModel(5, 10)
    model.add_module("gone", None)
    modules, keys = list(model.named_modules()), list(model.state_dict())
    with pytest.raises(ValueError, match=r"`module` is not an nn.Module, found <class 'int'>"):
        model.set_submodule("body.inner", 3, strict=strict)
    with pytest.raises(ValueError, match=r"`module` is not an nn.Module, found <class 'NoneType'>"):
        model.set_submodule("body.inner", None, strict=strict)
    with pytest.raises(AttributeError, match=r"^`scale` is not an nn.Module$"):
        model.set_submodule("scale", nn.Identity(), strict=strict)
    with pytest.raises(AttributeError, match=r"^`c1` is not an nn.Module$"):
        model.set_submodule("body.inner.c1", nn.Identity(), strict)
    with pytest.raises(AttributeError, match=r"^`gone` is not an nn.Module$"):
        model.set_submodule("gone", nn.Identity(), strict)
    assert list(model.named_modules()) == modules
    assert list(model.state_dict()) == keys


@claim("ENUM-33", source="torch.nn.Module.set_submodule", since="2.7")
@pytest.mark.parametrize(("path", "parent"), [("extra", "NestedModel"), ("body.inner.extra", "ToyModel3")])
def test_set_submodule_with_strict_replaces_a_module_and_raises_AttributeError_for_a_new_name(path, parent):
    """`set_submodule(path, child, strict=True)` replaces an existing submodule; for a new name it raises
    `AttributeError` and adds nothing.
    """
    model, child = NestedModel(5, 10), nn.Identity()
    with pytest.raises(AttributeError, match=f"^{parent} has no attribute `extra`$"):
        model.set_submodule(path, child, strict=True)
    assert [name for name, _ in model.named_modules()] == ["", "body", "body.inner", "body.inner.linear"]
    model.set_submodule("body.inner", child, strict=True)
    assert model.body.inner is child


@claim("ENUM-34", source="torch.nn.Module.set_submodule", since="2.5", until="2.7")
def test_set_submodule_replaced_a_buffer_too():
    """Before torch 2.7, `set_submodule` with the name of a buffer replaced the buffer by the module without an error;
    since then it raises `AttributeError`.
    """
    model, child = NestedModel(5, 10), nn.Identity()
    model.set_submodule("shift", child)
    assert dict(model.named_children())["shift"] is child
    assert [name for name, _ in model.named_buffers()] == ["body.inner.c1"]
