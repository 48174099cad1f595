"""What takes as long to import as torch itself."""

import importlib
import io
import warnings
from contextlib import redirect_stderr, suppress

HEAVY = ("torch.export._trace", "torch._dynamo", "torch.distributed.fsdp")
"""The compiler and what needs it; one worker imports it for all the cases that need it."""


def load(*modules: str) -> None:
    """Import modules, as far as the installed torch has them."""
    for name in modules:
        # What a release lacks, or breaks on this Python, only its claims can miss.
        with suppress(Exception), redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(name)
