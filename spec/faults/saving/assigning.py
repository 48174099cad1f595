"""Faults in what ``load_state_dict(assign=True)`` puts in the place of what."""

import torch
from torch import nn

from .. import fault

LOAD_STATE_DICT = nn.Module.load_state_dict
LOAD_FROM = nn.Module._load_from_state_dict
FLAG = "assign_to_params_buffers"


def afterwards(edit):
    """A ``_load_from_state_dict()`` that runs ``edit(module, name, value, saved)`` on all that was assigned by it."""

    def load(self, state_dict, prefix, metadata, *args):
        before = {name: value for name, value in {**self._parameters, **self._buffers}.items() if value is not None}
        LOAD_FROM(self, state_dict, prefix, metadata, *args)
        for name, value in before.items():
            if metadata.get(FLAG) and getattr(self, name) is not value:
                edit(self, name, value, state_dict[prefix + name])

    return load


def held(module, name):
    return module._parameters if name in module._parameters else module._buffers


@fault("LOAD-10", "LOAD-64", "LOAD-66", since="2.1")
def what_is_assigned_is_a_copy(patch):
    def edit(self, name, value, saved):
        copied = held(self, name)[name].detach().clone()
        if name in self._parameters:
            copied = nn.Parameter(copied, self._parameters[name].requires_grad)
        held(self, name)[name] = copied

    patch.setattr(nn.Module, "_load_from_state_dict", afterwards(edit))


@fault("LOAD-16", "LOAD-69", since="2.1")
def what_is_assigned_takes_the_device_of_the_module(patch):
    def edit(self, name, value, saved):
        if not saved.is_meta:
            held(self, name)[name].data = held(self, name)[name].data.to(value.device)

    patch.setattr(nn.Module, "_load_from_state_dict", afterwards(edit))


@fault("LOAD-65", "LOAD-72", since="2.1")
def a_parameter_that_is_assigned_is_wrapped_anew(patch):
    def edit(self, name, value, saved):
        if name in self._parameters:
            self._parameters[name] = nn.Parameter(saved.detach(), self._parameters[name].requires_grad)

    patch.setattr(nn.Module, "_load_from_state_dict", afterwards(edit))


@fault("LOAD-11", since="2.3")
def a_parameter_that_is_assigned_brings_its_flag_along(patch):
    def edit(self, name, value, saved):
        if name in self._parameters:
            self._parameters[name].requires_grad_(isinstance(saved, nn.Parameter) and saved.requires_grad)

    patch.setattr(nn.Module, "_load_from_state_dict", afterwards(edit))


@fault("LOAD-25", "LOAD-67", since="2.1", until="2.3")
def a_parameter_keeps_its_flag_when_another_is_assigned(patch):
    def edit(self, name, value, saved):
        if name in self._parameters:
            self._parameters[name] = nn.Parameter(saved.detach(), value.requires_grad)

    patch.setattr(nn.Module, "_load_from_state_dict", afterwards(edit))


@fault("LOAD-14", since="2.1")
def a_buffer_keeps_its_flag_when_another_is_assigned(patch):
    def edit(self, name, value, saved):
        if name in self._buffers and not isinstance(saved, nn.Parameter):
            self._buffers[name].requires_grad_(value.requires_grad)

    patch.setattr(nn.Module, "_load_from_state_dict", afterwards(edit))


@fault("LOAD-12", "LOAD-65", "LOAD-71", since="2.1")
def a_parameter_stays_itself_when_another_is_assigned(patch):
    def edit(self, name, value, saved):
        if name in self._parameters and value.device == saved.device and value.dtype == saved.dtype:
            value.data = saved.data
            self._parameters[name] = value

    patch.setattr(nn.Module, "_load_from_state_dict", afterwards(edit))


