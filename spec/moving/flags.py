"""The two flags of ``torch.__future__`` that say how a conversion treats a parameter, each set for one ``with``."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def overwriting() -> Iterator[None]:
    """Let a conversion put a new parameter in the place of each old one."""
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        yield
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(False)


@contextmanager
def swapping() -> Iterator[None]:
    """Let a conversion swap the contents of each parameter with those of a new one (torch 2.3)."""
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        yield
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)
