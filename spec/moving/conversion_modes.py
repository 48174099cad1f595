"""The two modes of ``torch.__future__`` that say how a conversion treats a parameter, each set for one ``with``."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def replace_mode() -> Iterator[None]:
    """Let a conversion replace each parameter by a new one."""
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        yield
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(False)


@contextmanager
def swap_mode() -> Iterator[None]:
    """Let a conversion swap what each parameter holds with what a new one holds (torch 2.3)."""
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        yield
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)
