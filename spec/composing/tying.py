"""Give a parameter or a buffer a second name."""

import torch
from torch import nn


def share(tensor: torch.Tensor, module: nn.Module, name: str) -> None:
    """Register ``tensor``, a parameter or a buffer of another name, on ``module`` too: the very object, no copy."""
    if isinstance(tensor, nn.Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def listed(module: nn.Module, *args, **options) -> list[tuple[str, torch.Tensor]]:
    """What ``named_parameters()`` lists, and then what ``named_buffers()`` does."""
    return [*module.named_parameters(*args, **options), *module.named_buffers(*args, **options)]
