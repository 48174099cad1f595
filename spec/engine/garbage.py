"""When Python searches for garbage: not among the hundred thousands of objects that torch makes once and for good.

A search while tests are collected, in each worker, and when the interpreter ends costs about a fifth of a run.
Everything is as it was when pytest is done; only an interpreter that ends has its last search spared.
"""

import atexit
import gc
from collections.abc import Iterator

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(gc.unfreeze)  # first in, last out: pytest's own clean-up searches too
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without searches, and leave out of all later ones what is there then: a fork would copy it otherwise."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
