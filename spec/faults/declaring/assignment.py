"""Faults in what assignment to a registered name does."""

import torch
from torch import nn

from .. import fault

MODULE_SETATTR = nn.Module.__setattr__


@fault("SET-01")
def a_bare_tensor_takes_the_place_of_a_parameter(patch):
    def setattr(self, name, value):
        if type(value) is torch.Tensor and name in self._parameters:
            value = nn.Parameter(value)
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-02")
def a_bare_tensor_over_a_buffer_is_a_plain_attribute(patch):
    def setattr(self, name, value):
        if type(value) is torch.Tensor and name in self._buffers:
            delattr(self, name)
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-02")
def a_bare_tensor_over_a_non_persistent_buffer_is_persistent(patch):
    def setattr(self, name, value):
        if type(value) is torch.Tensor:
            self._non_persistent_buffers_set.discard(name)
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)
