"""Faults in how a value becomes a parameter, a buffer or neither."""

import torch
from torch import nn

from .. import fault

MODULE_SETATTR = nn.Module.__setattr__
REGISTER_BUFFER = nn.Module.register_buffer
REGISTER_PARAMETER = nn.Module.register_parameter


NEW_PARAMETER = nn.Parameter.__new__


@fault("REG-01", "REG-18")
def a_frozen_parameter_is_not_registered_by_assignment(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Parameter) and not value.requires_grad:
            vars(self)[name] = value
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("REG-02")
def register_parameter_registers_a_copy(patch):
    def register_parameter(self, name, param):
        REGISTER_PARAMETER(self, name, param if param is None else nn.Parameter(param.data, param.requires_grad))

    patch.setattr(nn.Module, "register_parameter", register_parameter)


@fault("REG-03")
def register_buffer_registers_a_copy(patch):
    def register_buffer(self, name, tensor, persistent=True):
        REGISTER_BUFFER(self, name, tensor if tensor is None else tensor.clone(), persistent)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("REG-04")
def assigning_a_bare_tensor_registers_a_buffer(patch):
    def setattr(self, name, value):
        if type(value) is torch.Tensor and not hasattr(self, name):
            self.register_buffer(name, value)
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("REG-05")
def assigning_a_python_float_registers_a_buffer(patch):
    def setattr(self, name, value):
        if isinstance(value, float) and not hasattr(self, name):
            self.register_buffer(name, torch.tensor(value))
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("REG-18", "GRAD-01")
def a_parameter_is_frozen_by_default(patch):
    def new(cls, data=None, requires_grad=False):
        return NEW_PARAMETER(cls, data, requires_grad)

    patch.setattr(nn.Parameter, "__new__", new)


@fault("REG-18", "ENUM-11", "GRAD-16")
def a_parameter_cannot_be_frozen(patch):
    def new(cls, data=None, requires_grad=True):
        differentiable = data is not None and (data.is_floating_point() or data.is_complex())
        return NEW_PARAMETER(cls, data, requires_grad or differentiable)

    patch.setattr(nn.Parameter, "__new__", new)


@fault("REG-19", "GRAD-04")
def register_buffer_turns_requires_grad_off(patch):
    def register_buffer(self, name, tensor, persistent=True):
        if isinstance(tensor, torch.Tensor) and tensor.is_leaf:
            tensor.requires_grad_(False)
        REGISTER_BUFFER(self, name, tensor, persistent)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("REG-46")
def register_module_asks_no_overridden_add_module(patch):
    patch.setattr(nn.Module, "register_module", nn.Module.add_module)


@fault("REG-47")
def only_True_makes_a_buffer_persistent(patch):
    def register_buffer(self, name, tensor, persistent=True):
        REGISTER_BUFFER(self, name, tensor, persistent is True)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("REG-47")
def only_False_makes_a_buffer_non_persistent(patch):
    def register_buffer(self, name, tensor, persistent=True):
        REGISTER_BUFFER(self, name, tensor, persistent is not False)

    patch.setattr(nn.Module, "register_buffer", register_buffer)
