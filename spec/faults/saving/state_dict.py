"""Faults in what a state dict holds."""

import torch
from torch import nn

from .. import fault

SAVE_TO = nn.Module._save_to_state_dict


@fault("SD-01")
def a_frozen_parameter_is_not_saved(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name, parameter in self._parameters.items():
            if parameter is not None and not parameter.requires_grad:
                del destination[prefix + name]

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-02", "IDIOM-02")
def an_integer_buffer_is_not_saved(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name, buffer in self._buffers.items():
            if buffer is not None and buffer.dtype is torch.int64:
                destination.pop(prefix + name, None)

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-03", "IDIOM-07")
def a_non_persistent_buffer_is_saved(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name in self._non_persistent_buffers_set:
            destination[prefix + name] = self._buffers[name].detach()

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-04")
def a_plain_attribute_is_saved(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        if "x" in vars(self):
            destination[prefix + "x"] = self.x

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-06")
def state_dict_copies_the_values(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name in [*self._parameters, *self._buffers]:
            if prefix + name in destination:
                destination[prefix + name] = destination[prefix + name].clone()

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-08")
def state_dict_does_not_detach(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, True)

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-13")
def an_evaluated_module_saves_no_buffers(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name in () if self.training else self._buffers:
            destination.pop(prefix + name, None)

    patch.setattr(nn.Module, "_save_to_state_dict", save)
