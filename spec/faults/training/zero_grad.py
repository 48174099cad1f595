"""Faults in what ``zero_grad()`` of a module resets."""

import warnings

import torch
from torch import nn

from .. import fault

ZERO_GRAD = nn.Module.zero_grad


@fault("GRAD-07", since="2.0")
def zero_grad_fills_with_zeros_by_default(patch):
    patch.setattr(nn.Module, "zero_grad", lambda self, set_to_none=False: ZERO_GRAD(self, set_to_none))


@fault("GRAD-30", until="2.0")
def zero_grad_removes_gradients_by_default(patch):
    patch.setattr(nn.Module, "zero_grad", lambda self, set_to_none=True: ZERO_GRAD(self, set_to_none))


@fault("GRAD-32", "GRAD-33", "GRAD-34", "GRAD-35", "GRAD-36", "GRAD-40")
def zero_grad_always_removes_gradients(patch):
    patch.setattr(nn.Module, "zero_grad", lambda self, set_to_none=True: ZERO_GRAD(self, True))


@fault("GRAD-31", "GRAD-33", "GRAD-37")
def zero_grad_never_removes_gradients(patch):
    patch.setattr(nn.Module, "zero_grad", lambda self, set_to_none=True: ZERO_GRAD(self, False))


@fault("GRAD-32")
def zeroing_replaces_the_gradients(patch):
    def zero_grad(self, set_to_none=True):
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else torch.zeros_like(parameter)

    patch.setattr(nn.Module, "zero_grad", zero_grad)


@fault("GRAD-48")
def zeroing_detaches_every_gradient_in_place(patch):
    def zero_grad(self, set_to_none=True):
        for parameter in self.parameters():
            if parameter.grad is not None and not set_to_none:
                parameter.grad.detach_()
        ZERO_GRAD(self, set_to_none)

    patch.setattr(nn.Module, "zero_grad", zero_grad)


@fault("GRAD-31")
def removed_gradients_are_filled_with_zeros(patch):
    def zero_grad(self, set_to_none=True):
        ZERO_GRAD(self, False)
        ZERO_GRAD(self, set_to_none)

    patch.setattr(nn.Module, "zero_grad", zero_grad)


@fault("GRAD-32")
def zero_grad_returns_the_module(patch):
    def zero_grad(self, *args, **kwargs):
        ZERO_GRAD(self, *args, **kwargs)
        return self

    patch.setattr(nn.Module, "zero_grad", zero_grad)


@fault("GRAD-33")
def zeroing_makes_gradients_where_there_are_none(patch):
    def zero_grad(self, set_to_none=True):
        ZERO_GRAD(self, set_to_none)
        for parameter in () if set_to_none else self.parameters():
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad

    patch.setattr(nn.Module, "zero_grad", zero_grad)


@fault("GRAD-05", "GRAD-08")
def zero_grad_resets_what_is_no_parameter(patch):
    def zero_grad(self, set_to_none=False):
        ZERO_GRAD(self, set_to_none)
        for tensor in [*self.buffers(), *vars(self).values()]:
            if isinstance(tensor, torch.Tensor):
                tensor.grad = None

    patch.setattr(nn.Module, "zero_grad", zero_grad)


@fault("GRAD-34")
def zero_grad_leaves_out_frozen_parameters(patch):
    def zero_grad(self, set_to_none=True):
        kept = {parameter: parameter.grad for parameter in self.parameters() if not parameter.requires_grad}
        for parameter in kept:
            parameter.grad = None
        ZERO_GRAD(self, set_to_none)
        for parameter, gradient in kept.items():
            parameter.grad = gradient

    patch.setattr(nn.Module, "zero_grad", zero_grad)


@fault("GRAD-35", "GRAD-36")
def zeroing_leaves_the_history_of_gradients(patch):
    def zero_grad(self, set_to_none=True):
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.detach().zero_()

    patch.setattr(nn.Module, "zero_grad", zero_grad)


@fault("GRAD-31", "GRAD-32")
def zero_grad_does_not_reach_submodules(patch):
    def zero_grad(self, set_to_none=True):
        for parameter in self.parameters(recurse=False):
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else parameter.grad.zero_()

    patch.setattr(nn.Module, "zero_grad", zero_grad)


@fault("GRAD-38")
def zero_grad_of_a_replica_is_silent(patch):
    def zero_grad(self, *args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ZERO_GRAD(self, *args, **kwargs)

    patch.setattr(nn.Module, "zero_grad", zero_grad)


@fault("GRAD-38")
def zero_grad_of_a_replica_resets_the_original(patch):
    replicate = nn.Module._replicate_for_data_parallel

    def with_parameters(self):
        replica = replicate(self)
        replica._parameters = self._parameters
        return replica

    patch.setattr(nn.Module, "_replicate_for_data_parallel", with_parameters)


@fault("GRAD-40")
def zero_grad_of_any_module_warns(patch):
    patch.setattr(nn.Module, "_is_replica", True, raising=False)


@fault("GRAD-39", since="2.10")
def the_warning_of_a_replica_points_into_torch(patch):
    patch.setattr(nn.Module, "zero_grad", lambda self, *args, **kwargs: ZERO_GRAD(self, *args, **kwargs))
