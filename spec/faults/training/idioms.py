"""Faults in what masks, positional encodings, counters and running statistics rely on."""

import torch

from .. import fault


@fault("IDIOM-07", "IDIOM-37", breaks="torch.nn.Module.register_buffer")
def every_buffer_is_persistent(original, self, name, tensor, persistent=True):
    return original(self, name, tensor)


@fault("IDIOM-08", "IDIOM-40", breaks="torch.nn.Module._load_from_state_dict")
def loading_gives_a_buffer_the_shape_of_the_checkpoint(original, self, state_dict, prefix, *args):
    for name, buffer in self._buffers.items():
        if buffer is not None and prefix + name in state_dict:
            self._buffers[name] = torch.empty_like(state_dict[prefix + name], device=buffer.device)
    original(self, state_dict, prefix, *args)


@fault("IDIOM-09", breaks="torch.nn.Module.to")
def a_mask_is_converted_with_its_module(original, self, *args, **kwargs):
    """A bool mask held as a buffer is converted by `.to(dtype)`."""
    original(self, *args, **kwargs)
    for name, buffer in self._buffers.items():
        if args[0] in (torch.float16, torch.bfloat16) and buffer is not None and buffer.dtype is torch.bool:
            self._buffers[name] = buffer.to(args[0])
    return self


@fault("IDIOM-10", breaks="torch.nn.Module._load_from_state_dict")
def loading_leaves_a_buffer_without_dimensions(original, self, state_dict, prefix, *args):
    """`load_state_dict()` leaves a 0-d buffer as it was."""
    kept = {name: buffer.clone() for name, buffer in self._buffers.items() if buffer is not None and buffer.dim() == 0}
    original(self, state_dict, prefix, *args)
    for name, buffer in kept.items():
        self._buffers[name].copy_(buffer)


@fault("IDIOM-11", breaks="torch.nn.Module.bfloat16")
def bfloat16_converts_integers_too(original, self):
    """`.bfloat16()` converts integers and bools too."""
    return self._apply(lambda tensor: tensor.bfloat16())


@fault("IDIOM-41", breaks="torch.Tensor.add_")
def adding_in_place_may_change_the_shape(original, self, other, **kwargs):
    """`add_()` may change the shape of a tensor."""
    if isinstance(other, torch.Tensor) and other.dim() > self.dim():
        self.data = self + other
        return self
    return original(self, other, **kwargs)


@fault("IDIOM-44", "IDIOM-45", breaks="torch.Tensor.clone")
def a_clone_shares_its_values(original, self, **kwargs):
    """`clone()` returns an alias."""
    return self.view_as(self)
