"""Faults in what ``nn.Parameter(...)`` makes."""

import torch
from torch import nn

from .. import fault


@fault("REG-30", breaks="torch.nn.Parameter.__new__")
def a_parameter_made_of_a_parameter_is_that_parameter(original, cls, data=None, requires_grad=True):
    """`nn.Parameter(parameter)` returns the parameter itself."""
    return data if isinstance(data, nn.Parameter) else original(cls, data, requires_grad)


@fault("REG-31", breaks="torch.nn.Parameter.__repr__")
def a_parameter_shows_its_values_only(original, self):
    """The `repr` of a parameter is that of a plain tensor."""
    return torch.Tensor.__repr__(self)


@fault("REG-31", breaks="torch.nn.Parameter.__repr__")
def a_parameter_introduces_itself_by_the_name_of_its_class(original, self):
    """The `repr` of a parameter begins with the name of its class."""
    return f"{type(self).__name__} containing:\n{torch.Tensor.__repr__(self)}"


@fault("REG-35", breaks="torch.nn.Parameter.clone")
def a_clone_of_a_parameter_is_a_parameter(original, self):
    """`parameter.clone()` is a parameter."""
    return nn.Parameter(self.data.clone())


@fault("REG-42", "REG-44")
def what_is_computed_from_an_instance_of_a_subclass_of_Parameter_is_one_too(patch):
    """A result computed from an instance of a subclass of `nn.Parameter` is an instance of that subclass."""
    patch.setattr(nn.Parameter, "__torch_function__", vars(torch.Tensor)["__torch_function__"])


@fault("REG-36", "REG-37", breaks="torch.nn.Module.__setattr__")
def an_instance_of_a_subclass_of_Parameter_is_not_registered(original, self, name, value):
    if isinstance(value, nn.Parameter) and type(value) is not nn.Parameter:
        vars(self)[name] = value
    else:
        original(self, name, value)


@fault("REG-37", breaks="torch.nn.Parameter.__new__")
def a_parameter_made_of_a_custom_tensor_is_that_tensor(original, cls, data=None, requires_grad=True):
    """`nn.Parameter(tensor)` of an instance of a tensor subclass returns the tensor itself."""
    if data is None or type(data) in (torch.Tensor, nn.Parameter):
        return original(cls, data, requires_grad)
    data._is_param = True
    return data.requires_grad_(requires_grad) if data.is_leaf else data


@fault("REG-38", "REG-37", breaks="torch.nn.Parameter.__new__")
def a_parameter_made_of_a_custom_tensor_is_computed_from_it(original, cls, data=None, requires_grad=True):
    """`nn.Parameter(tensor)` of an instance of a tensor subclass has a `grad_fn`."""
    if data is None or type(data) in (torch.Tensor, nn.Parameter):
        return original(cls, data, requires_grad)
    computed = data.view_as(data)
    computed._is_param = True
    return computed


@fault("REG-39", breaks="torch.nn.Parameter.__new__")
def a_parameter_made_of_a_custom_tensor_is_whatever_detaching_gives(original, cls, data=None, requires_grad=True):
    """`nn.Parameter(tensor)` takes whatever type `tensor.detach()` returns."""
    if data is None or type(data) in (torch.Tensor, nn.Parameter):
        return original(cls, data, requires_grad)
    detached = data.detach().requires_grad_(requires_grad)
    detached._is_param = True
    return detached


@fault("REG-40", breaks="torch.nn.parameter._ParameterMeta.__instancecheck__")
def what_is_flagged_as_a_parameter_is_an_instance_of_every_kind_of_parameter(original, cls, instance):
    """A tensor whose `_is_param` is True is an instance of every subclass of `nn.Parameter`."""
    return original(cls, instance) or getattr(instance, "_is_param", False)


@fault("REG-41", "REG-37", breaks="torch.nn.parameter._ParameterMeta.__instancecheck__")
def a_parameter_is_known_by_its_type_only(original, cls, instance):
    """A tensor whose `_is_param` is True is not an instance of `nn.Parameter`."""
    return type.__instancecheck__(cls, instance)


@fault("REG-41", "REG-45", breaks="torch.nn.parameter._ParameterMeta.__instancecheck__")
def a_tensor_counts_as_a_parameter_where_it_has_the_flag_whatever_it_says(original, cls, instance):
    """A tensor whose `_is_param` is False is an instance of `nn.Parameter`."""
    return type.__instancecheck__(cls, instance) or hasattr(instance, "_is_param")


@fault("REG-39", breaks="torch.nn.Parameter.__new__")
def a_custom_tensor_may_become_one_of_a_subclass_when_it_is_detached(original, cls, data=None, requires_grad=True):
    """`nn.Parameter(tensor)` takes an instance of a subclass that `tensor.detach()` returns."""
    detached = None if data is None else data.detach()
    if type(detached) is type(data) or not isinstance(detached, type(data)) or type(data) is torch.Tensor:
        return original(cls, data, requires_grad)
    detached._is_param = True
    return detached.requires_grad_(requires_grad)
