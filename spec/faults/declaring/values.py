"""Faults in which values can be registered, and what registration makes of them."""

import torch
from torch import nn

from .. import fault


@fault("REG-06", breaks="torch.nn.Module.__setattr__")
def a_parameter_is_also_in_vars(original, self, name, value):
    """`vars(module)` holds a parameter too."""
    original(self, name, value)
    if isinstance(value, nn.Parameter):
        vars(self)[name] = value


@fault("REG-07", breaks="torch.nn.Module.__setattr__")
def parameters_in_a_dict_are_registered(original, self, name, value):
    """The parameters in a plain dict are registered."""
    original(self, name, value)
    for key, held in value.items() if isinstance(value, dict) else ():
        if isinstance(held, nn.Parameter):
            nn.Module.register_parameter(self, f"{name}_{key}", held)


@fault("REG-08", breaks="torch.nn.Module.register_parameter")
def register_parameter_makes_a_parameter_of_a_tensor(original, self, name, param):
    """`register_parameter` makes a parameter of a plain tensor."""
    original(self, name, nn.Parameter(param) if type(param) is torch.Tensor else param)


@fault("REG-26", breaks="torch.nn.Module.register_buffer")
def register_buffer_makes_a_tensor_of_a_number(original, self, name, tensor, persistent=True):
    """`register_buffer` makes a tensor of a number."""
    original(self, name, torch.tensor(tensor) if isinstance(tensor, (int, float)) else tensor, persistent)


@fault("REG-27", breaks="torch.nn.Module.register_buffer")
def an_object_with_torch_function_cannot_be_a_buffer(original, self, name, tensor, persistent=True):
    """`register_buffer` of an object with `__torch_function__` raises `TypeError`."""
    if not isinstance(tensor, (torch.Tensor, type(None))):
        raise TypeError("cannot assign object to buffer (torch Tensor or None required)")
    original(self, name, tensor, persistent)


@fault("REG-09", breaks="torch.nn.Module.register_buffer")
def register_buffer_makes_a_tensor_of_a_parameter(original, self, name, tensor, persistent=True):
    """`register_buffer` makes a plain tensor of a parameter."""
    original(self, name, tensor.detach() if isinstance(tensor, nn.Parameter) else tensor, persistent)


@fault("REG-10", breaks="torch.nn.Module.register_buffer")
def register_buffer_makes_a_view_contiguous(original, self, name, tensor, persistent=True):
    """`register_buffer` makes a view contiguous."""
    original(self, name, tensor.contiguous() if isinstance(tensor, torch.Tensor) else tensor, persistent)


@fault("REG-15", breaks="torch.nn.Module.register_buffer")
def register_buffer_makes_bool_uint8(original, self, name, tensor, persistent=True):
    """`register_buffer` converts bool to `torch.uint8`."""
    if isinstance(tensor, torch.Tensor) and tensor.dtype is torch.bool:
        tensor = tensor.to(torch.uint8)
    original(self, name, tensor, persistent)


@fault("REG-13", breaks="torch.nn.Module.register_buffer")
def register_buffer_detaches(original, self, name, tensor, persistent=True):
    """`register_buffer` detaches a tensor that has a `grad_fn`."""
    if isinstance(tensor, torch.Tensor) and not tensor.is_leaf:
        tensor = tensor.detach()
    original(self, name, tensor, persistent)


@fault("REG-13", breaks="torch.nn.Module.register_parameter")
def register_parameter_takes_a_parameter_with_history(original, self, name, param):
    """`register_parameter` takes a parameter that has a `grad_fn`."""
    if isinstance(param, nn.Parameter) and param.grad_fn is not None:
        self._parameters[name] = param
    else:
        original(self, name, param)


@fault("REG-11", "REG-30", breaks="torch.nn.Parameter.__new__")
def a_parameter_copies_its_data(original, cls, data=None, requires_grad=True):
    """`nn.Parameter(tensor)` copies the tensor."""
    return original(cls, None if data is None else data.clone(), requires_grad)


@fault("REG-12", breaks="torch.nn.Parameter.__new__")
def a_parameter_of_a_computed_tensor_keeps_its_history(original, cls, data=None, requires_grad=True):
    """`nn.Parameter(tensor)` of a tensor that has a `grad_fn` keeps it."""
    if data is None or data.grad_fn is None:
        return original(cls, data, requires_grad)
    data._is_param = True
    return data


@fault("REG-14", breaks="torch.nn.Parameter.__new__")
def a_parameter_of_integer_dtype_is_frozen_by_itself(original, cls, data=None, requires_grad=True):
    """`nn.Parameter(tensor)` of an integer tensor is frozen and raises nothing."""
    differentiable = data is None or data.is_floating_point() or data.is_complex()
    return original(cls, data, requires_grad and differentiable)


@fault("REG-17", breaks="torch.nn.Parameter.__new__")
def a_parameter_made_where_gradients_are_off_is_frozen(original, cls, data=None, requires_grad=True):
    """A parameter made under `torch.no_grad()` is frozen."""
    return original(cls, data, requires_grad and torch.is_grad_enabled())


@fault("REG-29", breaks="torch.nn.Parameter.__new__")
def a_parameter_without_data_is_frozen(original, cls, data=None, requires_grad=True):
    """`nn.Parameter()` is frozen."""
    return original(cls, data, requires_grad and data is not None)


@fault("REG-16", breaks="torch.nn.Module.__init__")
def a_parameter_in_the_class_body_is_registered(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    self._parameters.update({k: v for k, v in vars(type(self)).items() if isinstance(v, nn.Parameter)})


@fault("REG-20", breaks=("torch.nn.Parameter.double", "torch.nn.Parameter.half", "torch.nn.Parameter.bfloat16"))
def a_converted_parameter_is_a_parameter(original, self):
    """`parameter.double()` is a parameter."""
    return nn.Parameter(original(self.data))


@fault("REG-28", breaks="torch.nn.Parameter.float")
def a_parameter_that_already_is_as_it_should_become_is_copied(original, self):
    """`parameter.float()` returns a copy of a parameter of dtype float32."""
    return self.clone()


@fault("REG-26", breaks="torch.nn.Module.register_buffer")
def a_refused_buffer_makes_the_buffer_that_is_there_non_persistent(original, self, name, tensor, persistent=True):
    """`register_buffer` that raises `TypeError` makes the buffer of that name non-persistent."""
    try:
        original(self, name, tensor, persistent)
    except TypeError:
        self._non_persistent_buffers_set.add(name)
        raise
