"""What others' code writes while it runs, to Python's streams or to their file descriptors, kept from the output."""

import contextlib
import ctypes
import io
import os
import sys
from collections.abc import Iterator

DESCRIPTORS = (1, 2)


class Sink(io.TextIOBase):
    """A file for text that nobody reads."""

    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing is shown of what is written inside, by Python, by C or by a process that is started.

    The descriptors are restored whatever happens; one that was closed is closed again.
    """
    flush()
    with contextlib.ExitStack() as restoring:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        restoring.callback(os.close, nowhere)
        for descriptor in DESCRIPTORS:
            with contextlib.suppress(OSError):  # it is closed
                kept = os.dup(descriptor)
                restoring.callback(os.close, kept)
                restoring.callback(os.dup2, kept, descriptor)
                os.dup2(nowhere, descriptor)
        restoring.callback(flush)
        with contextlib.redirect_stdout(Sink()), contextlib.redirect_stderr(Sink()):
            yield


def flush() -> None:
    """Write out what Python and C still hold back for the descriptors."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):  # there is none, or it is closed
            stream.flush()
    with contextlib.suppress(Exception):  # Windows names no library so
        ctypes.CDLL(None).fflush(None)
