"""What is kept and what is lost of a value that is not registered."""

import copy
import functools
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import FROZEN_PARAMETER, KINDS, PARAMETER, PARAMETERS, ToyModel3, answers, claim, core, from_file


def deepcopied(model):
    return copy.deepcopy(model)


def pickled(model):
    return pickle.loads(pickle.dumps(model))


def saved_whole(model):
    return from_file(model, weights_only=False)


@core
@claim("ATTR-01", source="torch.nn.Module")
@answers("survives deepcopy and pickle?", yes=KINDS)
@pytest.mark.parametrize("route", [deepcopied, pickled, saved_whole])
def test_a_copied_or_pickled_module_keeps_plain_attributes_too(kind, route, real_device):
    """`copy.deepcopy`, `pickle` and `torch.save` of a whole module keep the values of its parameters, buffers
    (persistent or not) and plain attributes, provided that each of these can be copied or pickled.
    """
    model = kind.on(ToyModel3(5, 10).to(real_device), "x", torch.arange(3.0, device=real_device))
    copied = route(model)
    assert copied is not model
    assert torch.equal(torch.as_tensor(copied.x), torch.as_tensor(model.x))
    assert list(copied.state_dict()) == list(model.state_dict())
    assert [name for name, _ in copied.named_buffers()] == [name for name, _ in model.named_buffers()]
    assert type(copied.x) is type(model.x)


@claim("ATTR-02", source="torch.nn.Parameter")
def test_a_tensor_computed_from_a_parameter_is_a_snapshot(real_device):
    """A new tensor computed from a parameter, such as `weight * 2`, and assigned as a plain attribute is a snapshot:
    later in-place changes of the parameter do not reach it, and it is not saved. A view follows the parameter.
    """
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    model.doubled, model.column = model.p * 2, model.p.view(3, 1)
    with torch.no_grad():
        model.p += 5
    assert model.doubled.tolist() == [2, 2, 2]
    assert model.column.tolist() == [[6], [6], [6]]
    assert list(model.state_dict()) == ["p"]


@claim("ATTR-03", source="torch.nn.Module.to")
def test_a_list_of_parameters_follows_a_conversion_and_a_list_of_buffers_does_not():
    """By default, after `model.double()` a plain list of the module's parameters holds the converted parameters, but a
    plain list of its buffers the old, unconverted tensors.
    """
    model = ToyModel3(5, 10)
    model.parameter_list, model.buffer_list = [model.b1], [model.c1]
    model.double()
    assert model.parameter_list[0] is model.b1
    assert model.parameter_list[0].dtype is torch.float64
    assert model.buffer_list[0] is not model.c1
    assert model.buffer_list[0].dtype is torch.float32


@claim("ATTR-04", source="torch.nn.Parameter")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_parameter_set_with_object_setattr_is_a_plain_attribute(kind, device):
    """`object.__setattr__(model, "x", parameter)` makes an `nn.Parameter` a plain attribute of the module, neither
    listed nor in the state dict.
    """
    model, parameter = ToyModel3(5, 10), kind.on(nn.Module(), "x", torch.ones(3, device=device)).x
    object.__setattr__(model, "x", parameter)
    assert vars(model)["x"] is model.x is parameter
    assert list(model.state_dict()) == ["b1", "c1", "linear.weight", "linear.bias"]
    assert [name for name, _ in model.named_parameters()] == ["b1", "linear.weight", "linear.bias"]


@claim("ATTR-05", source="torch.nn.Module.to")
def test_a_cached_property_does_not_follow_a_conversion():
    """A tensor from a `functools.cached_property` of a module is computed once and kept as a plain attribute:
    `model.double()` does not convert it, and it is not in `state_dict()`.
    """

    class Rotary(nn.Module):
        @functools.cached_property
        def table(self):
            return torch.ones(3, dtype=next(self.parameters()).dtype)

    model = FROZEN_PARAMETER.on(Rotary(), "scale", torch.ones(1))
    assert model.table is vars(model)["table"]
    model.double()
    assert (model.scale.dtype, model.table.dtype) == (torch.float64, torch.float32)
    assert list(model.state_dict()) == ["scale"]


class ArrayLike:
    """What has data and a shape and a way to become a tensor, as an array of another library has."""

    def __init__(self, *values):
        self.values = values
        self.shape = (len(values),)

    def __array__(self, dtype=None, copy=None):
        raise NotImplementedError


@claim("ATTR-06", source="torch.nn.Module.register_buffer")
def test_an_array_of_another_library_is_a_plain_attribute_and_raises_TypeError_as_a_buffer():
    """An array of another library, such as a NumPy array, is a plain attribute when assigned; `register_buffer` raises
    `TypeError` for it and registers nothing.
    """
    model, array = nn.Module(), ArrayLike(1.0, 2.0)
    model.array = array
    assert vars(model)["array"] is array
    assert list(model.state_dict()) == []
    with pytest.raises(TypeError, match=r"cannot assign .*ArrayLike' object to buffer 'x'"):
        model.register_buffer("x", array)
    assert not hasattr(model, "x")


@claim("ATTR-07", source="torch.nn.Module")
def test_a_plain_attribute_set_with_object_setattr_hides_a_parameter_that_stays_registered():
    """`object.__setattr__(model, "b1", value)` under a parameter's name hides the parameter, which stays registered,
    from `model.b1` until `object.__delattr__(model, "b1")`. `del model.b1` deletes the parameter instead of the value.
    """
    model = ToyModel3(5, 10)
    parameter = model.b1
    object.__setattr__(model, "b1", "hidden")
    assert model.b1 == "hidden"
    assert dict(model.named_parameters())["b1"] is parameter
    object.__delattr__(model, "b1")
    assert model.b1 is parameter
    object.__setattr__(model, "b1", "hidden")
    del model.b1
    assert model.b1 == "hidden"
    assert "b1" not in dict(model.named_parameters())


@claim("ATTR-08", source="torch.nn.Module")
def test_an_AttributeError_inside_a_property_names_the_property():
    """Where a property of a module reads a missing attribute, the `AttributeError` that a user sees names the property,
    not the missing attribute.
    """

    class Model(nn.Module):
        @property
        def total(self):
            return self.absent

    with pytest.raises(AttributeError, match="'Model' object has no attribute 'total'"):
        _ = Model().total


@claim("ATTR-09", source="torch.nn.Module")
@pytest.mark.parametrize("name", ["x", "weight", "linear.weight"])
def test_a_missing_attribute_raises_AttributeError_that_names_the_class_and_the_attribute(name):
    """Reading an attribute that a module lacks raises an `AttributeError` that names its class and the attribute, also
    in `getattr(model, "linear.weight")`.
    """
    model = PARAMETER.on(ToyModel3(5, 10), "y", torch.ones(3))
    assert not hasattr(model, name)
    with pytest.raises(AttributeError, match=f"ToyModel3.* has no attribute .{name}.$"):
        getattr(model, name)


@claim("ATTR-10", source="torch.nn.Module")
def test_a_plain_attribute_hides_a_method_until_it_is_deleted():
    """A plain value assigned to the name of a method, such as `model.half`, hides the method until `del model.half`."""
    model = ToyModel3(5, 10)
    model.half = "hidden"
    assert model.half == "hidden"
    del model.half
    assert model.half().b1.dtype is torch.float16
