"""Faults in what a move or conversion walks over, and in which order."""

import torch
from torch import nn

from .. import fault


@fault("MOVE-20", breaks="torch.nn.Module._apply")
def a_conversion_forgets_what_is_registered_as_None(original, self, fn, *args, **kwargs):
    """A conversion deletes a buffer that is registered as None."""
    original(self, fn, *args, **kwargs)
    for name in [name for name, buffer in self._buffers.items() if buffer is None]:
        del self._buffers[name]
    return self


@fault("MOVE-83", "MOVE-84", "MOVE-86", breaks="torch.nn.Module._apply")
def buffers_are_converted_twice(original, self, fn, *args, **kwargs):
    for name, buffer in self._buffers.items():
        if buffer is not None:
            self._buffers[name] = fn(buffer)
    return original(self, fn, *args, **kwargs)


@fault("MOVE-84", breaks="torch.nn.Module.children")
def a_submodule_in_two_places_is_converted_twice(original, self):
    return iter([module for module in self._modules.values() if module is not None])


@fault("MOVE-86", "MOVE-87", breaks="torch.nn.Module._apply")
def a_conversion_always_goes_to_the_children(original, self, fn, recurse=True):
    return original(self, fn)


@fault("MOVE-25", "MOVE-88", breaks="torch.nn.Module._apply")
def a_conversion_passes_over_the__apply_of_a_submodule(original, self, fn, *args, **kwargs):
    """A conversion does not call the `_apply()` that a submodule overrides."""
    children, self._modules = self._modules, {}
    try:
        original(self, fn)
    finally:
        self._modules = children
    for child in [*children.values()]:
        if child is not None:
            nn.Module._apply(child, fn)
    return self


@fault("MOVE-89", breaks="torch.nn.Module._apply")
def a_conversion_that_fails_is_undone(original, self, fn, *args, **kwargs):
    before = [(parameter, parameter.data) for parameter in self.parameters() if not parameter.is_meta]
    try:
        return original(self, fn, *args, **kwargs)
    except RuntimeError:
        for parameter, value in before:
            parameter.data = value
        raise


@fault("MOVE-27")
def a_module_has_the_device_of_its_first_parameter(patch):
    """A module has a `device`, which is that of its first parameter."""
    patch.setattr(nn.Module, "device", property(lambda self: next(self.parameters()).device), raising=False)


@fault("MOVE-28", "MOVE-81", "DIST-28", breaks="torch.nn.Module.share_memory")
def share_memory_leaves_out_buffers(original, self):
    """`share_memory()` leaves buffers unshared."""
    for parameter in self.parameters():
        parameter.share_memory_()
    return self


@fault("MOVE-28", "DIST-29", breaks="torch.nn.Module.share_memory")
def share_memory_shares_plain_tensors(original, self):
    """`share_memory()` shares plain tensors too."""
    for module in self.modules():
        for value in vars(module).values():
            if isinstance(value, torch.Tensor):
                value.share_memory_()
    return original(self)
