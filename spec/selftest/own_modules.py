"""A module of models, as a user has one in the folder that ``check`` is run in."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..checking import progress


@contextmanager
def importable(name: str, text: str, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """``folder`` with the module ``name``, as the current folder; on a busy machine too nothing is said of the time."""
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    patch.syspath_prepend(folder)
    patch.chdir(folder)
    patch.setattr(progress, "PATIENCE", 1000.0)
    sys.modules.pop(name, None)
    yield folder
    sys.modules.pop(name, None)
