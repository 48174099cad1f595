"""The whole runs aside: a module that leaves meta makes torch import SymPy."""

from pathlib import Path

import pytest

from ..vocabulary.aside import run_aside


def pytest_configure(config: pytest.Config) -> None:
    run_aside(config, Path(__file__).parent, "sympy")
