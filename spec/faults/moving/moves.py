"""Faults in what follows a module to another device."""

import torch

from .. import fault


@fault("MOVE-03", breaks="torch.nn.Module._apply")
def a_buffer_stays_behind_when_its_module_moves(original, self, fn, *args, **kwargs):
    kept = {name: buffer for name, buffer in self._buffers.items() if buffer is not None}
    original(self, fn, *args, **kwargs)
    self._buffers.update({name: tensor for name, tensor in kept.items() if fn(tensor).device != tensor.device})
    return self


@fault("MOVE-31", breaks="torch.nn.Module._apply")
def integer_state_stays_behind_when_its_module_moves(original, self, fn, *args, **kwargs):
    def move(tensor):
        return fn(tensor) if tensor.is_floating_point() or tensor.is_complex() else tensor

    return original(self, move, *args, **kwargs)


@fault("MOVE-32", breaks="torch.nn.Module.to")
def a_move_rounds_to_half_precision(original, self, *args, **kwargs):
    if args and not isinstance(args[0], torch.dtype):
        self._apply(lambda tensor: tensor.half().float() if tensor.dtype is torch.float32 else tensor)
    return original(self, *args, **kwargs)
