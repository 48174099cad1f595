"""How a command hears what is asked, and standard output as it finds it and leaves it."""

import argparse
import os
import sys
import warnings
from collections.abc import Callable
from typing import NoReturn

NO_NUMPY = "Failed to initialize NumPy"
"""How torch begins to say, where it is imported, that it finds no NumPy, which no claim needs."""
READER_GONE = 1
"""What Python exits with, and pytest, where nobody reads any more."""


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments, and exits with status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; all that can be asked: --help\n")


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
