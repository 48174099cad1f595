"""Faults in what a state dict holds."""

from collections import OrderedDict

import torch
from torch import nn

from .. import fault

SAVE_TO = nn.Module._save_to_state_dict
STATE_DICT = nn.Module.state_dict


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


@fault("SD-03", "IDIOM-07", "SER-11")
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


@fault("SD-05")
def what_is_None_is_saved(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name, value in [*self._parameters.items(), *self._buffers.items()]:
            if value is None:
                destination[prefix + name] = None

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-14")
def a_submodule_that_is_None_is_saved(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is None:
                destination[prefix + name] = None

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-07")
def assigning_a_tensor_to_a_buffer_writes_into_the_buffer(patch):
    setattr_ = nn.Module.__setattr__

    def setattr(self, name, value):
        buffer = vars(self).get("_buffers", {}).get(name)
        if isinstance(value, torch.Tensor) and buffer is not None and buffer.shape == value.shape:
            buffer.detach().copy_(value)
        else:
            setattr_(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SD-15")
def the_values_of_a_state_dict_are_copies(patch):
    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        if not kwargs.get("keep_vars") and not kwargs.get("prefix"):
            for name, value in saved.items():
                saved[name] = value.clone() if isinstance(value, torch.Tensor) else value
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-16")
def a_key_that_is_popped_from_a_state_dict_is_gone_from_the_module(patch):
    class Live(OrderedDict):
        def pop(self, name):
            delattr(self.module, name)
            return super().pop(name)

    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        if args or kwargs:
            return saved
        live = Live(saved)
        live._metadata, live.module = saved._metadata, self
        return live

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-09", "SD-11")
def keep_vars_detaches_parameters(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                destination[prefix + name] = parameter.detach()

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-09")
def keep_vars_detaches_buffers(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name in set(self._buffers) & {key.removeprefix(prefix) for key in destination}:
            destination[prefix + name] = self._buffers[name].detach()

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-10", "LOAD-38")
def a_tied_tensor_is_saved_once(patch):
    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        seen = set()
        for name, value in list(saved.items()):
            if isinstance(value, torch.Tensor) and value.data_ptr() and value.data_ptr() in seen:
                del saved[name]
            elif isinstance(value, torch.Tensor):
                seen.add(value.data_ptr())
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-11")
def gradients_are_saved(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name, parameter in self._parameters.items():
            if parameter is not None and parameter.grad is not None:
                destination[f"{prefix}{name}.grad"] = parameter.grad

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-12")
def the_mode_travels_with_the_metadata(patch):
    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        if hasattr(saved, "_metadata") and not self.training:
            saved._metadata[""]["training"] = False
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-17", "LOAD-30")
def buffers_are_saved_before_parameters(patch):
    def save(self, destination, prefix, keep_vars):
        saved = {}
        SAVE_TO(self, saved, prefix, keep_vars)
        names = sorted(saved, key=lambda key: key.removeprefix(prefix) in self._parameters)
        destination.update({name: saved[name] for name in names})

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-18")
def the_values_of_a_state_dict_are_contiguous(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name in set(destination):
            if isinstance(destination[name], torch.Tensor) and not destination[name].is_contiguous():
                destination[name] = destination[name].contiguous()

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-15")
def autograd_does_not_see_what_is_written_into_a_state_dict(patch):
    def save_to(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        if not keep_vars:
            own = [prefix + name for name in (*self._parameters, *self._buffers)]
            destination.update({key: destination[key].data for key in own if key in destination})

    patch.setattr(nn.Module, "_save_to_state_dict", save_to)
