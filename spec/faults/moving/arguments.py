"""Faults in the forms in which ``to()`` and the methods like it take their arguments."""

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply
TO = nn.Module.to


@fault("MOVE-69", "MOVE-74")
def to_ignores_a_dtype_given_with_a_device(patch):
    def to(self, *args, **kwargs):
        device, dtype, _, _ = torch._C._nn._parse_to(*args, **kwargs)
        return TO(self, device) if device is not None and dtype is not None else TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-71", "MOVE-72")
def to_ignores_non_blocking(patch):
    def to(self, *args, non_blocking=False, **kwargs):
        return TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-17", "MOVE-72", "MOVE-73", "MOVE-74")
def to_ignores_a_memory_format(patch):
    def to(self, *args, memory_format=None, **kwargs):
        return TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-75")
def a_conversion_makes_every_tensor_contiguous(patch):
    def apply(self, fn, *args, **kwargs):
        return APPLY(self, lambda tensor: fn(tensor).contiguous(), *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-73", "MOVE-76")
def to_ignores_what_it_does_not_know(patch):
    def to(self, *args, **kwargs):
        try:
            return TO(self, *args, **kwargs)
        except (TypeError, RuntimeError) as error:
            if isinstance(error, NotImplementedError) or "floating point" in str(error):
                raise
            return self

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-77")
def cuda_xpu_and_ipu_ignore_their_device(patch):
    patch.setattr(nn.Module, "cuda", lambda self, device=None: APPLY(self, lambda tensor: tensor.cuda(None)))
    patch.setattr(nn.Module, "xpu", lambda self, device=None: APPLY(self, lambda tensor: tensor.xpu(None)))
    patch.setattr(nn.Module, "ipu", lambda self, device=None: APPLY(self, lambda tensor: tensor.ipu(None)))


@fault("MOVE-78")
def cuda_means_the_first_device(patch):
    patch.setattr(nn.Module, "cuda", lambda self, device=0: APPLY(self, lambda tensor: tensor.cuda(device)))


@fault("MOVE-79", since="2.5")
def mtia_ignores_its_device(patch):
    patch.setattr(nn.Module, "mtia", lambda self, device=None: APPLY(self, lambda tensor: tensor.mtia(None)))


@fault("MOVE-80", since="2.5")
def mtia_means_the_first_device(patch):
    patch.setattr(nn.Module, "mtia", lambda self, device=0: APPLY(self, lambda tensor: tensor.mtia(device)))


@fault("MOVE-81")
def cpu_spares_what_is_on_cpu_already(patch):
    def cpu(self):
        return APPLY(self, lambda tensor: tensor if tensor.device.type == "cpu" else tensor.cpu())

    patch.setattr(nn.Module, "cpu", cpu)


@fault("MOVE-82")
def double_converts_integers_too(patch):
    patch.setattr(nn.Module, "double", lambda self: APPLY(self, lambda tensor: tensor.double()))
