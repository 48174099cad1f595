"""A device of our own, ``toy``: what a backend in the making is, built from source where it is imported.

    python -m pytest -p spec.selftest.backend --device toy

``tox -e backend`` makes its record. It needs a C++ compiler and ninja.
"""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import torch
from torch.utils import cpp_extension

NAME, DEVICES = "toy", 2
STREAM = SimpleNamespace(synchronize=lambda: None)
"""All work is done in the order in which it is asked for."""


class Chosen:
    """``with torch.toy.device(index)``: the device on which what names none is made."""

    def __init__(self, index):
        self.index = index

    def __enter__(self):
        self.before = torch.accelerator.current_device_index()
        torch.accelerator.set_device_index(self.index)

    def __exit__(self, *raised):
        torch.accelerator.set_device_index(self.before)


def build() -> None:
    torch.utils.rename_privateuse1_backend(NAME)
    torch._register_device_module(
        NAME,
        SimpleNamespace(
            device=Chosen,
            is_available=lambda: True,
            is_initialized=lambda: True,
            device_count=lambda: DEVICES,
            current_device=lambda: torch.accelerator.current_device_index(),
            set_device=lambda index: torch.accelerator.set_device_index(index),
            manual_seed=lambda seed: None,
            manual_seed_all=lambda seed: None,
            get_rng_state=lambda device=None: torch.get_rng_state(),
            set_rng_state=lambda state, device=None: torch.set_rng_state(state),
            current_stream=lambda device=None: STREAM,
            stream=lambda stream: nullcontext(),
            get_amp_supported_dtype=lambda: [torch.float16, torch.bfloat16],
            _is_in_bad_fork=lambda: False,
            _lazy_init=lambda: None,
        ),
    )
    source = Path(__file__).with_name("toy.cpp")
    cpp_extension.load("toy", [str(source)], extra_cflags=["-O0"], is_python_module=False)
    torch.utils.generate_methods_for_privateuse1_backend()


build()
