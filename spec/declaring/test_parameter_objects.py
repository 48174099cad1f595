"""What ``nn.Parameter(...)`` makes, before it is put on a module."""

import copy

import pytest
import torch
from torch import nn

from ..vocabulary import PARAMETERS, claim


class Custom(torch.Tensor):
    """A custom tensor, as libraries for quantized or distributed tensors define them."""


class Named(nn.Parameter):
    """A user's own kind of parameter."""


@claim("REG-29", source="torch.nn.Parameter")
def test_a_parameter_without_data_is_empty_and_trainable():
    """`nn.Parameter()` without data is an empty parameter of shape `(0,)`, trainable unless made with `requires_grad`
    False.
    """
    for_later = nn.Parameter()
    assert isinstance(for_later, nn.Parameter)
    assert (for_later.shape, for_later.dtype, for_later.requires_grad) == ((0,), torch.float32, True)
    assert not nn.Parameter(None, False).requires_grad


@claim("REG-30", source="torch.nn.Parameter")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_parameter_made_of_a_parameter_is_another_one_over_the_same_memory(kind, real_device):
    """`nn.Parameter(parameter)` of a parameter of floating dtype is another `nn.Parameter` that shares memory with the
    first and is trainable, even if the first is frozen.
    """
    first = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device)).x
    second = nn.Parameter(first)
    assert type(second) is nn.Parameter
    assert second is not first
    assert second.requires_grad
    first.data[1] = 7.0
    assert second.tolist() == [0, 7, 0]


@claim("REG-31", source="torch.nn.Parameter")
def test_repr_of_a_parameter_starts_with_Parameter_containing():
    """The `repr()` of an `nn.Parameter` made of a plain tensor, and of an instance of a subclass of your own, begins
    with "Parameter containing:" and has the tensor on the next line.
    """
    assert repr(nn.Parameter(torch.ones(2))) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert repr(nn.Parameter(torch.ones(2), requires_grad=False)) == "Parameter containing:\ntensor([1., 1.])"
    assert repr(Named(torch.ones(2))).startswith("Parameter containing:\n")


@claim("REG-35", source="torch.nn.Parameter")
@pytest.mark.parametrize("compute", ["neg", "clone", "detach", "float"])
def test_a_tensor_computed_from_a_parameter_is_no_parameter(compute, real_device):
    """A tensor computed from an `nn.Parameter`, by `neg()`, `clone()`, `detach()` or a conversion to another dtype, is
    a `torch.Tensor` and no parameter.
    """
    computed = getattr(nn.Parameter(torch.ones(3, dtype=torch.float64, device=real_device)), compute)()
    assert type(computed) is torch.Tensor
    assert not isinstance(computed, nn.Parameter)


@claim("REG-36", source="torch.nn.Parameter")
def test_an_instance_of_a_subclass_of_Parameter_keeps_its_class_when_registered_and_deep_copied():
    """If a subclass of `nn.Parameter` takes the same arguments as `nn.Parameter`, its instance is registered as a
    parameter and keeps its class, also under `copy.deepcopy` of the module.
    """
    model = nn.Module()
    model.x = Named(torch.ones(3))
    assert type(dict(model.named_parameters())["x"]) is Named
    assert type(copy.deepcopy(model).x) is Named


@claim("REG-42", source="torch.nn.Parameter")
def test_a_tensor_computed_from_an_instance_of_a_subclass_of_Parameter_is_no_parameter(real_device):
    """A tensor computed from an instance of a subclass of `nn.Parameter` is a plain `torch.Tensor` and no parameter."""
    parameter = Named(torch.ones(3, device=real_device))
    assert type(parameter * 2) is type(torch.neg(parameter)) is torch.Tensor


@claim("REG-44", source="torch.nn.Parameter")
def test_wrapping_an_instance_of_a_subclass_of_Parameter_in_another_parameter_raises_RuntimeError():
    """`nn.Parameter(parameter)` raises `RuntimeError` for an instance of a subclass of `nn.Parameter`;
    `nn.Parameter(parameter.data)` works.
    """
    parameter = Named(torch.ones(3))
    with pytest.raises(RuntimeError, match=r"from an instance of type Named requires that detach\(\) returns"):
        nn.Parameter(parameter)
    assert nn.Parameter(parameter.data).tolist() == [1, 1, 1]


