"""Modules whose calls are hooked, and hooks of all of them."""

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle


class Scaled(nn.Module):
    """``x * p + offset``, and the number of calls in a buffer."""

    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.full((2,), 3.0))
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x, offset=0.0):
        self.calls += 1
        return x * self.p + offset


class Failing(nn.Module):
    """Raises an error in every call."""

    def __init__(self, Error: type[BaseException] = ValueError):
        super().__init__()
        self.Error = Error

    def forward(self, x):
        raise self.Error("no forward")


def global_hook(name: str, hook, **options) -> RemovableHandle:
    """Register ``hook`` for every module with ``register_module_<name>_hook()``."""
    return getattr(nn.modules.module, f"register_module_{name}_hook")(hook, **options)
