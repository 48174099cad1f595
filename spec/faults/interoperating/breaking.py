"""What faults of tools have in common."""

from collections.abc import Callable, Iterable
from contextlib import suppress

import torch


def without_integers(tensors: Iterable[object]) -> None:
    """Set the integers among ``tensors`` to zero, in place."""
    for each in tensors:
        if isinstance(each, torch.Tensor) and each.dtype == torch.int64:
            each.zero_()


def silently(call: Callable, *args, **kwargs) -> object:
    """What a call returns, or None where it raises."""
    with suppress(BaseException):
        return call(*args, **kwargs)
    return None
