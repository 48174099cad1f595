"""pytest's ways of stopping and resuming mean with several processes what they mean with one."""

import re

import pytest

from .pytest_runs import claims_file, pytest_run

CLAIMS = """
@claim("XX-{0}1", source="torch.nn.Module")
def test_{0}_first_holds():
    assert True

@claim("XX-{0}2", source="torch.nn.Module")
def test_{0}_second_fails():
    assert False

@claim("XX-{0}3", source="torch.nn.Module")
def test_{0}_third_holds():
    assert True
"""
DEBUGGER = """
class Debugger:
    quitting = False
    def reset(self): pass
    def interaction(self, frame, found):  # from Python 3.13 on an exception, before it a traceback
        traceback = getattr(found, "__traceback__", found)
        print("\\nlooked at", traceback.tb_frame.f_code.co_name)
"""
SAID = {
    "--exitfirst": "in one process, and not in 2: --maxfail",
    "--maxfail=2": "in one process, and not in 2: --maxfail",
    "--sw": "in one process, and not in 2: --stepwise",
    "--capture=no": "in one process, and not in 2: --capture=no",
    "--pdb": "in this process, and not in 2: --pdb",
    "--setup-plan": "in this process, and not in 2: --setup-plan",
    "--setup-only": "in this process, and not in 2: --setup-only",
}
ALIKE = {
    "stopping at the first failure": ["--exitfirst"],
    "stopping at the second": ["--maxfail=2"],
    "the failures of a run": ["--tb=no", "--lf"],
    "the failures of a run that stopped": ["--exitfirst", "--lf --exitfirst", "--lf"],
    "failures first": ["--tb=no", "--ff"],
    "new files first": ["test_8.py", "--nf"],
    "step by step": ["--sw", "--sw-skip --sw", "--sw"],
    "nothing captured": ["--capture=no"],
    "without a cache": ["--tb=no", "-p no:cacheprovider", "-p no:cacheprovider --lf"],
    "durations": ["-vv --durations=2"],
    "collecting": ["--collect-only -q"],
    "a debugger": ["--pdbcls=mute:Debugger --pdb"],
    "plans": ["--setup-plan", "--setup-only"],
}
"""Runs of one kind, one after the other in the same folder."""
SHOWN = re.compile(r"test_|\s+<Fun|\s+SETUP|looked|ERROR|!!!|.*unrecognized|.*slowest|.* in [\d.]+s")


def outcomes(folder, jobs, runs):
    """What pytest shows in a new folder of each run: the cases in their order, and how it ended."""
    folder.mkdir()
    (folder / "mute.py").write_text(DEBUGGER, encoding="utf-8")
    for number in (7, 8):
        claims_file(folder, CLAIMS.format(number)).rename(folder / f"test_{number}.py")
    shown = []
    for options in map(str.split, runs):
        run = pytest_run(folder, "-p", "cacheprovider", "-p", "stepwise", "-v", "--tb=no", *options, jobs)
        said = SAID.get(options[-1]) if jobs == "--jobs=2" else None
        assert [line for line in run.lines if "and not in 2" in line] == ([f"the cases run {said}"] if said else [])
        kept = [re.sub(r" in [\d.]+s.*|=", "", line) for line in run.lines if SHOWN.match(line)]
        shown.append((run.status, kept))
    return shown


@pytest.mark.parametrize("runs", ALIKE)
def test_two_processes_stop_and_resume_as_one_does(tmp_path, runs):
    alone, two = outcomes(tmp_path / "1", "--jobs=1", ALIKE[runs]), outcomes(tmp_path / "2", "--jobs=2", ALIKE[runs])
    assert alone == two
