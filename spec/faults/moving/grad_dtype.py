"""Faults in the dtype that a parameter wants its gradient in."""

import torch

from .. import fault


@fault("MOVE-102", "MOVE-103", "MOVE-104", "MOVE-106", "MOVE-107", "MOVE-108", since="2.10")
def setting_a_grad_dtype_does_nothing(patch):
    """Setting `grad_dtype` does nothing."""
    patch.setattr(
        torch.Tensor, "grad_dtype", property(lambda self: self.dtype, lambda self, dtype: None), raising=False
    )


@fault("MOVE-103", "MOVE-104", breaks="torch.nn.Module._apply", since="2.10")
def a_conversion_resets_grad_dtype(original, self, fn, *args, **kwargs):
    """A conversion sets the `grad_dtype` of each parameter to its dtype."""
    original(self, fn, *args, **kwargs)
    for parameter in self._parameters.values():
        if parameter is not None and parameter.grad is None:
            parameter.grad_dtype = parameter.dtype
        elif parameter is not None:
            gradient, parameter.grad = parameter.grad, None
            parameter.grad_dtype = parameter.dtype
            parameter.grad = gradient.to(parameter.dtype)
    return self


@fault("MOVE-105", breaks="torch.nn.Module._apply", since="2.10")
def a_new_parameter_takes_the_grad_dtype_of_the_old_one(original, self, fn, *args, **kwargs):
    """A parameter that a conversion makes anew has the `grad_dtype` of the one before."""
    before = {
        name: parameter.grad_dtype
        for name, parameter in self._parameters.items()
        if parameter is not None and parameter.grad_dtype is not parameter.dtype
    }
    original(self, fn, *args, **kwargs)
    for name, dtype in before.items():
        if self._parameters[name].grad is None:
            self._parameters[name].grad_dtype = dtype
    return self


@fault("MOVE-106", breaks="torch.nn.Module.load_state_dict", since="2.10")
def a_load_resets_grad_dtype(original, self, *args, **kwargs):
    """`load_state_dict()` sets the `grad_dtype` of each parameter to its dtype."""
    result = original(self, *args, **kwargs)
    for parameter in self.parameters():
        parameter.grad_dtype = parameter.dtype
    return result