@claim("REG-37", source="torch.nn.Parameter")
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_parameter_made_of_a_custom_tensor_keeps_its_type_and_is_registered_all_the_same(requires_grad):
    """`nn.Parameter` of a custom tensor, an instance of a `torch.Tensor` subclass, keeps that class, is an
    `nn.Parameter` to `isinstance`, and is registered on assignment.

    Its `detach()` has to return that class too, or `nn.Parameter` raises `RuntimeError`.
    """
    custom = torch.ones(3).as_subclass(Custom)
    parameter = nn.Parameter(custom, requires_grad)
    assert type(parameter) is Custom
    assert parameter is not custom
    assert parameter.requires_grad is requires_grad
    assert isinstance(parameter, nn.Parameter)
    assert not isinstance(custom, nn.Parameter)
    model = nn.Module()
    model.x = parameter
    assert dict(model.named_parameters())["x"] is parameter


@claim("REG-38", source="torch.nn.Parameter")
def test_a_parameter_made_of_a_computed_custom_tensor_is_a_leaf():
    """`nn.Parameter` of a custom tensor, an instance of a `torch.Tensor` subclass, that has a `grad_fn` is a leaf."""
    computed = torch.ones(3, requires_grad=True).as_subclass(Custom) * 2
    assert type(computed) is Custom
    assert computed.grad_fn is not None
    assert nn.Parameter(computed).is_leaf


@claim("REG-39", source="torch.nn.Parameter")
def test_a_parameter_of_a_custom_tensor_whose_detach_changes_its_type_raises_RuntimeError():
    """`nn.Parameter` raises `RuntimeError` for an instance of a `torch.Tensor` subclass whose `detach()` returns
    another type, even a subclass of that one.
    """

    class Fleeting(torch.Tensor):
        def detach(self):
            return torch.Tensor.detach(self).as_subclass(self.becomes)

    class Derived(Fleeting):
        pass

    for becomes in (torch.Tensor, Derived):
        Fleeting.becomes, found = becomes, f"type {becomes.__name__} was found"
        with pytest.raises(RuntimeError, match=rf"type Fleeting requires that detach\(\) returns .* {found}"):
            nn.Parameter(torch.ones(3).as_subclass(Fleeting))


@claim("REG-40", source="torch.nn.Parameter", since="2.5")
def test_a_parameter_made_of_a_custom_tensor_is_no_instance_of_the_subclasses_of_Parameter():
    """A parameter made of an instance of a `torch.Tensor` subclass is an `nn.Parameter` to `isinstance`, but no
    `nn.UninitializedParameter` or other subclass of `nn.Parameter`.
    """
    parameter = nn.Parameter(torch.ones(3).as_subclass(Custom))
    assert isinstance(parameter, nn.Parameter)
    assert not isinstance(parameter, Named)
    assert not isinstance(parameter, nn.UninitializedParameter)


@claim("REG-41", source="torch.nn.Parameter")
@pytest.mark.parametrize("marked", [True, False])
def test_a_tensor_flagged_as_a_parameter_is_registered_as_one(marked):
    """A tensor whose attribute `_is_param` is True is an `nn.Parameter` to `isinstance`, and assigning it registers a
    parameter; where `_is_param` is False, it isn't, and assigning it registers none.
    """
    model, tensor = nn.Module(), torch.ones(3)
    tensor._is_param = marked
    model.x = tensor
    assert isinstance(tensor, nn.Parameter) is marked
    assert [name for name, _ in model.named_parameters()] == ["x"] * marked


@claim("REG-45", source="torch.nn.Parameter")
@pytest.mark.parametrize("Other", [nn.Module, dict])
def test_an_object_flagged_as_a_parameter_that_is_no_tensor_is_no_parameter(Other):
    """A `dict` or module whose attribute `_is_param` is True is no instance of `nn.Parameter`, and assigning it
    registers no parameter.
    """
    model, flagged = nn.Module(), type("Flagged", (Other,), {"_is_param": True})()
    model.x = flagged
    assert not isinstance(flagged, nn.Parameter)
    assert model.x is flagged
    assert list(model.named_parameters()) == []
