"""Faults in what becomes of a gradient when its parameter is moved or converted."""

import torch
from torch import nn

from .. import fault


@fault("MOVE-18", "MOVE-39", "MOVE-43", "MOVE-57", breaks="torch.nn.Module._apply")
def a_conversion_replaces_every_gradient(original, self, fn, *args, **kwargs):
    original(self, fn, *args, **kwargs)
    for parameter in self._parameters.values():
        if parameter is not None and parameter.grad is not None:
            parameter.grad = parameter.grad.clone()
    return self


@fault("MOVE-18", "MOVE-39", "MOVE-40", "MOVE-41", "MOVE-53", breaks="torch.nn.Module._apply")
def a_conversion_drops_every_gradient(original, self, fn, *args, **kwargs):
    for parameter in self._parameters.values():
        if parameter is not None:
            parameter.grad = None
    return original(self, fn, *args, **kwargs)


@fault("MOVE-18", "MOVE-40", "MOVE-53", "MOVE-57", breaks="torch.nn.Module._apply")
def a_converted_gradient_requires_no_grad(original, self, fn, *args, **kwargs):
    original(self, fn, *args, **kwargs)
    for parameter in self._parameters.values():
        if parameter is not None and parameter.grad is not None and parameter.grad.is_leaf:
            parameter.grad.requires_grad_(False)
    return self


@fault("MOVE-41", breaks="torch.nn.Module._apply")
def a_conversion_gives_every_parameter_a_gradient(original, self, fn, *args, **kwargs):
    original(self, fn, *args, **kwargs)
    for parameter in self._parameters.values():
        if parameter is not None and parameter.requires_grad and parameter.is_leaf and parameter.grad is None:
            parameter.grad = torch.zeros(parameter.shape, dtype=parameter.dtype, device=parameter.device)
    return self


@fault("MOVE-42", breaks="torch.nn.Module.to_empty")
def to_empty_keeps_the_memory_of_a_gradient(original, self, *, device, **kwargs):
    """`to_empty()` leaves every gradient as it is."""
    gradients = [(parameter, parameter.grad) for parameter in self.parameters()]
    for parameter, _ in gradients:
        parameter.grad = None
    original(self, device=device, **kwargs)
    for parameter, gradient in gradients:
        parameter.grad = gradient
    return self


@fault("MOVE-43", "MOVE-44", "MOVE-45", "MOVE-55", breaks="torch.nn.Module._apply")
def a_gradient_loses_its_history(original, self, fn, *args, **kwargs):
    """A conversion detaches a gradient that has a graph."""
    for parameter in self._parameters.values():
        if parameter is not None and parameter.is_leaf and parameter.grad is not None:
            parameter.grad.detach_()
    return original(self, fn, *args, **kwargs)


@fault("MOVE-46", "MOVE-47", "MOVE-56", breaks="torch.nn.Module._apply")
def a_parameter_loses_its_history(original, self, fn, *args, **kwargs):
    """A conversion detaches a parameter that is no leaf."""
    for parameter in self._parameters.values():
        if parameter is not None and not parameter.is_leaf:
            parameter.detach_()
    return original(self, fn, *args, **kwargs)


@fault("MOVE-45", "MOVE-47", "MOVE-94", breaks="torch.nn.Module._apply")
def the_error_of_what_cannot_move_to_meta_says_nothing(original, self, fn, *args, **kwargs):
    """The error of a module that can't move to the meta device has no message."""
    try:
        return original(self, fn, *args, **kwargs)
    except AssertionError:
        raise AssertionError from None


@fault("MOVE-95", breaks="torch.nn.Module._apply")
def a_parameter_that_a_conversion_replaces_takes_its_gradient_along_as_it_is(original, self, fn, *args, **kwargs):
    """A conversion that replaces a parameter raises nothing where it can't convert its gradient."""
    gradients = {name: p.grad for name, p in self._parameters.items() if p is not None and p.is_leaf}
    try:
        return original(self, fn, *args, **kwargs)
    except AssertionError:
        if all(self._parameters[name].grad is gradient for name, gradient in gradients.items()):
            raise
        return self


@fault("MOVE-93", "MOVE-94", breaks="torch.nn.Module._apply")
def a_plain_tensor_among_the_parameters_becomes_one(original, self, fn, *args, **kwargs):
    """A conversion makes a parameter of a plain tensor in `_parameters`."""
    for name, tensor in self._parameters.items():
        if type(tensor) is torch.Tensor and not hasattr(tensor, "_is_param"):
            self._parameters[name] = nn.Parameter(tensor, requires_grad=False)
    return original(self, fn, *args, **kwargs)


@fault("MOVE-19", "MOVE-48", "MOVE-85", breaks="torch.nn.Module._apply")
def a_converted_buffer_has_no_history(original, self, fn, *args, **kwargs):
    """A conversion detaches a buffer that has a graph."""
    with torch.no_grad():
        return original(self, fn, *args, **kwargs)
