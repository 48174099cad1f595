"""Faults in what ``load_state_dict(assign=True)`` puts in the place of what."""

from functools import wraps

import torch
from torch import nn

from .. import fault

FLAG = "assign_to_params_buffers"


def afterwards(edit):
    """``_load_from_state_dict()`` followed by ``edit(module, name, value, saved)`` on all that was assigned by it."""

    @wraps(edit)
    def load(original, self, state_dict, prefix, metadata, *args):
        before = {name: value for name, value in {**self._parameters, **self._buffers}.items() if value is not None}
        original(self, state_dict, prefix, metadata, *args)
        for name, value in before.items():
            if metadata.get(FLAG) and getattr(self, name) is not value:
                edit(self, name, value, state_dict[prefix + name])

    return load


def held(module, name):
    return module._parameters if name in module._parameters else module._buffers


@fault("LOAD-10", "LOAD-66", breaks="torch.nn.Module._load_from_state_dict")
@afterwards
def what_is_assigned_is_a_copy(self, name, value, saved):
    """`load_state_dict(assign=True)` assigns copies of the checkpoint's tensors."""
    copied = held(self, name)[name].detach().clone()
    if name in self._parameters:
        copied = nn.Parameter(copied, self._parameters[name].requires_grad)
    held(self, name)[name] = copied


@fault("LOAD-16", "LOAD-69", breaks="torch.nn.Module._load_from_state_dict")
@afterwards
def what_is_assigned_takes_the_device_of_the_module(self, name, value, saved):
    """`load_state_dict(assign=True)` moves the checkpoint's tensors to the device of the module's."""
    if not saved.is_meta:
        held(self, name)[name].data = held(self, name)[name].data.to(value.device)


@fault("LOAD-65", "LOAD-72", breaks="torch.nn.Module._load_from_state_dict")
@afterwards
def a_parameter_that_is_assigned_is_wrapped_anew(self, name, value, saved):
    """`load_state_dict(assign=True)` makes a new `nn.Parameter` of one in the checkpoint."""
    if name in self._parameters:
        self._parameters[name] = nn.Parameter(saved.detach(), self._parameters[name].requires_grad)


@fault("LOAD-11", breaks="torch.nn.Module._load_from_state_dict")
@afterwards
def a_parameter_that_is_assigned_brings_its_flag_along(self, name, value, saved):
    """`load_state_dict(assign=True)` takes `requires_grad` of a parameter from the checkpoint."""
    if name in self._parameters:
        self._parameters[name].requires_grad_(isinstance(saved, nn.Parameter) and saved.requires_grad)


@fault("LOAD-25", "LOAD-67", breaks="torch.nn.Module._load_from_state_dict")
@afterwards
def a_parameter_keeps_its_flag_when_another_is_assigned(self, name, value, saved):
    """Before torch 2.3, `load_state_dict(assign=True)` kept `requires_grad` of a parameter."""
    if name in self._parameters:
        self._parameters[name] = nn.Parameter(saved.detach(), value.requires_grad)


@fault("LOAD-14", breaks="torch.nn.Module._load_from_state_dict")
@afterwards
def a_buffer_keeps_its_flag_when_another_is_assigned(self, name, value, saved):
    """`load_state_dict(assign=True)` keeps `requires_grad` of a buffer."""
    if name in self._buffers and not isinstance(saved, nn.Parameter):
        self._buffers[name].requires_grad_(value.requires_grad)


@fault("LOAD-12", "LOAD-65", "LOAD-71", breaks="torch.nn.Module._load_from_state_dict")
@afterwards
def a_parameter_stays_itself_when_another_is_assigned(self, name, value, saved):
    """`load_state_dict(assign=True)` keeps the parameter object and gives it the memory of the checkpoint's."""
    if name in self._parameters and value.device == saved.device and value.dtype == saved.dtype:
        value.data = saved.data
        self._parameters[name] = value


@fault("LOAD-68", breaks="torch.nn.Module._load_from_state_dict")
def loading_replaces_the_parameters(original, self, state_dict, prefix, *args):
    """`load_state_dict()` rebinds every trainable parameter."""
    original(self, state_dict, prefix, *args)
    for name, parameter in self._parameters.items():
        if parameter is not None and parameter.requires_grad and not parameter.is_meta:
            self._parameters[name] = nn.Parameter(parameter.data)


