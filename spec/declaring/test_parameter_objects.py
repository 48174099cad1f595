"""What ``nn.Parameter(...)`` makes, before it is put on a module."""

import copy

import pytest
import torch
from torch import nn

from ..vocabulary import PARAMETERS, any_shape, claim


class Custom(torch.Tensor):
    """A custom tensor, as libraries for quantized or distributed tensors define them."""


class Named(nn.Parameter):
    """A user's own kind of parameter."""


@claim("REG-29", source="torch.nn.Parameter")
def test_a_parameter_without_data_is_empty_and_trainable():
    for_later = nn.Parameter()
    assert isinstance(for_later, nn.Parameter)
    assert (for_later.shape, for_later.dtype, for_later.requires_grad) == ((0,), torch.float32, True)
    assert not nn.Parameter(None, False).requires_grad


@claim("REG-30", source="torch.nn.Parameter")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_parameter_made_of_a_parameter_is_another_one_over_the_same_memory(kind, real_device):
    first = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device)).x
    second = nn.Parameter(first)
    assert type(second) is nn.Parameter
    assert second is not first
    assert second.requires_grad
    first.data[1] = 7.0
    assert second.tolist() == [0, 7, 0]


@claim("REG-31", source="torch.nn.Parameter")
def test_a_parameter_introduces_itself_in_front_of_its_values():
    assert repr(nn.Parameter(torch.ones(2))) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert repr(nn.Parameter(torch.ones(2), requires_grad=False)) == "Parameter containing:\ntensor([1., 1.])"
    assert repr(Named(torch.ones(2))).startswith("Parameter containing:\n")


@claim("REG-32", source="torch.nn.Parameter")
@pytest.mark.parametrize("kind", PARAMETERS)
@any_shape
def test_a_deep_copy_of_a_parameter_is_an_equal_parameter_with_memory_of_its_own(kind, real_device, shape):
    parameter = kind.on(nn.Module(), "x", torch.ones(shape, device=real_device)).x
    copied = copy.deepcopy(parameter)
    assert type(copied) is nn.Parameter
    assert copied.requires_grad is parameter.requires_grad
    copied.data.add_(1)
    assert (copied - 1).tolist() == parameter.tolist()


@claim("REG-33", source="torch.nn.Parameter")
def test_a_parameter_is_copied_once_for_all_that_are_deep_copied_together():
    parameter, memo = nn.Parameter(torch.ones(3)), {}
    copied = parameter.__deepcopy__(memo)
    assert copied is not parameter
    assert parameter.__deepcopy__(memo) is copied
    first, second = copy.deepcopy([parameter, parameter], memo)
    assert first is second is copied


@claim("REG-34", source="torch.nn.Parameter")
def test_a_deep_copy_of_a_parameter_keeps_its_memory_format_and_loses_its_gradient():
    parameter = nn.Parameter(torch.ones(2, 3, 4, 5).to(memory_format=torch.channels_last))
    parameter.grad = torch.ones_like(parameter)
    copied = copy.deepcopy(parameter)
    assert copied.stride() == parameter.stride() == (60, 1, 15, 3)
    assert copied.grad is None


@claim("REG-35", source="torch.nn.Parameter")
@pytest.mark.parametrize("compute", ["neg", "clone", "detach", "float"])
def test_what_is_computed_from_a_parameter_is_no_parameter(compute, real_device):
    computed = getattr(nn.Parameter(torch.ones(3, dtype=torch.float64, device=real_device)), compute)()
    assert type(computed) is torch.Tensor
    assert not isinstance(computed, nn.Parameter)


@claim("REG-36", source="torch.nn.Parameter")
def test_an_instance_of_a_subclass_of_Parameter_is_registered_and_copied_as_what_it_is():
    model = nn.Module()
    model.x = Named(torch.ones(3))
    assert type(dict(model.named_parameters())["x"]) is Named
    assert type(copy.deepcopy(model).x) is Named


@claim("REG-42", source="torch.nn.Parameter")
def test_what_is_computed_from_an_instance_of_a_subclass_of_Parameter_is_no_parameter_either(real_device):
    parameter = Named(torch.ones(3, device=real_device))
    assert type(parameter * 2) is type(torch.neg(parameter)) is torch.Tensor


@claim("REG-44", source="torch.nn.Parameter")
def test_an_instance_of_a_subclass_of_Parameter_is_no_data_for_another_parameter():
    parameter = Named(torch.ones(3))
    with pytest.raises(RuntimeError, match=r"from an instance of type Named requires that detach\(\) returns"):
        nn.Parameter(parameter)
    assert nn.Parameter(parameter.data).tolist() == [1, 1, 1]


@claim("REG-37", source="torch.nn.Parameter")
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_parameter_made_of_a_custom_tensor_keeps_its_type_and_is_registered_all_the_same(requires_grad):
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
def test_a_parameter_made_of_a_computed_custom_tensor_has_no_history():
    computed = torch.ones(3, requires_grad=True).as_subclass(Custom) * 2
    assert type(computed) is Custom
    assert computed.grad_fn is not None
    assert nn.Parameter(computed).is_leaf


@claim("REG-39", source="torch.nn.Parameter")
def test_a_custom_tensor_that_does_not_keep_its_type_when_detached_cannot_be_a_parameter():
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
    parameter = nn.Parameter(torch.ones(3).as_subclass(Custom))
    assert isinstance(parameter, nn.Parameter)
    assert not isinstance(parameter, Named)
    assert not isinstance(parameter, nn.UninitializedParameter)


@claim("REG-41", source="torch.nn.Parameter")
@pytest.mark.parametrize("marked", [True, False])
def test_a_tensor_counts_as_a_parameter_where_its_flag_says_so(marked):
    model, tensor = nn.Module(), torch.ones(3)
    tensor._is_param = marked
    model.x = tensor
    assert isinstance(tensor, nn.Parameter) is marked
    assert [name for name, _ in model.named_parameters()] == ["x"] * marked


@claim("REG-45", source="torch.nn.Parameter")
@pytest.mark.parametrize("Other", [nn.Module, dict])
def test_what_is_no_tensor_is_no_parameter_whatever_its_flag_says(Other):
    model, flagged = nn.Module(), type("Flagged", (Other,), {"_is_param": True})()
    model.x = flagged
    assert not isinstance(flagged, nn.Parameter)
    assert model.x is flagged
    assert list(model.named_parameters()) == []
