"""Faults in the forms in which ``to()`` and the methods like it take their arguments."""

import torch
from torch import nn

from .. import fault


@fault("MOVE-69", "MOVE-74", breaks="torch.nn.Module.to")
def to_ignores_a_dtype_given_with_a_device(original, self, *args, **kwargs):
    """`.to(device, dtype)` ignores the dtype."""
    device, dtype, _, _ = torch._C._nn._parse_to(*args, **kwargs)
    return original(self, device) if device is not None and dtype is not None else original(self, *args, **kwargs)


@fault("MOVE-71", "MOVE-72", breaks="torch.nn.Module.to")
def to_ignores_non_blocking(original, self, *args, non_blocking=False, **kwargs):
    """`.to(non_blocking=True)` blocks."""
    return original(self, *args, **kwargs)


@fault("MOVE-17", "MOVE-72", "MOVE-73", "MOVE-74", breaks="torch.nn.Module.to")
def to_ignores_a_memory_format(original, self, *args, memory_format=None, **kwargs):
    """`.to(memory_format=...)` leaves every tensor in its memory format."""
    return original(self, *args, **kwargs)


@fault("MOVE-75", breaks="torch.nn.Module._apply")
def a_conversion_makes_every_tensor_contiguous(original, self, fn, *args, **kwargs):
    return original(self, lambda tensor: fn(tensor).contiguous(), *args, **kwargs)


@fault("MOVE-73", "MOVE-76", breaks="torch.nn.Module.to")
def to_ignores_what_it_does_not_know(original, self, *args, **kwargs):
    """`.to()` ignores an argument that it doesn't know, and raises nothing."""
    try:
        return original(self, *args, **kwargs)
    except (TypeError, RuntimeError) as error:
        if isinstance(error, NotImplementedError) or "floating point" in str(error):
            raise
        return self


@fault("MOVE-77", breaks=("torch.nn.Module.cuda", "torch.nn.Module.xpu", "torch.nn.Module.ipu"))
def cuda_xpu_and_ipu_ignore_their_device(original, self, device=None):
    """`.cuda(device)`, `.xpu(device)` and `.ipu(device)` ignore their argument."""
    return original(self)


@fault("MOVE-78", breaks="torch.nn.Module.cuda")
def cuda_means_the_first_device(original, self, device=0):
    """`.cuda()` without an argument moves to the first GPU and not to the current one."""
    return original(self, device)


@fault("MOVE-79", breaks="torch.nn.Module.mtia")
def mtia_ignores_its_device(original, self, device=None):
    """`.mtia(device)` ignores its argument."""
    return original(self)


@fault("MOVE-80", breaks="torch.nn.Module.mtia")
def mtia_means_the_first_device(original, self, device=0):
    """`.mtia()` without an argument moves to the first device and not to the current one."""
    return original(self, device)


@fault("MOVE-81", breaks="torch.nn.Module.cpu")
def cpu_spares_what_is_on_cpu_already(original, self):
    """`.cpu()` does not call `.cpu()` of a tensor that is on the CPU already."""
    return nn.Module._apply(self, lambda tensor: tensor if tensor.device.type == "cpu" else tensor.cpu())


@fault("MOVE-82", breaks="torch.nn.Module.double")
def double_converts_integers_too(original, self):
    """`.double()` converts integers and bools too."""
    return nn.Module._apply(self, lambda tensor: tensor.double())
