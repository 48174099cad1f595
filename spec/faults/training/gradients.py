"""Faults in who gets a gradient."""

import torch
from torch import nn

from .. import fault

BACKWARD = torch.Tensor.backward
GRAD = torch.Tensor.grad
REGISTER_BUFFER = nn.Module.register_buffer


def leaves(tensor):
    """The leaves that the backward of ``tensor`` accumulates gradients in."""
    found, waiting = [], [tensor.grad_fn]
    while waiting:
        function = waiting.pop()
        if hasattr(function, "variable"):
            found.append(function.variable)
        elif function is not None:
            waiting += [next for next, _ in function.next_functions]
    return found


@fault("GRAD-02", "GRAD-03", "GRAD-14", "GRAD-21", "GRAD-42")
def backward_doubles_every_gradient(patch):
    def backward(self, gradient=None, *args, **kwargs):
        BACKWARD(self * 2, gradient, *args, **kwargs)

    patch.setattr(torch.Tensor, "backward", backward)


@fault("GRAD-01")
def backward_leaves_vectors_without_a_gradient(patch):
    def backward(self, *args, **kwargs):
        BACKWARD(self, *args, **kwargs)
        for leaf in leaves(self):
            leaf.grad = None if leaf.dim() == 1 else leaf.grad

    patch.setattr(torch.Tensor, "backward", backward)


@fault("GRAD-16")
def a_buffer_is_registered_with_a_gradient(patch):
    def register_buffer(self, name, tensor, persistent=True):
        REGISTER_BUFFER(self, name, tensor, persistent)
        if tensor is not None and tensor.is_floating_point() and tensor.is_leaf:
            tensor.grad = torch.zeros_like(tensor)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("GRAD-04")
def parameters_lists_a_buffer_that_requires_grad(patch):
    parameters = nn.Module.parameters

    def listed(self, recurse=True):
        yield from parameters(self, recurse)
        yield from (buffer for buffer in self.buffers(recurse) if buffer.requires_grad)

    patch.setattr(nn.Module, "parameters", listed)


@fault("GRAD-17", "GRAD-26")
def backward_puts_the_sum_of_gradients_in_a_new_tensor(patch):
    def backward(self, *args, **kwargs):
        for leaf in leaves(self):
            leaf.grad = None if leaf.grad is None else leaf.grad.clone()
        BACKWARD(self, *args, **kwargs)

    patch.setattr(torch.Tensor, "backward", backward)


@fault("GRAD-05", "GRAD-17", "GRAD-20")
def backward_forgets_the_gradient_that_is_there(patch):
    def backward(self, *args, **kwargs):
        for leaf in leaves(self):
            leaf.grad = None
        BACKWARD(self, *args, **kwargs)

    patch.setattr(torch.Tensor, "backward", backward)


@fault("GRAD-18")
def a_gradient_that_does_not_fit_is_dropped(patch):
    def assign(self, gradient):
        try:
            GRAD.__set__(self, gradient)
        except RuntimeError:
            GRAD.__set__(self, None)

    patch.setattr(torch.Tensor, "grad", property(GRAD.__get__, assign))


@fault("GRAD-19")
def a_module_records_its_forward_under_no_grad_too(patch):
    call = nn.Module.__call__
    patch.setattr(nn.Module, "__call__", lambda self, *args, **kwargs: torch.enable_grad()(call)(self, *args, **kwargs))


@fault("GRAD-20")
def inference_mode_is_no_grad(patch):
    patch.setattr(torch, "inference_mode", torch.no_grad)


@fault("GRAD-21", "OPT-24")
def register_buffer_cuts_the_history_off(patch):
    def register_buffer(self, name, tensor, persistent=True):
        if tensor is not None and not tensor.is_leaf:
            tensor = tensor.detach()
        REGISTER_BUFFER(self, name, tensor, persistent)

    patch.setattr(nn.Module, "register_buffer", register_buffer)
