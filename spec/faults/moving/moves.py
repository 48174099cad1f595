"""Faults in what follows a module to another device."""

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply
TO = nn.Module.to


@fault("MOVE-03")
def a_buffer_stays_behind_when_its_module_moves(patch):
    def apply(self, fn, *args, **kwargs):
        kept = {name: buffer for name, buffer in self._buffers.items() if buffer is not None}
        APPLY(self, fn, *args, **kwargs)
        self._buffers.update({name: tensor for name, tensor in kept.items() if fn(tensor).device != tensor.device})
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-31")
def integer_state_stays_behind_when_its_module_moves(patch):
    def apply(self, fn, *args, **kwargs):
        def move(tensor):
            return fn(tensor) if tensor.is_floating_point() or tensor.is_complex() else tensor

        return APPLY(self, move, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-32")
def a_move_rounds_to_half_precision(patch):
    def to(self, *args, **kwargs):
        if args and not isinstance(args[0], torch.dtype):
            self._apply(lambda tensor: tensor.half().float() if tensor.dtype is torch.float32 else tensor)
        return TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "to", to)
