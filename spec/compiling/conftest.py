"""This chapter works with the real TorchDynamo."""

from collections.abc import Iterator

import pytest
import torch
from packaging.version import Version

from ..vocabulary.claim import TORCH


@pytest.fixture(scope="module", autouse=True)
def shape_guards() -> Iterator[None]:
    """Guards in Python: torch 2.9.0, and no other release, has those of shapes compiled as C++, with setuptools."""
    if Version("2.9.0") == TORCH:
        with torch._dynamo.config.patch(enable_cpp_symbolic_shape_guards=False):
            yield
    else:
        yield
