"""The compiler, which takes as long to import as torch: cases that need it are marked, and run where it is loaded."""

import os
import subprocess
import sys
from pathlib import Path

from ..facts import chapters

CHECKOUT = Path(__file__).parent.parent.parent
RUN = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "watching_imports"]
WATCH = """
import os
import sys

import pytest

HEAVY = {"sympy", "torch._dynamo.convert_frame", "torch.distributed.fsdp", "torch.export._trace"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    before = set(sys.modules)
    done = yield
    if imported := sorted((set(sys.modules) - before) & HEAVY):
        with open(os.environ["WATCHED"], "a", encoding="utf-8") as file:
            file.write(f"{item.nodeid}: {', '.join(imported)}\\n")
    return done
"""


def test_no_case_that_is_not_heavy_imports_the_compiler_and_none_warns_where_warnings_are_errors(tmp_path):
    (tmp_path / "watching_imports.py").write_text(WATCH, encoding="utf-8")
    watched = tmp_path / "watched.txt"
    folders = [f"spec/{chapter.name}" for chapter in chapters().values() if not chapter.heavy]
    done = subprocess.run(
        [sys.executable, "-W", "error", *RUN, *folders],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "WATCHED": str(watched)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert not watched.exists(), watched.read_text(encoding="utf-8")
