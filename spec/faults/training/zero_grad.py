"""Faults in what ``zero_grad()`` of a module resets."""

import warnings

import torch
from torch import nn

from .. import fault


@fault("GRAD-07", breaks="torch.nn.Module.zero_grad")
def zero_grad_fills_with_zeros_by_default(original, self, set_to_none=False):
    """`zero_grad()` fills gradients with zeros by default."""
    return original(self, set_to_none)


@fault("GRAD-30", breaks="torch.nn.Module.zero_grad")
def zero_grad_removes_gradients_by_default(original, self, set_to_none=True):
    """Before torch 2.0, `zero_grad()` set gradients to None by default."""
    return original(self, set_to_none)


@fault("GRAD-32", "GRAD-33", "GRAD-34", "GRAD-35", "GRAD-36", "GRAD-40", breaks="torch.nn.Module.zero_grad")
def zero_grad_always_removes_gradients(original, self, set_to_none=True):
    """`zero_grad(set_to_none=False)` sets gradients to None."""
    return original(self, True)


@fault("GRAD-31", "GRAD-33", "GRAD-37", breaks="torch.nn.Module.zero_grad")
def zero_grad_never_removes_gradients(original, self, set_to_none=True):
    """`zero_grad(set_to_none=True)` fills gradients with zeros."""
    return original(self, False)


@fault("GRAD-32", breaks="torch.nn.Module.zero_grad")
def zeroing_replaces_the_gradients(original, self, set_to_none=True):
    """`zero_grad(set_to_none=False)` gives a parameter a new tensor of zeros as gradient."""
    for parameter in self.parameters():
        if parameter.grad is not None:
            parameter.grad = None if set_to_none else torch.zeros_like(parameter)


@fault("GRAD-48", breaks="torch.nn.Module.zero_grad")
def zeroing_detaches_every_gradient_in_place(original, self, set_to_none=True):
    """`zero_grad(set_to_none=False)` raises `RuntimeError` for a gradient that is a view."""
    for parameter in self.parameters():
        if parameter.grad is not None and not set_to_none:
            parameter.grad.detach_()
    original(self, set_to_none)


@fault("GRAD-31", breaks="torch.nn.Module.zero_grad")
def removed_gradients_are_filled_with_zeros(original, self, set_to_none=True):
    """`zero_grad(set_to_none=True)` fills the gradient tensors with zeros, too."""
    original(self, False)
    original(self, set_to_none)


@fault("GRAD-32", breaks="torch.nn.Module.zero_grad")
def zero_grad_returns_the_module(original, self, *args, **kwargs):
    """`zero_grad()` returns the module."""
    original(self, *args, **kwargs)
    return self


@fault("GRAD-33", breaks="torch.nn.Module.zero_grad")
def zeroing_makes_gradients_where_there_are_none(original, self, set_to_none=True):
    """`zero_grad(set_to_none=False)` gives a parameter without gradient one of zeros."""
    original(self, set_to_none)
    for parameter in () if set_to_none else self.parameters():
        parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


@fault("GRAD-05", "GRAD-08", breaks="torch.nn.Module.zero_grad")
def zero_grad_resets_what_is_no_parameter(original, self, set_to_none=False):
    """`zero_grad()` resets the gradients of buffers and plain tensors too."""
    original(self, set_to_none)
    for tensor in [*self.buffers(), *vars(self).values()]:
        if isinstance(tensor, torch.Tensor):
            tensor.grad = None


@fault("GRAD-34", breaks="torch.nn.Module.zero_grad")
def zero_grad_leaves_out_frozen_parameters(original, self, set_to_none=True):
    """`zero_grad()` leaves the gradient of a frozen parameter."""
    kept = {parameter: parameter.grad for parameter in self.parameters() if not parameter.requires_grad}
    for parameter in kept:
        parameter.grad = None
    original(self, set_to_none)
    for parameter, gradient in kept.items():
        parameter.grad = gradient


@fault("GRAD-35", "GRAD-36", breaks="torch.nn.Module.zero_grad")
def zeroing_leaves_the_history_of_gradients(original, self, set_to_none=True):
    """`zero_grad(set_to_none=False)` doesn't detach a gradient that has a `grad_fn`."""
    for parameter in self.parameters():
        if set_to_none:
            parameter.grad = None
        elif parameter.grad is not None:
            parameter.grad.detach().zero_()


@fault("GRAD-31", "GRAD-32", breaks="torch.nn.Module.zero_grad")
def zero_grad_does_not_reach_submodules(original, self, set_to_none=True):
    """`zero_grad()` doesn't reach submodules."""
    for parameter in self.parameters(recurse=False):
        if parameter.grad is not None:
            parameter.grad = None if set_to_none else parameter.grad.zero_()


@fault("GRAD-38", breaks="torch.nn.Module.zero_grad")
def zero_grad_of_a_replica_is_silent(original, self, *args, **kwargs):
    """`zero_grad()` of a replica of `nn.DataParallel` gives no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original(self, *args, **kwargs)


@fault("GRAD-38", breaks="torch.nn.Module._replicate_for_data_parallel")
def zero_grad_of_a_replica_resets_the_original(original, self):
    """`zero_grad()` of a replica of `nn.DataParallel` resets the gradients of the original."""
    replica = original(self)
    replica._parameters = self._parameters
    return replica


@fault("GRAD-40")
def zero_grad_of_any_module_warns(patch):
    """`zero_grad()` of any module warns as that of a replica does."""
    patch.setattr(nn.Module, "_is_replica", True, raising=False)


@fault("GRAD-39", breaks="torch.nn.Module.zero_grad")
def the_warning_of_a_replica_points_into_torch(original, self, *args, **kwargs):
    """The warning of `zero_grad()` in a replica doesn't point at the caller."""
    return original(self, *args, **kwargs)
