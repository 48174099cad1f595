"""Faults in what masks, positional encodings, counters and running statistics rely on."""

import torch
from torch import nn

from .. import fault

ADD_ = torch.Tensor.add_
LOAD_FROM = nn.Module._load_from_state_dict
REGISTER_BUFFER = nn.Module.register_buffer
TO = nn.Module.to


@fault("IDIOM-07", "IDIOM-37", "IDIOM-38")
def every_buffer_is_persistent(patch):
    patch.setattr(
        nn.Module, "register_buffer", lambda self, name, tensor, persistent=True: REGISTER_BUFFER(self, name, tensor)
    )


@fault("IDIOM-08", "IDIOM-40")
def loading_gives_a_buffer_the_shape_of_the_checkpoint(patch):
    def load(self, state_dict, prefix, *args):
        for name, buffer in self._buffers.items():
            if buffer is not None and prefix + name in state_dict:
                self._buffers[name] = torch.empty_like(state_dict[prefix + name], device=buffer.device)
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("IDIOM-09")
def a_mask_is_converted_with_its_module(patch):
    def to(self, *args, **kwargs):
        TO(self, *args, **kwargs)
        for name, buffer in self._buffers.items():
            if args[0] in (torch.float16, torch.bfloat16) and buffer is not None and buffer.dtype is torch.bool:
                self._buffers[name] = buffer.to(args[0])
        return self

    patch.setattr(nn.Module, "to", to)


@fault("IDIOM-10")
def loading_leaves_a_buffer_without_dimensions(patch):
    def load(self, state_dict, prefix, *args):
        kept = {
            name: buffer.clone() for name, buffer in self._buffers.items() if buffer is not None and buffer.dim() == 0
        }
        LOAD_FROM(self, state_dict, prefix, *args)
        for name, buffer in kept.items():
            self._buffers[name].copy_(buffer)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("IDIOM-11")
def bfloat16_converts_integers_too(patch):
    patch.setattr(nn.Module, "bfloat16", lambda self: self._apply(lambda tensor: tensor.bfloat16()))


@fault("IDIOM-41")
def adding_in_place_may_change_the_shape(patch):
    def add_(self, other, **kwargs):
        if isinstance(other, torch.Tensor) and other.dim() > self.dim():
            self.data = self + other
            return self
        return ADD_(self, other, **kwargs)

    patch.setattr(torch.Tensor, "add_", add_)


@fault("IDIOM-44", "IDIOM-45")
def a_clone_shares_its_values(patch):
    patch.setattr(torch.Tensor, "clone", lambda self, **kwargs: self.view_as(self))
