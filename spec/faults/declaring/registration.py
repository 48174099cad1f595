"""Faults in how a value becomes a parameter, a buffer or neither."""

import torch
from torch import nn

from .. import fault


@fault("REG-01", "REG-18", breaks="torch.nn.Module.__setattr__")
def a_frozen_parameter_is_not_registered_by_assignment(original, self, name, value):
    if isinstance(value, nn.Parameter) and not value.requires_grad:
        vars(self)[name] = value
    else:
        original(self, name, value)


@fault("REG-02", breaks="torch.nn.Module.register_parameter")
def register_parameter_registers_a_copy(original, self, name, param):
    """`register_parameter` registers a copy."""
    original(self, name, param if param is None else nn.Parameter(param.data, param.requires_grad))


@fault("REG-03", breaks="torch.nn.Module.register_buffer")
def register_buffer_registers_a_copy(original, self, name, tensor, persistent=True):
    """`register_buffer` registers a copy."""
    original(self, name, tensor if tensor is None else tensor.clone(), persistent)


@fault("REG-04", breaks="torch.nn.Module.__setattr__")
def assigning_a_bare_tensor_registers_a_buffer(original, self, name, value):
    """Assigning a plain tensor registers a buffer."""
    if type(value) is torch.Tensor and not hasattr(self, name):
        self.register_buffer(name, value)
    else:
        original(self, name, value)


@fault("REG-05", breaks="torch.nn.Module.__setattr__")
def assigning_a_python_float_registers_a_buffer(original, self, name, value):
    if isinstance(value, float) and not hasattr(self, name):
        self.register_buffer(name, torch.tensor(value))
    else:
        original(self, name, value)


@fault("REG-18", "GRAD-01", breaks="torch.nn.Parameter.__new__")
def a_parameter_is_frozen_by_default(original, cls, data=None, requires_grad=False):
    return original(cls, data, requires_grad)


@fault("REG-18", "ENUM-11", "GRAD-16", breaks="torch.nn.Parameter.__new__")
def a_parameter_cannot_be_frozen(original, cls, data=None, requires_grad=True):
    differentiable = data is not None and (data.is_floating_point() or data.is_complex())
    return original(cls, data, requires_grad or differentiable)


@fault("REG-19", "GRAD-04", breaks="torch.nn.Module.register_buffer")
def register_buffer_turns_requires_grad_off(original, self, name, tensor, persistent=True):
    """`register_buffer` sets `requires_grad` of the tensor to False."""
    if isinstance(tensor, torch.Tensor) and tensor.is_leaf:
        tensor.requires_grad_(False)
    original(self, name, tensor, persistent)


@fault("REG-46", breaks="torch.nn.Module.register_module")
def register_module_asks_no_overridden_add_module(original, self, name, module):
    """`register_module()` doesn't call an `add_module()` that the class overrides."""
    nn.Module.add_module(self, name, module)


@fault("REG-47", breaks="torch.nn.Module.register_buffer")
def only_True_makes_a_buffer_persistent(original, self, name, tensor, persistent=True):
    """`register_buffer` makes a buffer non-persistent unless `persistent` is True itself."""
    original(self, name, tensor, persistent is True)


@fault("REG-47", breaks="torch.nn.Module.register_buffer")
def only_False_makes_a_buffer_non_persistent(original, self, name, tensor, persistent=True):
    """`register_buffer` makes a buffer persistent unless `persistent` is False itself."""
    original(self, name, tensor, persistent is not False)
