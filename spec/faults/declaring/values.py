"""Faults in which values can be registered, and what registration makes of them."""

import torch
from torch import nn

from .. import fault

INIT = nn.Module.__init__
MODULE_SETATTR = nn.Module.__setattr__
NEW_PARAMETER = nn.Parameter.__new__
REGISTER_BUFFER = nn.Module.register_buffer
REGISTER_PARAMETER = nn.Module.register_parameter


def making_parameters(patch, change):
    """Let ``change(data, requires_grad)`` come before every ``nn.Parameter``; it returns both."""

    def new(cls, data=None, requires_grad=True):
        return NEW_PARAMETER(cls, *change(data, requires_grad))

    patch.setattr(nn.Parameter, "__new__", new)


def registering_buffers(patch, change):
    """Let ``change(tensor)`` come before every registration of a buffer; what it returns is registered."""

    def register_buffer(self, name, tensor, persistent=True):
        REGISTER_BUFFER(self, name, change(tensor), persistent)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("REG-06")
def a_parameter_is_also_in_vars(patch):
    def setattr(self, name, value):
        MODULE_SETATTR(self, name, value)
        if isinstance(value, nn.Parameter):
            vars(self)[name] = value

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("REG-07")
def parameters_in_a_dict_are_registered(patch):
    def setattr(self, name, value):
        MODULE_SETATTR(self, name, value)
        for key, held in value.items() if isinstance(value, dict) else ():
            if isinstance(held, nn.Parameter):
                REGISTER_PARAMETER(self, f"{name}_{key}", held)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("REG-08")
def register_parameter_makes_a_parameter_of_a_tensor(patch):
    def register_parameter(self, name, param):
        REGISTER_PARAMETER(self, name, nn.Parameter(param) if type(param) is torch.Tensor else param)

    patch.setattr(nn.Module, "register_parameter", register_parameter)


@fault("REG-26")
def register_buffer_makes_a_tensor_of_a_number(patch):
    registering_buffers(patch, lambda value: torch.tensor(value) if isinstance(value, (int, float)) else value)


@fault("REG-27", since="2.9")
def an_object_with_torch_function_cannot_be_a_buffer(patch):
    def refuse(value):
        if not isinstance(value, (torch.Tensor, type(None))):
            raise TypeError("cannot assign object to buffer (torch Tensor or None required)")
        return value

    registering_buffers(patch, refuse)


@fault("REG-09")
def register_buffer_makes_a_tensor_of_a_parameter(patch):
    registering_buffers(patch, lambda value: value.detach() if isinstance(value, nn.Parameter) else value)


@fault("REG-10")
def register_buffer_makes_a_view_contiguous(patch):
    registering_buffers(patch, lambda value: value.contiguous() if isinstance(value, torch.Tensor) else value)


@fault("REG-15")
def register_buffer_makes_bool_uint8(patch):
    def change(value):
        return value.to(torch.uint8) if isinstance(value, torch.Tensor) and value.dtype is torch.bool else value

    registering_buffers(patch, change)


@fault("REG-13")
def register_buffer_detaches(patch):
    registering_buffers(
        patch, lambda value: value.detach() if isinstance(value, torch.Tensor) and not value.is_leaf else value
    )


@fault("REG-13")
def register_parameter_takes_a_parameter_with_history(patch):
    def register_parameter(self, name, param):
        if isinstance(param, nn.Parameter) and param.grad_fn is not None:
            self._parameters[name] = param
        else:
            REGISTER_PARAMETER(self, name, param)

    patch.setattr(nn.Module, "register_parameter", register_parameter)


@fault("REG-11", "REG-30")
def a_parameter_copies_its_data(patch):
    making_parameters(patch, lambda data, requires_grad: (None if data is None else data.clone(), requires_grad))


@fault("REG-12")
def a_parameter_of_a_computed_tensor_keeps_its_history(patch):
    def new(cls, data=None, requires_grad=True):
        if data is None or data.grad_fn is None:
            return NEW_PARAMETER(cls, data, requires_grad)
        data._is_param = True
        return data

    patch.setattr(nn.Parameter, "__new__", new)


@fault("REG-14")
def a_parameter_of_integer_dtype_is_frozen_by_itself(patch):
    def change(data, requires_grad):
        differentiable = data is None or data.is_floating_point() or data.is_complex()
        return data, requires_grad and differentiable

    making_parameters(patch, change)


@fault("REG-17")
def a_parameter_made_where_gradients_are_off_is_frozen(patch):
    making_parameters(patch, lambda data, requires_grad: (data, requires_grad and torch.is_grad_enabled()))


@fault("REG-29")
def a_parameter_without_data_is_frozen(patch):
    making_parameters(patch, lambda data, requires_grad: (data, requires_grad and data is not None))


@fault("REG-16")
def a_parameter_in_the_class_body_is_registered(patch):
    def init(self, *args, **kwargs):
        INIT(self, *args, **kwargs)
        self._parameters.update({k: v for k, v in vars(type(self)).items() if isinstance(v, nn.Parameter)})

    patch.setattr(nn.Module, "__init__", init)


@fault("REG-20")
def a_converted_parameter_is_a_parameter(patch):
    for name in ("double", "half", "bfloat16"):
        convert = getattr(torch.Tensor, name)
        changed = lambda self, convert=convert: nn.Parameter(convert(self.data))  # noqa: E731
        patch.setattr(nn.Parameter, name, changed, raising=False)


@fault("REG-28")
def a_parameter_that_already_is_as_it_should_become_is_copied(patch):
    patch.setattr(nn.Parameter, "float", lambda self: self.clone(), raising=False)


@fault("REG-43")
def a_ScriptModule_takes_no_buffers(patch):
    def register_buffer(self, name, tensor, persistent=True):
        REGISTER_BUFFER(self, name, tensor, persistent and not isinstance(self, torch.jit.ScriptModule))

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("REG-43")
def a_ScriptModule_takes_buffers_that_are_not_persistent(patch):
    def register_buffer(self, name, tensor, persistent=True):
        REGISTER_BUFFER(self, name, tensor, persistent or isinstance(self, torch.jit.ScriptModule))

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("REG-26")
def a_refused_buffer_makes_the_buffer_that_is_there_non_persistent(patch):
    def register_buffer(self, name, tensor, persistent=True):
        try:
            REGISTER_BUFFER(self, name, tensor, persistent)
        except TypeError:
            self._non_persistent_buffers_set.add(name)
            raise

    patch.setattr(nn.Module, "register_buffer", register_buffer)
