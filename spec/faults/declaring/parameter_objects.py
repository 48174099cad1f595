"""Faults in what ``nn.Parameter(...)`` makes."""

import torch
from torch import nn

from .. import fault

DEEPCOPY = nn.Parameter.__deepcopy__
MODULE_SETATTR = nn.Module.__setattr__
NEW_PARAMETER = nn.Parameter.__new__
IS_INSTANCE = type(nn.Parameter).__instancecheck__


@fault("REG-30")
def a_parameter_made_of_a_parameter_is_that_parameter(patch):
    def new(cls, data=None, requires_grad=True):
        return data if isinstance(data, nn.Parameter) else NEW_PARAMETER(cls, data, requires_grad)

    patch.setattr(nn.Parameter, "__new__", new)


@fault("REG-31")
def a_parameter_shows_its_values_only(patch):
    patch.setattr(nn.Parameter, "__repr__", torch.Tensor.__repr__)


@fault("REG-31")
def a_parameter_introduces_itself_by_the_name_of_its_class(patch):
    patch.setattr(
        nn.Parameter, "__repr__", lambda self: f"{type(self).__name__} containing:\n{torch.Tensor.__repr__(self)}"
    )


@fault("REG-32")
def a_deep_copy_of_a_parameter_shares_its_memory(patch):
    patch.setattr(nn.Parameter, "__deepcopy__", lambda self, memo: type(self)(self.data, self.requires_grad))


@fault("REG-32")
def a_deep_copy_of_a_parameter_is_trainable(patch):
    patch.setattr(nn.Parameter, "__deepcopy__", lambda self, memo: DEEPCOPY(self, memo).requires_grad_(True))


@fault("REG-33")
def a_deep_copy_of_a_parameter_knows_of_no_other(patch):
    patch.setattr(nn.Parameter, "__deepcopy__", lambda self, memo: DEEPCOPY(self, {}))


@fault("REG-34")
def a_deep_copy_of_a_parameter_is_contiguous(patch):
    def deepcopy(self, memo):
        copied = DEEPCOPY(self, memo)
        copied.data = copied.data.contiguous()
        return copied

    patch.setattr(nn.Parameter, "__deepcopy__", deepcopy)


@fault("REG-35")
def a_clone_of_a_parameter_is_a_parameter(patch):
    patch.setattr(nn.Parameter, "clone", lambda self: nn.Parameter(self.data.clone()), raising=False)


@fault("REG-42", "REG-44")
def what_is_computed_from_an_instance_of_a_subclass_of_Parameter_is_one_too(patch):
    patch.setattr(nn.Parameter, "__torch_function__", vars(torch.Tensor)["__torch_function__"])


@fault("REG-36", "REG-37")
def an_instance_of_a_subclass_of_Parameter_is_not_registered(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Parameter) and type(value) is not nn.Parameter:
            vars(self)[name] = value
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("REG-37")
def a_parameter_made_of_a_custom_tensor_is_that_tensor(patch):
    def new(cls, data=None, requires_grad=True):
        if data is None or type(data) in (torch.Tensor, nn.Parameter):
            return NEW_PARAMETER(cls, data, requires_grad)
        data._is_param = True
        return data.requires_grad_(requires_grad) if data.is_leaf else data

    patch.setattr(nn.Parameter, "__new__", new)


@fault("REG-38", "REG-37")
def a_parameter_made_of_a_custom_tensor_is_computed_from_it(patch):
    def new(cls, data=None, requires_grad=True):
        if data is None or type(data) in (torch.Tensor, nn.Parameter):
            return NEW_PARAMETER(cls, data, requires_grad)
        computed = data.view_as(data)
        computed._is_param = True
        return computed

    patch.setattr(nn.Parameter, "__new__", new)


@fault("REG-39")
def a_parameter_made_of_a_custom_tensor_is_whatever_detaching_gives(patch):
    def new(cls, data=None, requires_grad=True):
        if data is None or type(data) in (torch.Tensor, nn.Parameter):
            return NEW_PARAMETER(cls, data, requires_grad)
        detached = data.detach().requires_grad_(requires_grad)
        detached._is_param = True
        return detached

    patch.setattr(nn.Parameter, "__new__", new)


@fault("REG-40", since="2.5")
def what_is_flagged_as_a_parameter_is_an_instance_of_every_kind_of_parameter(patch):
    def is_instance(cls, instance):
        return IS_INSTANCE(cls, instance) or getattr(instance, "_is_param", False)

    patch.setattr(type(nn.Parameter), "__instancecheck__", is_instance)


@fault("REG-41", "REG-37")
def a_parameter_is_known_by_its_type_only(patch):
    patch.setattr(type(nn.Parameter), "__instancecheck__", type.__instancecheck__)


@fault("REG-41", "REG-45")
def a_tensor_counts_as_a_parameter_where_it_has_the_flag_whatever_it_says(patch):
    def is_instance(cls, instance):
        return type.__instancecheck__(cls, instance) or hasattr(instance, "_is_param")

    patch.setattr(type(nn.Parameter), "__instancecheck__", is_instance)


@fault("REG-39")
def a_custom_tensor_may_become_one_of_a_subclass_when_it_is_detached(patch):
    def new(cls, data=None, requires_grad=True):
        detached = None if data is None else data.detach()
        if type(detached) is type(data) or not isinstance(detached, type(data)) or type(data) is torch.Tensor:
            return NEW_PARAMETER(cls, data, requires_grad)
        detached._is_param = True
        return detached.requires_grad_(requires_grad)

    patch.setattr(nn.Parameter, "__new__", new)
