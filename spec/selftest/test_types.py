"""Types: a checker understands what users write with ``check``, and says where it is wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .. import __name__ as PACKAGE

pytest.importorskip("mypy")  # which knows what Python has on each platform
CHECKOUT = Path(__file__).parent.parent.parent
CONFIGURATION = f"""
[mypy]
strict = true
[mypy-{PACKAGE}.*]
follow_imports = silent
[mypy-torch.*,pytest.*,_pytest.*,hypothesis.*]
follow_imports = skip
"""
"""As for a package that is installed, of which no errors are told; and torch takes a minute to read."""
USED = f"""
from torch import nn
from {PACKAGE} import check

report = check(nn.Identity, uses=["meta"])
report = check(nn.Identity(), excuses=dict(running="it is known"))
where: str = report.findings[0].path
claims: tuple[str, ...] = report.findings[0].claims
"""
MISUSED = """
check(nn.Identity, use="meta")
report.finding
where = report.findings[0].claims
"""


PLATFORM = """
[mypy]
check_untyped_defs = true
ignore_missing_imports = true
[mypy-torch.*,pytest.*,_pytest.*,hypothesis.*,jinja2.*,packaging.*]
follow_imports = skip
follow_imports_for_stubs = true
"""
LEFT_OUT = {"MAP_PRIVATE", "MAP_SHARED"}
"""What Windows lacks, and cases ask for that are left out there: ``lacking_here``."""


def test_windows_has_all_that_is_taken_from_the_standard_library(tmp_path):
    configuration = tmp_path / "mypy.ini"
    configuration.write_text(PLATFORM, encoding="utf-8")
    options = ["--config-file", configuration, "--cache-dir", tmp_path / "cache", "--exclude", "/selftest/"]
    command = [sys.executable, "-m", "mypy", "--platform", "win32", "--no-pretty", *options, PACKAGE]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert "error: " in done.stdout, done.stderr  # the code has no types to be checked, only names
    absent = re.findall(r'Module (?:"[\w.]+" )?has no attribute "(\w+)"', done.stdout)
    assert {*absent} - {"torch"} == LEFT_OUT  # the name of a module that a claim makes


def test_what_users_write_is_understood_and_what_is_wrong_is_named(tmp_path):
    (tmp_path / "mypy.ini").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "used.py").write_text(USED, encoding="utf-8")
    (tmp_path / "misused.py").write_text(USED + MISUSED, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--no-pretty", "used.py", "misused.py"]
    found = os.environ | {"MYPYPATH": str(CHECKOUT)}
    done = subprocess.run(command, cwd=tmp_path, env=found, capture_output=True, text=True, check=False)
    errors = re.findall(r"^(\S+?):(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    first = len(USED.splitlines()) + 2
    kinds = ["call-arg", "attr-defined", "assignment"]
    expected = [("misused.py", str(first + place), kind) for place, kind in enumerate(kinds)]
    assert errors == expected, done.stdout + done.stderr
