"""This chapter runs aside, with two ranks of a gloo group; DDP and FSDP import TorchDynamo."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..vocabulary.aside import run_aside
from .ranks import Ranks


def pytest_configure(config: pytest.Config) -> None:
    run_aside(config, Path(__file__).parent, "torch._dynamo", "torch.distributed.fsdp")


@pytest.fixture(scope="module", autouse=True)
def optimizers() -> None:
    """Optimizers as they are: this chapter imports TorchDynamo anyway."""


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ranks]:
    """Two processes of one gloo group: ``ranks(function)`` is ``[function(0), function(1)]``, each in its own."""
    group = Ranks(tmp_path_factory.mktemp("ranks"))
    yield group
    group.end()
