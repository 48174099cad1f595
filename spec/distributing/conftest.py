"""This chapter works with two ranks of a gloo group, and with checkpoints of one process."""

import importlib
import warnings
from collections.abc import Iterator
from types import ModuleType

import pytest

from .ranks import Ranks


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ranks]:
    """Two processes of one gloo group: ``ranks(function)`` is ``[function(0), function(1)]``, each in its own."""
    group = Ranks(tmp_path_factory.mktemp("ranks"))
    yield group
    group.end()


@pytest.fixture
def dcp() -> Iterator[ModuleType]:
    """``torch.distributed.checkpoint``, without its warnings that there is one process only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield importlib.import_module("torch.distributed.checkpoint")


@pytest.fixture
def dsd(dcp: ModuleType) -> ModuleType:
    """``torch.distributed.checkpoint.state_dict``, without those warnings."""
    return importlib.import_module("torch.distributed.checkpoint.state_dict")
