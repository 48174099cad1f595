"""torch with one rule broken, here and in the processes that are started anew from here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

PASSED_ON = "MODULE_STATE_SPEC_FAULT"
"""The variable of the environment that tells a new process what is broken in the one that starts it."""
HERE: list[str] = []
"""What is broken in this process, and so in each fork of it."""


@contextmanager
def broken(fault: str | None) -> Iterator[None]:
    """torch broken by the fault of this name, or as it is."""
    if fault is None or fault in HERE:
        yield
        return
    from ..faults import find

    with find(fault).injected():
        HERE.append(fault)
        os.environ[PASSED_ON] = fault
        try:
            yield
        finally:
            HERE.remove(fault)
            del os.environ[PASSED_ON]


def passed_on() -> str | None:
    """What is broken in the process that started this one."""
    return os.environ.get(PASSED_ON)
