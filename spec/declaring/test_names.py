"""Which names state can have, and which are taken."""

import re

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFERS,
    KINDS,
    PARAMETERS,
    PLAIN,
    Kind,
    ToyModel3,
    claim,
)
from .registries import MODULE, kept_as

REGISTER_PARAMETER = Kind("register_parameter", lambda m, name, t: m.register_parameter(name, nn.Parameter(t)))
REGISTER_NO_PARAMETER = Kind("register_parameter None", lambda m, name, t: m.register_parameter(name, None))
REGISTER_BUFFER = Kind("register_buffer", lambda m, name, t: m.register_buffer(name, t))
REGISTER_NO_BUFFER = Kind("register_buffer None", lambda m, name, t: m.register_buffer(name, None))
ADD_MODULE = Kind("add_module", lambda m, name, t: m.add_module(name, nn.Identity()))
REGISTER_MODULE = Kind("register_module", lambda m, name, t: m.register_module(name, nn.Identity()))

REGISTERING = {
    REGISTER_PARAMETER: "parameter",
    REGISTER_NO_PARAMETER: "parameter",
    REGISTER_BUFFER: "buffer",
    REGISTER_NO_BUFFER: "buffer",
    ADD_MODULE: "module",
    REGISTER_MODULE: "module",
}


