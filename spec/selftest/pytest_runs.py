"""Run pytest with the specification's plugin in a process of its own, without importing torch again."""

import contextlib
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from .. import __name__ as package
from ..engine.processes import Pipe, Process


@dataclass(frozen=True)
class Run:
    """The exit status and the output of a run of pytest."""

    status: int
    output: str

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()


def child(pipe: Pipe, folder: str, args: tuple[str, ...], prepare: Callable[[], None]) -> None:
    os.chdir(folder)
    sys.stdout = sys.stderr = io.StringIO()
    prepare()
    with contextlib.redirect_stdout(sys.stdout):
        status = pytest.main(["-p", f"{package}.engine.plugin", "-p", "no:randomly", "-p", "no:cacheprovider", *args])
    pipe.send(Run(int(status), sys.stdout.getvalue()))


def pytest_run(folder: Path, *args: str, prepare: Callable[[], None] = lambda: None) -> Run:
    """Run ``pytest *args`` in ``folder``, after ``prepare()``, in a fork of this process."""
    process = Process(child, str(folder), args, prepare, fork=True)
    try:
        return process.receive()
    finally:
        process.kill()


def claims_file(folder: Path, text: str) -> Path:
    """A file of claims outside of the specification, ready to be run."""
    heading = f"import pytest, torch\nfrom torch import nn\nfrom {package}.vocabulary import *\n\n"
    path = folder / "test_claims.py"
    path.write_text(heading + text, encoding="utf-8")
    return path
