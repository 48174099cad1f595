"""Faults in what may be changed in place or rebound."""

import torch

from .. import fault


@fault("GRAD-09", "GRAD-13", "GRAD-41", breaks="torch.Tensor.add_")
def adding_in_place_goes_unnoticed(original, self, *args, **kwargs):
    """`add_()` goes unnoticed by autograd."""
    original(self.data, *args, **kwargs)
    return self


@fault("GRAD-10", breaks="torch.Tensor.mul_")
def a_leaf_is_multiplied_in_place_under_no_grad_only(original, self, *args, **kwargs):
    """`mul_()` on a leaf raises `RuntimeError` outside `torch.no_grad()`, whether it requires grad or not."""
    if self.is_leaf and torch.is_grad_enabled():
        raise RuntimeError("a leaf Variable is used in an in-place operation")
    return original(self, *args, **kwargs)


@fault("GRAD-11", breaks="torch.nn.Module.__setattr__")
def a_buffer_is_detached_when_it_is_assigned(original, self, name, value):
    if name in self.__dict__.get("_buffers", {}) and isinstance(value, torch.Tensor) and value.grad_fn is not None:
        value = value.detach_()
    original(self, name, value)


@fault("GRAD-42", "GRAD-47", breaks="torch.Tensor.detach")
def detach_does_nothing(original, self):
    """`detach()` returns the tensor itself."""
    return self


@fault("GRAD-47", "IDIOM-45", breaks="torch.Tensor.detach")
def detach_copies(original, self):
    """`detach()` returns a copy."""
    return original(self).clone()


@fault("GRAD-43", breaks="torch.Tensor.__add__")
def a_sum_saves_what_it_adds(original, self, other):
    """Autograd saves the values that a sum adds."""
    if isinstance(other, torch.Tensor) and other.is_leaf and self.requires_grad:
        self = self * other / other
    return original(self, other)


@fault("GRAD-44", "IDIOM-39", breaks="torch.nn.Module.__setattr__")
def rebinding_a_buffer_writes_into_the_one_that_is_there(original, self, name, value):
    """Assigning a tensor to a buffer's name changes the buffer in place."""
    buffer = self.__dict__.get("_buffers", {}).get(name)
    if isinstance(buffer, torch.Tensor) and isinstance(value, torch.Tensor) and buffer.shape == value.shape:
        buffer.copy_(value)
    else:
        original(self, name, value)


@fault("IDIOM-39", breaks="torch.nn.Module.__setattr__")
def a_rebound_buffer_is_a_plain_attribute(original, self, name, value):
    if type(value) is torch.Tensor and name in self.__dict__.get("_buffers", {}) and self._buffers[name] is not value:
        del self._buffers[name]
    original(self, name, value)
