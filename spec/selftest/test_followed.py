"""Who follows the cases step by step, an editor, a debugger or coverage, finds them in the process that it is in."""

import os
import subprocess
import sys
from pathlib import Path

from .. import __name__ as PACKAGE
from .pytest_runs import claims_file, pytest_run

CHECKOUT = Path(__file__).parent.parent.parent
A_CLAIM = """
@claim("XX-94", source="torch.nn.Module")
def test_a_list_differs():
    assert [1, 2] == [1, 3]
"""
FOLLOWS = """
followed = set()

def pytest_runtest_protocol(item):
    followed.add(item.nodeid)

def pytest_runtest_logreport(report):
    assert report.nodeid in followed
"""


def test_vs_code_sees_each_case_that_it_is_told_of(tmp_path):
    (tmp_path / "vscode_pytest.py").write_text(FOLLOWS, encoding="utf-8")
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, "-p", "vscode_pytest", "--jobs=2", prepare=lambda: sys.path.insert(0, str(tmp_path)))
    assert "the cases run in this process, and not in 2: VS Code follows each of them" in run.lines
    assert "1 failed" in run.output


def test_coverage_sees_what_a_case_does(tmp_path):
    claims_file(tmp_path, A_CLAIM)
    seen = tmp_path / "seen"

    def follow():
        process = os.getpid()

        def note(frame, event, argument):
            if frame.f_code.co_name == "test_a_list_differs":
                seen.write_text("here" if os.getpid() == process else "in another process", encoding="utf-8")

        sys.settrace(note)

    run = pytest_run(tmp_path, "--jobs=2", prepare=follow)
    assert seen.read_text(encoding="utf-8") == "here"
    assert "the cases run in this process, and not in 2: a debugger, or coverage, follows them" in run.lines


def test_a_debugger_stops_in_a_case(tmp_path):
    path = claims_file(tmp_path, A_CLAIM)
    line = path.read_text(encoding="utf-8").splitlines().index("    assert [1, 2] == [1, 3]") + 1
    (tmp_path / "run.py").write_text(
        f"import pytest\npytest.main(['-p', '{PACKAGE}.engine.plugin', '-s', 'test_claims.py'])\n",
        encoding="utf-8",
    )
    orders = [f"break {path}:{line}", "continue", "print(6 * 7, __name__)", "continue", "quit"]
    run = subprocess.run(
        [sys.executable, "-m", "pdb", "run.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        input="\n".join(orders),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "42 test_claims" in run.stdout
    assert "1 failed" in run.stdout
