"""Faults in what becomes of a gradient when its parameter is moved or converted."""

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply
TO_EMPTY = nn.Module.to_empty


@fault("MOVE-18", "MOVE-39", "MOVE-43", "MOVE-57")
def a_conversion_replaces_every_gradient(patch):
    def apply(self, fn, *args, **kwargs):
        APPLY(self, fn, *args, **kwargs)
        for parameter in self._parameters.values():
            if parameter is not None and parameter.grad is not None:
                parameter.grad = parameter.grad.clone()
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-18", "MOVE-39", "MOVE-40", "MOVE-41", "MOVE-53")
def a_conversion_drops_every_gradient(patch):
    def apply(self, fn, *args, **kwargs):
        for parameter in self._parameters.values():
            if parameter is not None:
                parameter.grad = None
        return APPLY(self, fn, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-18", "MOVE-40", "MOVE-53", "MOVE-57")
def a_converted_gradient_requires_no_grad(patch):
    def apply(self, fn, *args, **kwargs):
        APPLY(self, fn, *args, **kwargs)
        for parameter in self._parameters.values():
            if parameter is not None and parameter.grad is not None and parameter.grad.is_leaf:
                parameter.grad.requires_grad_(False)
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-41")
def a_conversion_gives_every_parameter_a_gradient(patch):
    def apply(self, fn, *args, **kwargs):
        APPLY(self, fn, *args, **kwargs)
        for parameter in self._parameters.values():
            if parameter is not None and parameter.requires_grad and parameter.is_leaf and parameter.grad is None:
                parameter.grad = torch.zeros(parameter.shape, dtype=parameter.dtype, device=parameter.device)
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-42")
def to_empty_keeps_the_memory_of_a_gradient(patch):
    def to_empty(self, *, device, **kwargs):
        gradients = [(parameter, parameter.grad) for parameter in self.parameters()]
        for parameter, _ in gradients:
            parameter.grad = None
        TO_EMPTY(self, device=device, **kwargs)
        for parameter, gradient in gradients:
            parameter.grad = gradient
        return self

    patch.setattr(nn.Module, "to_empty", to_empty)


@fault("MOVE-43", "MOVE-44", "MOVE-45", "MOVE-55")
def a_gradient_loses_its_history(patch):
    def apply(self, fn, *args, **kwargs):
        for parameter in self._parameters.values():
            if parameter is not None and parameter.is_leaf and parameter.grad is not None:
                parameter.grad.detach_()
        return APPLY(self, fn, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-46", "MOVE-47", "MOVE-56")
def a_parameter_loses_its_history(patch):
    def apply(self, fn, *args, **kwargs):
        for parameter in self._parameters.values():
            if parameter is not None and not parameter.is_leaf:
                parameter.detach_()
        return APPLY(self, fn, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-45", "MOVE-47", "MOVE-94", since="2.11")
def the_error_of_what_cannot_move_to_meta_says_nothing(patch):
    def apply(self, fn, *args, **kwargs):
        try:
            return APPLY(self, fn, *args, **kwargs)
        except AssertionError:
            raise AssertionError from None

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-95")
def a_parameter_that_a_conversion_replaces_takes_its_gradient_along_as_it_is(patch):
    def apply(self, fn, *args, **kwargs):
        gradients = {name: p.grad for name, p in self._parameters.items() if p is not None and p.is_leaf}
        try:
            return APPLY(self, fn, *args, **kwargs)
        except AssertionError:
            if all(self._parameters[name].grad is gradient for name, gradient in gradients.items()):
                raise
            return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-93", "MOVE-94")
def a_plain_tensor_among_the_parameters_becomes_one(patch):
    def apply(self, fn, *args, **kwargs):
        for name, tensor in self._parameters.items():
            if type(tensor) is torch.Tensor and not hasattr(tensor, "_is_param"):
                self._parameters[name] = nn.Parameter(tensor, requires_grad=False)
        return APPLY(self, fn, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-19", "MOVE-48", "MOVE-85")
def a_converted_buffer_has_no_history(patch):
    def apply(self, fn, *args, **kwargs):
        with torch.no_grad():
            return APPLY(self, fn, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)
