"""This chapter runs aside, with the real TorchDynamo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from packaging.version import Version

from ..vocabulary.aside import run_aside
from ..vocabulary.claim import TORCH


def pytest_configure(config: pytest.Config) -> None:
    run_aside(config, Path(__file__).parent, "torch.export._trace", "torch._dynamo")


@pytest.fixture(scope="module", autouse=True)
def optimizers() -> None:
    """Optimizers as they are: this chapter imports TorchDynamo anyway."""


@pytest.fixture(scope="module", autouse=True)
def shape_guards() -> Iterator[None]:
    """Guards in Python: torch 2.9.0, and no other release, has those of shapes compiled as C++, with setuptools."""
    if Version("2.9.0") == TORCH:
        with torch._dynamo.config.patch(enable_cpp_symbolic_shape_guards=False):
            yield
    else:
        yield