@fault("LOAD-13", breaks="torch.nn.Module._load_from_state_dict")
@afterwards
def a_parameter_that_is_assigned_to_a_buffer_makes_a_buffer(self, name, value, saved):
    """`load_state_dict(assign=True)` makes a buffer of a parameter in the checkpoint where the module has a buffer."""
    if value is not None and not isinstance(value, nn.Parameter) and name in self._parameters:
        del self._parameters[name]
        self._buffers[name] = saved.detach()


@fault("LOAD-16", breaks="torch.nn.Module.load_state_dict")
def assigning_brings_non_persistent_buffers_from_meta_too(original, self, *args, **kwargs):
    """`load_state_dict(assign=True)` brings non-persistent buffers from the meta device too."""
    result = original(self, *args, **kwargs)
    for name in self._non_persistent_buffers_set if kwargs.get("assign") else ():
        self._buffers[name] = torch.zeros(self._buffers[name].shape)
    return result


@fault("LOAD-69", breaks="torch.nn.Module._load_from_state_dict")
def assigning_brings_what_is_missing_from_meta_too(original, self, state_dict, prefix, metadata, *args):
    """`load_state_dict(assign=True)` brings a buffer whose key is missing from the meta device too."""
    original(self, state_dict, prefix, metadata, *args)
    for name, buffer in self._buffers.items():
        if metadata.get(FLAG) and prefix + name not in state_dict and buffer is not None and buffer.is_meta:
            self._buffers[name] = torch.zeros(buffer.shape)


@fault("LOAD-70", breaks="torch.nn.Module._load_from_state_dict")
def assigning_takes_any_shape(original, self, state_dict, prefix, metadata, strict, missing, unexpected, errors):
    """`load_state_dict(assign=True)` takes a tensor of any shape."""
    original(self, state_dict, prefix, metadata, strict, missing, unexpected, errors)
    errors.clear()


@fault("LOAD-71", "LOAD-08", breaks="torch.nn.Module.load_state_dict", since="2.1")
def assign_is_true_by_default(original, self, state_dict, strict=True, assign=True):
    """`load_state_dict()` has `assign=True` by default."""
    return original(self, state_dict, strict, assign)


@fault("LOAD-20", breaks="torch.nn.Module.load_state_dict")
def assigning_ties_again_what_was_tied(original, self, *args, **kwargs):
    """`load_state_dict(assign=True)` keeps tied parameters and buffers tied."""
    ties = {}
    for held_ in (self._parameters, self._buffers):
        for name, value in held_.items():
            ties.setdefault(id(value), []).append((held_, name))
    result = original(self, *args, **kwargs)
    for places in ties.values():
        held_, first = places[0]
        for _, name in places[1:]:
            held_[name] = held_[first]
    return result


@fault("LOAD-73")
def assigning_leaves_its_mark_on_the_module(patch):
    """A dict that was loaded with `assign=True` is assigned by every later `load_state_dict()`."""
    load_state_dict, marked = nn.Module.load_state_dict, set()

    def load(self, state_dict, strict=True, assign=False):
        if assign:
            marked.add(id(state_dict))
        return load_state_dict(self, state_dict, strict, id(state_dict) in marked)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-74", breaks="torch.nn.Module._load_from_state_dict")
@afterwards
def assigning_takes_the_strides_of_the_module(self, name, value, saved):
    """`load_state_dict(assign=True)` keeps the strides of a buffer made by `expand()`."""
    if name in self._buffers and self._buffers[name].stride() != value.stride():
        self._buffers[name] = saved[:1].expand(value.shape) if 0 in value.stride() else self._buffers[name]


@fault("LOAD-75", breaks="torch.nn.Module.load_state_dict")
def a_buffer_stays_as_persistent_as_it_was(original, self, *args, **kwargs):
    """`load_state_dict(assign=True)` of an `nn.Buffer` doesn't change whether the buffer is persistent."""
    before = set(self._non_persistent_buffers_set)
    result = original(self, *args, **kwargs)
    self._non_persistent_buffers_set = before
    return result


@fault("LOAD-65", breaks="torch.nn.Module._load_from_state_dict")
def an_assigned_tensor_becomes_a_parameter_of_the_class_that_was_there(original, self, *args):
    """`load_state_dict(assign=True)` gives a new parameter the class of the one that it replaces."""
    before = {name: type(parameter) for name, parameter in self._parameters.items()}
    original(self, *args)
    for name, parameter in self._parameters.items():
        if parameter is not None and type(parameter) is nn.Parameter:
            parameter.__class__ = before[name]
