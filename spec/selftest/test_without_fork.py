"""Where a process can't be forked, as on Windows and macOS: claims are shown by processes that are started anew.

What else Windows lacks is left out.
"""

import mmap
import os
import subprocess
import sys
from pathlib import Path

from ..engine.processes import can_fork
from .pytest_runs import pytest_run

CHECKOUT = Path(__file__).parent.parent.parent
FILES = ["spec/distributing/test_shared_memory.py", "spec/saving/test_files.py"]


def without_fork(folder, *arguments):
    """A run of pytest in an interpreter that can't fork."""
    (folder / "sitecustomize.py").write_text("import os\ndel os.fork, os.forkpty\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *arguments]
    found = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=CHECKOUT, env=found, capture_output=True, text=True, check=False)


def test_everything_but_what_the_platform_lacks_is_shown_without_fork(tmp_path):
    done = without_fork(tmp_path, *FILES, "-rs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in a process that is started for them: none can be forked here" in done.stdout
    assert "no process can be forked here" in done.stdout


def test_what_is_broken_is_broken_in_the_processes_that_a_claim_starts(tmp_path):
    done = without_fork(tmp_path, "--prove", "spec/saving/test_files.py", "-k", "SER-01 and ToyModel2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "saving-to-a-file-rounds-to-half-precision: SER-01" in done.stdout
    assert "0 shortcomings" in done.stdout


def test_nothing_is_forked_on_macos(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not can_fork()


def map_nothing_as_shared():
    del mmap.MAP_SHARED, mmap.MAP_PRIVATE


def test_a_claim_about_mappings_that_the_platform_lacks_is_left_out():
    path = "spec/saving/test_map_locations.py"
    run = pytest_run(CHECKOUT, path, "-k=SER-57 or SER-58", "-rs", "--jobs=1", prepare=map_nothing_as_shared)
    assert run.status == 0, run.output
    assert "Python has no mmap.MAP_PRIVATE, Python has no mmap.MAP_SHARED: cases that ask for it are left" in run.output
    assert "1 passed, 1 skipped" in run.output
    assert f"{path}: Python has no mmap.MAP_SHARED" in run.output
