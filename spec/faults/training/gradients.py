"""Faults in who gets a gradient."""

import torch

from .. import fault


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


@fault("GRAD-02", "GRAD-03", "GRAD-14", "GRAD-21", "GRAD-42", breaks="torch.Tensor.backward")
def backward_doubles_every_gradient(original, self, gradient=None, *args, **kwargs):
    """`backward()` doubles every gradient."""
    original(self * 2, gradient, *args, **kwargs)


@fault("GRAD-01", breaks="torch.Tensor.backward")
def backward_leaves_vectors_without_a_gradient(original, self, *args, **kwargs):
    """`backward()` gives a 1-d parameter no gradient."""
    original(self, *args, **kwargs)
    for leaf in leaves(self):
        leaf.grad = None if leaf.dim() == 1 else leaf.grad


@fault("GRAD-16", breaks="torch.nn.Module.register_buffer")
def a_buffer_is_registered_with_a_gradient(original, self, name, tensor, persistent=True):
    original(self, name, tensor, persistent)
    if tensor is not None and tensor.is_floating_point() and tensor.is_leaf:
        tensor.grad = torch.zeros_like(tensor)


@fault("GRAD-04", breaks="torch.nn.Module.parameters")
def parameters_lists_a_buffer_that_requires_grad(original, self, recurse=True):
    """`parameters()` lists a buffer that requires grad."""
    yield from original(self, recurse)
    yield from (buffer for buffer in self.buffers(recurse) if buffer.requires_grad)


@fault("GRAD-17", "GRAD-26", breaks="torch.Tensor.backward")
def backward_puts_the_sum_of_gradients_in_a_new_tensor(original, self, *args, **kwargs):
    """A second `backward()` gives a parameter a new tensor as gradient."""
    for leaf in leaves(self):
        leaf.grad = None if leaf.grad is None else leaf.grad.clone()
    original(self, *args, **kwargs)


@fault("GRAD-05", "GRAD-17", "GRAD-20", breaks="torch.Tensor.backward")
def backward_forgets_the_gradient_that_is_there(original, self, *args, **kwargs):
    """A second `backward()` replaces the gradient of the first."""
    for leaf in leaves(self):
        leaf.grad = None
    original(self, *args, **kwargs)


@fault("GRAD-18")
def a_gradient_that_does_not_fit_is_dropped(patch):
    """Assigning a tensor of another shape or dtype to `.grad` sets it to None and raises nothing."""
    grad = torch.Tensor.grad

    def assign(self, gradient):
        try:
            grad.__set__(self, gradient)
        except RuntimeError:
            grad.__set__(self, None)

    patch.setattr(torch.Tensor, "grad", property(grad.__get__, assign))


@fault("GRAD-19", breaks="torch.nn.Module.__call__")
def a_module_records_its_forward_under_no_grad_too(original, self, *args, **kwargs):
    """The output of a module has a `grad_fn` under `torch.no_grad()` too."""
    return torch.enable_grad()(original)(self, *args, **kwargs)


@fault("GRAD-20", breaks="torch.inference_mode")
def inference_mode_is_no_grad(original, *args):
    """`torch.inference_mode()` does what `torch.no_grad()` does."""
    return torch.no_grad()


@fault("GRAD-21", "OPT-24", breaks="torch.nn.Module.register_buffer")
def register_buffer_cuts_the_history_off(original, self, name, tensor, persistent=True):
    """`register_buffer` detaches a tensor that has a `grad_fn`."""
    if tensor is not None and not tensor.is_leaf:
        tensor = tensor.detach()
    original(self, name, tensor, persistent)
