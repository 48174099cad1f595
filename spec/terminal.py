"""Standard output as a command finds it and leaves it."""

import os
import sys
import warnings
from collections.abc import Callable

NO_NUMPY = "Failed to initialize NumPy"
"""How torch begins to say, where it is imported, that it finds no NumPy, which no claim needs."""
READER_GONE = 1
"""What Python exits with, and pytest, where nobody reads any more."""


def on_terminal(command: Callable[[], int]) -> int:
    """What ``command()`` returns, or ``READER_GONE`` where whoever reads its output, such as ``head``, has had enough.

    A stream that is closed takes everything, and one that lacks a sign shows the others.
    """
    warnings.filterwarnings("ignore", NO_NUMPY, UserWarning)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(getattr(sys, name), "reconfigure"):
            getattr(sys, name).reconfigure(errors="replace")
    try:
        try:
            return command()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes it once more when it ends
        return READER_GONE
