"""Faults in what may be changed in place or rebound."""

import torch
from torch import nn

from .. import fault

ADD = torch.Tensor.__add__
ADD_ = torch.Tensor.add_
MUL_ = torch.Tensor.mul_
DETACH = torch.Tensor.detach
MODULE_SETATTR = nn.Module.__setattr__


@fault("GRAD-09", "GRAD-13", "GRAD-41")
def adding_in_place_goes_unnoticed(patch):
    def add_(self, *args, **kwargs):
        ADD_(self.data, *args, **kwargs)
        return self

    patch.setattr(torch.Tensor, "add_", add_)


@fault("GRAD-10")
def a_leaf_is_multiplied_in_place_under_no_grad_only(patch):
    def mul_(self, *args, **kwargs):
        if self.is_leaf and torch.is_grad_enabled():
            raise RuntimeError("a leaf Variable is used in an in-place operation")
        return MUL_(self, *args, **kwargs)

    patch.setattr(torch.Tensor, "mul_", mul_)


@fault("GRAD-11", "IDIOM-42", "IDIOM-43")
def a_buffer_is_detached_when_it_is_assigned(patch):
    def setattr(self, name, value):
        if name in self.__dict__.get("_buffers", {}) and isinstance(value, torch.Tensor) and value.grad_fn is not None:
            value = value.detach_()
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("GRAD-42", "GRAD-47")
def detach_does_nothing(patch):
    patch.setattr(torch.Tensor, "detach", lambda self: self)


@fault("GRAD-47", "IDIOM-45")
def detach_copies(patch):
    patch.setattr(torch.Tensor, "detach", lambda self: DETACH(self).clone())


@fault("GRAD-43")
def a_sum_saves_what_it_adds(patch):
    def add(self, other):
        if isinstance(other, torch.Tensor) and other.is_leaf and self.requires_grad:
            self = self * other / other
        return ADD(self, other)

    patch.setattr(torch.Tensor, "__add__", add)


@fault("GRAD-44", "GRAD-45", "IDIOM-39")
def rebinding_a_buffer_writes_into_the_one_that_is_there(patch):
    def setattr(self, name, value):
        buffer = self.__dict__.get("_buffers", {}).get(name)
        if isinstance(buffer, torch.Tensor) and isinstance(value, torch.Tensor) and buffer.shape == value.shape:
            buffer.copy_(value)
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("GRAD-15")
def a_result_becomes_the_parameter(patch):
    def setattr(self, name, value):
        if type(value) is torch.Tensor and name in self.__dict__.get("_parameters", {}):
            value = nn.Parameter(value.detach())
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("GRAD-45", "IDIOM-39")
def a_rebound_buffer_is_a_plain_attribute(patch):
    def setattr(self, name, value):
        if (
            type(value) is torch.Tensor
            and name in self.__dict__.get("_buffers", {})
            and self._buffers[name] is not value
        ):
            del self._buffers[name]
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("GRAD-46")
def an_augmented_assignment_makes_a_new_parameter(patch):
    def iadd(self, other):
        if isinstance(self, nn.Parameter):
            return nn.Parameter(ADD(self, other).detach(), self.requires_grad)
        return ADD_(self, other)

    patch.setattr(torch.Tensor, "__iadd__", iadd)
