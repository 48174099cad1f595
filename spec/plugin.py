"""Everything the specification adds to pytest; load it with ``-p``.

To look through torch's objects for garbage, while tests are collected and at the very end, takes long.
"""

import gc

import pytest

gc.disable()

import hypothesis  # noqa: E402, F401 - before torch: it looks for garbage too
import torch  # noqa: E402, F401

gc.freeze()

PARTS = ("vocabulary.plugin", "reporting.plugin", "yours.plugin", "faults.plugin", "forks")
pytest_plugins = [f"{__package__}.{part}" for part in PARTS]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    gc.freeze()
