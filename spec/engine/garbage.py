"""When Python searches for garbage: not among the hundred thousands of objects that torch makes once and for good.

A search while tests are collected, in each worker, and when the interpreter ends costs about a fifth of a run, and
accelerate searches at each load.
Everything is as it was when pytest is done; only an interpreter that ends has its last search spared.
"""

import atexit
import gc
import sys
from collections.abc import Iterator

import pytest

MODULES = pytest.StashKey[int]()
A_LIBRARY = 50
"""So many modules are a library, and stay."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(gc.unfreeze)  # first in, last out: pytest's own clean-up searches too
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Collect without searches, and leave out of all later ones what is there then: a fork would copy it otherwise."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        return (yield)
    finally:
        freeze(session.config)
        if enabled:
            gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out of later searches the libraries that were imported since the last time, too."""
    if len(sys.modules) - item.config.stash.get(MODULES, 0) >= A_LIBRARY:
        freeze(item.config)


def freeze(config: pytest.Config) -> None:
    gc.freeze()
    config.stash[MODULES] = len(sys.modules)
