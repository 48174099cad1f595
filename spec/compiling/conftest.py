"""This chapter runs aside, with the real TorchDynamo."""

from pathlib import Path

import pytest

from ..vocabulary.aside import run_aside


def pytest_configure(config: pytest.Config) -> None:
    run_aside(config, Path(__file__).parent, "torch.export._trace", "torch._dynamo")


@pytest.fixture(scope="module", autouse=True)
def optimizers() -> None:
    """Optimizers as they are: this chapter imports TorchDynamo anyway."""