@claim("SET-18", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize(("call", "word"), REGISTERING.items())
def test_a_name_that_is_not_a_string_raises_TypeError(call, word):
    """`register_parameter`, `register_buffer`, `add_module` and `register_module` raise `TypeError` for a name that is
    not a string, such as 0, and register nothing.
    """
    model = nn.Module()
    with pytest.raises(TypeError, match=f"^{word} name should be a string. Got int$"):
        call.put(model, 0, torch.ones(3))
    assert [*model._parameters, *model._buffers, *model._modules] == []


@claim("SET-51", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize(("call", "word"), REGISTERING.items())
def test_an_instance_of_a_subclass_of_str_is_taken_as_a_name(call, word):
    """`register_parameter`, `register_buffer`, `add_module` and `register_module` take an instance of a subclass of
    `str` as a name.
    """

    class Name(str):
        __slots__ = ()

    model = nn.Module()
    call.put(model, Name("x"), torch.ones(3))
    assert list(getattr(model, f"_{word}s")) == ["x"]


@claim("SET-40", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize(("call", "word"), REGISTERING.items())
@pytest.mark.parametrize("name", ["a.b", "a.", ".a", "."])
def test_a_name_with_a_dot_raises_KeyError(call, word, name):
    """`register_parameter`, `register_buffer`, `add_module` and `register_module` raise `KeyError` for a name that
    contains a dot, and register nothing.
    """
    model = nn.Module()
    with pytest.raises(KeyError, match=rf"{word} name can\\?'t contain \"\.\"(, got: {re.escape(name)})?['\"]$"):
        call.put(model, name, torch.ones(3))
    assert [*model._parameters, *model._buffers, *model._modules] == []


@claim("SET-41", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize(("call", "word"), REGISTERING.items())
def test_an_empty_name_raises_KeyError(call, word):
    """`register_parameter`, `register_buffer`, `add_module` and `register_module` raise `KeyError` for an empty name,
    and register nothing.
    """
    model = nn.Module()
    with pytest.raises(KeyError, match=rf"{word} name can\\?'t be empty string \"\""):
        call.put(model, "", torch.ones(3))
    assert [*model._parameters, *model._buffers, *model._modules] == []


@claim("SET-42", source="torch.nn.Module")
def test_assigning_a_parameter_under_a_dotted_or_empty_name_raises_KeyError():
    """`setattr(model, name, nn.Parameter(data))` raises `KeyError` for a name that contains a dot or is empty, and
    registers nothing.
    """
    model = nn.Module()
    with pytest.raises(KeyError, match=r"parameter name can.*t contain"):
        setattr(model, "a.b", nn.Parameter(torch.ones(3)))
    with pytest.raises(KeyError, match=r"parameter name can.*t be empty"):
        setattr(model, "", nn.Parameter(torch.ones(3)))
    assert list(model.state_dict()) == []


@claim("SET-43", source="torch.nn.Module")
def test_a_submodule_can_be_assigned_under_a_name_with_a_dot_and_is_not_found_by_it():
    """`setattr(model, "body.norm", child)` registers a submodule under a name with a dot and saves its state, but
    `get_submodule("body.norm")` raises `AttributeError`.

    `add_module` raises `KeyError` for such a name.
    """
    model = nn.Module()
    setattr(model, "body.norm", nn.LayerNorm(3))
    assert list(model.state_dict()) == ["body.norm.weight", "body.norm.bias"]
    with pytest.raises(AttributeError, match="Module has no attribute `body`"):
        model.get_submodule("body.norm")


@claim("SET-09", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("holder", [*PARAMETERS, *PLAIN, MODULE])
def test_register_buffer_raises_KeyError_for_a_name_that_anything_but_a_buffer_holds(holder):
    """`register_buffer` raises `KeyError` for the name of a parameter, a submodule or a plain attribute, which stays as
    it was.
    """
    model = holder.on(nn.Module(), "x", torch.ones(3))
    held, kept = model.x, kept_as(model)
    with pytest.raises(KeyError, match="attribute 'x' already exists"):
        model.register_buffer("x", torch.zeros(3), persistent=False)
    assert model.x is held
    assert kept_as(model) == kept


@claim("SET-10", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize("holder", [*BUFFERS, *PLAIN, MODULE])
def test_register_parameter_raises_KeyError_even_for_None_for_a_name_that_anything_but_a_parameter_holds(holder):
    """`register_parameter(name, None)` raises `KeyError` for the name of a buffer, a submodule or a plain attribute,
    which stays as it was.
    """
    model = holder.on(nn.Module(), "x", torch.ones(3))
    held, kept = model.x, kept_as(model)
    with pytest.raises(KeyError, match="attribute 'x' already exists"):
        model.register_parameter("x", None)
    assert model.x is held
    assert kept_as(model) == kept


@claim("SET-44", source="torch.nn.Module.add_module")
@pytest.mark.parametrize("holder", KINDS)
def test_add_module_raises_KeyError_even_for_None_for_a_name_that_anything_but_a_submodule_holds(holder):
    """`add_module(name, None)` raises `KeyError` for the name of a parameter, a buffer or a plain attribute, which
    stays as it was.
    """
    model = holder.on(nn.Module(), "x", torch.ones(3))
    held, kept = model.x, kept_as(model)
    with pytest.raises(KeyError, match="attribute 'x' already exists"):
        model.add_module("x", None)
    assert model.x is held
    assert kept_as(model) == kept


@claim("SET-45", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize("call", [REGISTER_PARAMETER, REGISTER_BUFFER, ADD_MODULE])
@pytest.mark.parametrize("name", ["half", "training"])
def test_registering_under_a_name_that_every_module_has_raises_KeyError(call, name):
    """`register_parameter`, `register_buffer` and `add_module` raise `KeyError` for the name of an attribute or method
    that every module has, such as `training` or `half`, and register nothing.
    """
    model = ToyModel3(5, 10)
    with pytest.raises(KeyError, match=f"attribute '{name}' already exists"):
        call.put(model, name, torch.ones(3))
    assert list(model.state_dict()) == ["b1", "c1", "linear.weight", "linear.bias"]
    assert [name for name, _ in model.named_children()] == ["linear"]


@claim("SET-46", source="torch.nn.Module")
def test_assigning_a_parameter_to_the_name_of_a_method_raises_KeyError():
    """Assigning an `nn.Parameter` to the name of a method, as in `model.half = nn.Parameter(data)`, raises `KeyError`
    and registers nothing.
    """
    model = nn.Module()
    with pytest.raises(KeyError, match="attribute 'half' already exists"):
        model.half = nn.Parameter(torch.ones(3))
    assert list(model.state_dict()) == []


@claim("SET-47", source="torch.nn.Module")
def test_a_submodule_assigned_to_the_name_of_a_method_is_registered_and_hidden_by_the_method():
    """A submodule assigned to the name of a method, as in `model.half = child`, is registered and saved, but reading
    `model.half` still gives the method.
    """
    model = nn.Module()
    model.half = child = nn.LayerNorm(3)
    assert dict(model.named_children()) == {"half": child}
    assert list(model.state_dict()) == ["half.weight", "half.bias"]
    assert model.half.__func__ is nn.Module.half


@claim("SET-48", source="torch.nn.Module.add_module")
@pytest.mark.parametrize("method", ["add_module", "register_module"])
def test_add_module_and_register_module_register_a_submodule_as_assignment_does(method):
    """`add_module(name, child)` and `register_module(name, child)` register a submodule as assignment does: it is an
    attribute, `named_children()` lists it, and its state is saved.
    """
    model, child = ToyModel3(5, 10), nn.LayerNorm(3)
    getattr(model, method)("norm", child)
    assert model.norm is child
    assert [name for name, _ in model.named_children()] == ["linear", "norm"]
    assert list(model.state_dict())[-2:] == ["norm.weight", "norm.bias"]


@claim("SET-49", source="torch.nn.Module.add_module")
@pytest.mark.parametrize("method", ["add_module", "register_module"])
@pytest.mark.parametrize("value", [3, "text", torch.relu, nn.ReLU])
def test_add_module_raises_TypeError_for_a_value_that_is_no_module_and_for_a_class(method, value):
    """`add_module` and `register_module` raise `TypeError` for a number, a string, a function or the class of a module
    such as `nn.ReLU`, and register nothing.
    """
    model = nn.Module()
    with pytest.raises(TypeError, match=f"^{torch.typename(value)} is not a Module subclass$"):
        getattr(model, method)("x", value)
    assert not hasattr(model, "x")


@claim("SET-50", source="torch.nn.Module.add_module")
def test_a_submodule_registered_as_None_is_filled_by_a_module_and_not_by_a_plain_tensor():
    """After `add_module(name, None)`, assigning a module to that name registers it, while assigning a plain tensor
    raises `TypeError` and leaves None.
    """
    model = nn.Module()
    model.add_module("norm", None)
    assert model.norm is None
    assert list(model.children()) == []
    with pytest.raises(TypeError, match="as child module 'norm'"):
        model.norm = torch.ones(3)
    assert model.norm is None
    model.norm = child = nn.LayerNorm(3)
    assert dict(model.named_children()) == {"norm": child}
