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
from .places import MODULE


@claim("ENUM-09", source="torch.nn.Module.get_parameter")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("path", ["", "body.toy.linear."])
def test_get_parameter_finds_the_registered_object_by_its_dotted_name(kind, path):
    model = NestedModel(5, 10)
    parameter = kind.on(model.get_submodule(path[:-1]), "x", torch.ones(3)).x
    assert model.get_parameter(f"{path}x") is parameter


@claim("ENUM-24", source="torch.nn.Module.get_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("path", ["", "body.toy.linear."])
def test_get_buffer_finds_the_registered_object_by_its_dotted_name(kind, path):
    model = NestedModel(5, 10)
    buffer = kind.on(model.get_submodule(path[:-1]), "x", torch.ones(3)).x
    assert model.get_buffer(f"{path}x") is buffer


@claim("ENUM-25", source="torch.nn.Module.get_submodule")
def test_get_submodule_finds_a_module_by_its_dotted_name_and_itself_by_the_empty_one():
    model = NestedModel(5, 10)
    assert model.get_submodule("body.toy.linear") is model.body.toy.linear
    assert model.get_submodule("body") is model.body
    assert model.get_submodule("") is model


@claim("ENUM-44", source="torch.nn.Module.get_submodule")
def test_a_dotted_name_may_lead_through_a_property():
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
def test_get_parameter_refuses_what_is_no_parameter(kind):
    model = NestedModel(5, 10)
    kind.put(model.body, "x", torch.ones(3))
    with pytest.raises(AttributeError, match=r"^`x` is not an nn.Parameter$"):
        model.get_parameter("body.x")


@claim("ENUM-26", source="torch.nn.Module.get_buffer")
@pytest.mark.parametrize("kind", [*PARAMETERS, *PLAIN, MODULE])
def test_get_buffer_refuses_what_is_no_buffer(kind):
    model = NestedModel(5, 10)
    kind.put(model.body, "x", torch.ones(3))
    with pytest.raises(AttributeError, match=r"^`x` is not a buffer$"):
        model.get_buffer("body.x")


@claim("ENUM-27", source="torch.nn.Module.get_submodule")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, PLAIN_TENSOR, PLAIN_VALUE])
def test_get_submodule_refuses_what_is_no_module_on_the_way_and_at_the_end(kind):
    model = NestedModel(5, 10)
    kind.put(model.body, "x", torch.ones(3))
    with pytest.raises(AttributeError, match=r"^`x` is not an nn.Module$"):
        model.get_submodule("body.x")
    with pytest.raises(AttributeError, match=r"^`x` is not an nn.Module$"):
        model.get_parameter("body.x.data")
    model.body.plain = SimpleNamespace(toy=ToyModel3(5, 10))
    with pytest.raises(AttributeError, match=r"^`plain` is not an nn.Module$"):
        model.get_submodule("body.plain.toy")


@claim("ENUM-28", source="torch.nn.Module.get_parameter")
@pytest.mark.parametrize("find", ["get_parameter", "get_buffer", "get_submodule"])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("x", "NestedModel has no attribute `x`"),
        ("body.toy.x", "ToyModel3 has no attribute `x`"),
        ("x.toy.b1", "NestedModel has no attribute `x`"),
        ("body.", "Module has no attribute ``"),
    ],
)
def test_what_is_not_there_is_an_AttributeError_that_names_the_class_which_lacks_it(find, path, message):
    with pytest.raises(AttributeError, match=f"^{message}$"):
        getattr(NestedModel(5, 10), find)(path)


@claim("ENUM-29", source="torch.nn.Module.get_parameter")
def test_a_parameter_that_is_None_is_no_parameter_to_get_and_a_buffer_that_is_None_is_got():
    model = nn.Module()
    model.register_parameter("bias", None)
    model.register_buffer("cache", None)
    with pytest.raises(AttributeError, match=r"`bias` is not an nn.Parameter"):
        model.get_parameter("bias")
    assert model.get_buffer("cache") is None


@claim("ENUM-30", source="torch.nn.Module.set_submodule", since="2.5")
@pytest.mark.parametrize("path", ["body", "body.toy.linear", "body.extra"])
def test_set_submodule_registers_a_module_under_its_dotted_name_in_the_place_of_the_old_one(path):
    model, child = NestedModel(5, 10), nn.LayerNorm(3)
    model.set_submodule(path, child)
    assert model.get_submodule(path) is dict(model.named_modules())[path] is child


@claim("ENUM-47", source="torch.nn.Module.set_submodule", since="2.5")
def test_set_submodule_takes_the_place_of_a_module_that_was_merely_attached():
    model, child = NestedModel(5, 10), nn.LayerNorm(3)
    vars(model.body)["attached"] = nn.Identity()
    model.set_submodule("body.attached", child)
    assert model.body.attached is dict(model.named_modules())["body.attached"] is child


@claim("ENUM-31", source="torch.nn.Module.set_submodule", since="2.5")
def test_set_submodule_needs_a_name_and_modules_on_the_way():
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
def test_set_submodule_replaces_modules_by_modules_only(strict):
    model = NestedModel(5, 10)
    model.add_module("gone", None)
    modules, keys = list(model.named_modules()), list(model.state_dict())
    with pytest.raises(ValueError, match=r"`module` is not an nn.Module, found <class 'int'>"):
        model.set_submodule("body.toy", 3, strict=strict)
    with pytest.raises(ValueError, match=r"`module` is not an nn.Module, found <class 'NoneType'>"):
        model.set_submodule("body.toy", None, strict=strict)
    with pytest.raises(AttributeError, match=r"^`scale` is not an nn.Module$"):
        model.set_submodule("scale", nn.Identity(), strict=strict)
    with pytest.raises(AttributeError, match=r"^`c1` is not an nn.Module$"):
        model.set_submodule("body.toy.c1", nn.Identity(), strict)
    with pytest.raises(AttributeError, match=r"^`gone` is not an nn.Module$"):
        model.set_submodule("gone", nn.Identity(), strict)
    assert list(model.named_modules()) == modules
    assert list(model.state_dict()) == keys


@claim("ENUM-33", source="torch.nn.Module.set_submodule", since="2.7")
@pytest.mark.parametrize(("path", "parent"), [("extra", "NestedModel"), ("body.toy.extra", "ToyModel3")])
def test_set_submodule_with_strict_replaces_and_adds_nothing(path, parent):
    model, child = NestedModel(5, 10), nn.Identity()
    with pytest.raises(AttributeError, match=f"^{parent} has no attribute `extra`$"):
        model.set_submodule(path, child, strict=True)
    assert [name for name, _ in model.named_modules()] == ["", "body", "body.toy", "body.toy.linear"]
    model.set_submodule("body.toy", child, strict=True)
    assert model.body.toy is child


@claim("ENUM-34", source="torch.nn.Module.set_submodule", since="2.5", until="2.7")
def test_set_submodule_once_put_a_module_in_the_place_of_a_buffer_too():
    model, child = NestedModel(5, 10), nn.Identity()
    model.set_submodule("shift", child)
    assert dict(model.named_children())["shift"] is child
    assert [name for name, _ in model.named_buffers()] == ["body.toy.c1"]