@fault("LOAD-68")
def loading_replaces_the_parameters(patch):
    def load(self, state_dict, prefix, *args):
        LOAD_FROM(self, state_dict, prefix, *args)
        for name, parameter in self._parameters.items():
            if parameter is not None and parameter.requires_grad and not parameter.is_meta:
                self._parameters[name] = nn.Parameter(parameter.data)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-13", since="2.1")
def a_parameter_that_is_assigned_to_a_buffer_makes_a_buffer(patch):
    def edit(self, name, value, saved):
        if value is not None and not isinstance(value, nn.Parameter) and name in self._parameters:
            del self._parameters[name]
            self._buffers[name] = saved.detach()

    patch.setattr(nn.Module, "_load_from_state_dict", afterwards(edit))


@fault("LOAD-16", since="2.1")
def assigning_brings_non_persistent_buffers_from_meta_too(patch):
    def load(self, *args, **kwargs):
        result = LOAD_STATE_DICT(self, *args, **kwargs)
        for name in self._non_persistent_buffers_set if kwargs.get("assign") else ():
            self._buffers[name] = torch.zeros(self._buffers[name].shape)
        return result

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-69", since="2.1")
def assigning_brings_what_is_missing_from_meta_too(patch):
    def load(self, state_dict, prefix, metadata, *args):
        LOAD_FROM(self, state_dict, prefix, metadata, *args)
        for name, buffer in self._buffers.items():
            if metadata.get(FLAG) and prefix + name not in state_dict and buffer is not None and buffer.is_meta:
                self._buffers[name] = torch.zeros(buffer.shape)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-70", since="2.1")
def assigning_takes_any_shape(patch):
    def load(self, state_dict, prefix, metadata, strict, missing, unexpected, errors):
        LOAD_FROM(self, state_dict, prefix, metadata, strict, missing, unexpected, errors)
        errors.clear()

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-71", "LOAD-08", since="2.1")
def assign_is_true_by_default(patch):
    def load(self, state_dict, strict=True, assign=True):
        return LOAD_STATE_DICT(self, state_dict, strict, assign)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-20", since="2.1")
def assigning_ties_again_what_was_tied(patch):
    def load(self, *args, **kwargs):
        ties = {}
        for held_ in (self._parameters, self._buffers):
            for name, value in held_.items():
                ties.setdefault(id(value), []).append((held_, name))
        result = LOAD_STATE_DICT(self, *args, **kwargs)
        for places in ties.values():
            held_, first = places[0]
            for _, name in places[1:]:
                held_[name] = held_[first]
        return result

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-73", since="2.1")
def assigning_leaves_its_mark_on_the_module(patch):
    marked = set()

    def load(self, state_dict, strict=True, assign=False):
        if assign:
            marked.add(id(state_dict))
        return LOAD_STATE_DICT(self, state_dict, strict, id(state_dict) in marked)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-74", since="2.1")
def assigning_takes_the_strides_of_the_module(patch):
    def edit(self, name, value, saved):
        if name in self._buffers and self._buffers[name].stride() != value.stride():
            self._buffers[name] = saved[:1].expand(value.shape) if 0 in value.stride() else self._buffers[name]

    patch.setattr(nn.Module, "_load_from_state_dict", afterwards(edit))


@fault("LOAD-75", since="2.5")
def a_buffer_stays_as_persistent_as_it_was(patch):
    def load(self, *args, **kwargs):
        before = set(self._non_persistent_buffers_set)
        result = LOAD_STATE_DICT(self, *args, **kwargs)
        self._non_persistent_buffers_set = before
        return result

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-65", since="2.1")
def an_assigned_tensor_becomes_a_parameter_of_the_class_that_was_there(patch):
    def load_from(self, *args):
        before = {name: type(parameter) for name, parameter in self._parameters.items()}
        LOAD_FROM(self, *args)
        for name, parameter in self._parameters.items():
            if parameter is not None and type(parameter) is nn.Parameter:
                parameter.__class__ = before[name]

    patch.setattr(nn.Module, "_load_from_state_dict", load_from)
