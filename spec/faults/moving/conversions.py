"""Faults in what follows a module to another dtype."""

import copy

import torch

from .. import fault


@fault("MOVE-01", "IDIOM-07", breaks="torch.nn.Module._apply")
def a_buffer_keeps_its_dtype(original, self, fn, *args, **kwargs):
    kept = {name: buffer for name, buffer in self._buffers.items() if buffer is not None}
    original(self, fn, *args, **kwargs)
    self._buffers.update({name: tensor for name, tensor in kept.items() if fn(tensor).device == tensor.device})
    return self


@fault("MOVE-02", "IDIOM-09", breaks=("torch.nn.Module.half", "torch.nn.Module.to"))
def half_converts_integers_too(original, self, *args, **kwargs):
    """`.half()` and `.to(torch.float16)` convert integers and bools too."""
    if args in ((), (torch.float16,)) and not kwargs:
        return self._apply(lambda tensor: tensor.half())
    return original(self, *args, **kwargs)


@fault("MOVE-04", "MOVE-05", "BACK-03", breaks="torch.nn.Module._apply")
def a_plain_tensor_follows_its_module(original, self, fn, *args, **kwargs):
    for name, value in vars(self).items():
        if isinstance(value, torch.Tensor):
            vars(self)[name] = fn(value)
    return original(self, fn, *args, **kwargs)


@fault("MOVE-11", breaks="torch.nn.Module.double")
def a_conversion_returns_a_copy(original, self):
    return copy.deepcopy(self)._apply(lambda tensor: tensor.double() if tensor.is_floating_point() else tensor)


@fault("MOVE-14", breaks="torch.nn.Module.double")
def double_converts_complex_state(original, self):
    """`.double()` converts complex parameters and buffers too."""
    return self._apply(
        lambda tensor: (
            tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)
            if tensor.is_floating_point() or tensor.is_complex()
            else tensor
        )
    )


@fault("MOVE-15", breaks="torch.nn.Module.to")
def to_a_real_dtype_leaves_complex_state(original, self, *args, **kwargs):
    """`.to(dtype)` leaves complex parameters and buffers as they are where the dtype is real."""
    if args and isinstance(args[0], torch.dtype):
        return self._apply(lambda tensor: tensor.to(args[0]) if tensor.is_floating_point() else tensor)
    return original(self, *args, **kwargs)
