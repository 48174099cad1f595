"""Faults in what a move or conversion walks over, and in which order."""

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply


@fault("MOVE-20")
def a_conversion_forgets_what_is_registered_as_None(patch):
    def apply(self, fn, *args, **kwargs):
        APPLY(self, fn, *args, **kwargs)
        for name in [name for name, buffer in self._buffers.items() if buffer is None]:
            del self._buffers[name]
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-83", "MOVE-84", "MOVE-86")
def buffers_are_converted_twice(patch):
    def apply(self, fn, *args, **kwargs):
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return APPLY(self, fn, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-84")
def a_submodule_in_two_places_is_converted_twice(patch):
    def children(self):
        return iter([module for module in self._modules.values() if module is not None])

    patch.setattr(nn.Module, "children", children)


@fault("MOVE-86", "MOVE-87", since="2.1")
def a_conversion_always_goes_to_the_children(patch):
    patch.setattr(nn.Module, "_apply", lambda self, fn, recurse=True: APPLY(self, fn))


@fault("MOVE-25", "MOVE-88")
def a_conversion_passes_over_the__apply_of_a_submodule(patch):
    def apply(self, fn, *args, **kwargs):
        children, self._modules = self._modules, {}
        try:
            APPLY(self, fn)
        finally:
            self._modules = children
        for child in [*children.values()]:
            if child is not None:
                apply(child, fn)
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-89")
def a_conversion_that_fails_is_undone(patch):
    def apply(self, fn, *args, **kwargs):
        before = [(parameter, parameter.data) for parameter in self.parameters() if not parameter.is_meta]
        try:
            return APPLY(self, fn, *args, **kwargs)
        except RuntimeError:
            for parameter, value in before:
                parameter.data = value
            raise

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-27")
def a_module_has_the_device_of_its_first_parameter(patch):
    patch.setattr(nn.Module, "device", property(lambda self: next(self.parameters()).device), raising=False)


@fault("MOVE-28", "MOVE-81", "DIST-28")
def share_memory_leaves_out_buffers(patch):
    def share_memory(self):
        for parameter in self.parameters():
            parameter.share_memory_()
        return self

    patch.setattr(nn.Module, "share_memory", share_memory)


@fault("MOVE-28", "DIST-29")
def share_memory_shares_plain_tensors(patch):
    share = nn.Module.share_memory

    def share_memory(self):
        for module in self.modules():
            for value in vars(module).values():
                if isinstance(value, torch.Tensor):
                    value.share_memory_()
        return share(self)

    patch.setattr(nn.Module, "share_memory", share_memory)
