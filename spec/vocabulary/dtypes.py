"""Dtypes, and the ways to convert a module from one to another."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

FLOATING = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
INTEGER = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
COMPLEX = (torch.complex64, torch.complex128)


@dataclass(frozen=True)
class Conversion:
    """A call that converts a module to a floating dtype: ``convert(module)`` does it and returns what the call returns.

    ``name`` is how the call is written, ``dtype`` is what floating state has afterwards.
    """

    name: str
    dtype: torch.dtype
    call: Callable[[nn.Module], nn.Module]
    source = device = "cpu"

    def __call__(self, module: nn.Module) -> nn.Module:
        return self.call(module)

    def __str__(self) -> str:
        return self.name


def to(dtype: torch.dtype) -> Conversion:
    """The conversion ``module.to(dtype)``."""
    return Conversion(f"to({str(dtype).removeprefix('torch.')})", dtype, lambda module: module.to(dtype))


CONVERSIONS = (
    Conversion("float()", torch.float32, lambda module: module.float()),
    Conversion("double()", torch.float64, lambda module: module.double()),
    Conversion("half()", torch.float16, lambda module: module.half()),
    Conversion("bfloat16()", torch.bfloat16, lambda module: module.bfloat16()),
    to(torch.float64),
    to(torch.bfloat16),
)
CHANGING = tuple(convert for convert in CONVERSIONS if convert.name in ("double()", "bfloat16()"))
"""Conversions to a dtype that a new module doesn't have and that every device can multiply matrices in."""
