"""Faults in what follows a module to another dtype."""

import copy

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply
TO = nn.Module.to


@fault("MOVE-01", "IDIOM-07")
def a_buffer_keeps_its_dtype(patch):
    def apply(self, fn, *args, **kwargs):
        kept = {name: buffer for name, buffer in self._buffers.items() if buffer is not None}
        APPLY(self, fn, *args, **kwargs)
        self._buffers.update({name: tensor for name, tensor in kept.items() if fn(tensor).device == tensor.device})
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-02", "IDIOM-09")
def half_converts_integers_too(patch):
    def half(self):
        return self._apply(lambda tensor: tensor.half())

    def to(self, *args, **kwargs):
        return half(self) if args == (torch.float16,) else TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "half", half)
    patch.setattr(nn.Module, "to", to)


@fault("MOVE-04", "MOVE-05")
def a_plain_tensor_follows_its_module(patch):
    def apply(self, fn, *args, **kwargs):
        for name, value in vars(self).items():
            if isinstance(value, torch.Tensor):
                vars(self)[name] = fn(value)
        return APPLY(self, fn, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-11")
def a_conversion_returns_a_copy(patch):
    def double(self):
        return copy.deepcopy(self)._apply(lambda tensor: tensor.double() if tensor.is_floating_point() else tensor)

    patch.setattr(nn.Module, "double", double)


@fault("MOVE-14")
def double_converts_complex_state(patch):
    def double(self):
        return self._apply(
            lambda tensor: (
                tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)
                if tensor.is_floating_point() or tensor.is_complex()
                else tensor
            )
        )

    patch.setattr(nn.Module, "double", double)


@fault("MOVE-15")
def to_a_real_dtype_leaves_complex_state(patch):
    def to(self, *args, **kwargs):
        if args and isinstance(args[0], torch.dtype):
            return self._apply(lambda tensor: tensor.to(args[0]) if tensor.is_floating_point() else tensor)
        return TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "to", to)
