"""Workers: what runs in another process is reported as what runs in this one, and a crash costs one case."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ..engine import processes, workers
from ..engine.processes import Process, ProcessEnded, can_fork
from ..reporting import catalogue
from .pytest_runs import claims_file, pytest_run

CHECKOUT = Path(__file__).parent.parent.parent
SEVERAL = """
@claim("XX-97", source="torch.nn.Module")
@pytest.mark.parametrize("number", [1, 2, 3])
def test_this_is_another_process(number):
    assert os.getpid() != {pid}

@claim("XX-98", source="torch.nn.Module")
def test_a_case_has_a_folder(tmp_path):
    assert tmp_path.is_dir()

@claim("XX-99", source="torch.nn.Module")
def test_another_fails():
    assert nn.Linear(1, 1).bias is None
"""
ENDS = """
@claim("XX-95", source="torch.nn.Module")
def test_one_before_holds():
    assert nn.Module()

@claim("XX-96", source="torch.nn.Module")
def test_a_process_ends():
    {ends}
"""


def two_files(folder, first, second, *args):
    """The run of two files; ``{pid}`` in them is that of the process that pytest runs in."""

    def prepare():
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)
        for name, text in (("test_first.py", first), ("test_second.py", second)):
            claims_file(folder, "import os, time\n" + text.replace("{pid}", str(os.getpid()))).rename(folder / name)

    return pytest_run(folder, *args, prepare=prepare)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_runs_in_a_worker_is_reported_as_what_runs_here(tmp_path, jobs):
    run = two_files(tmp_path, SEVERAL, SEVERAL.replace("XX-9", "XX-8"), "--jobs", jobs)
    assert run.status == 1
    assert "8 passed" in run.output
    assert "2 failed" in run.output
    assert "XX-99  Another fails." in run.output
    assert "assert Parameter containing" in run.output


DIFFERS = """
@claim("XX-94", source="torch.nn.Module")
def test_a_list_differs():
    assert [1, 2] == [1, 3]
"""


def test_a_plugin_finds_a_terminal_in_a_worker_and_what_is_reported_has_no_colours(tmp_path):
    hook = "def pytest_runtest_setup(item):\n    item.config.get_terminal_writer().line('a plugin was here')\n"
    (tmp_path / "conftest.py").write_text(hook, encoding="utf-8")
    run = two_files(tmp_path, SEVERAL, DIFFERS, "--jobs=2", "--color=yes", "--junitxml=found.xml")
    assert re.search(r"2 failed.*4 passed", run.output)
    assert "x1B" not in (tmp_path / "found.xml").read_text(encoding="utf-8")


def test_the_folders_of_every_worker_are_gone_at_the_end(tmp_path):
    two_files(tmp_path, SEVERAL, SEVERAL.replace("XX-9", "XX-8"), "--jobs", "2")
    assert list(tmp_path.rglob("test_a_case_has_a_folder*")) == []


CRASHES = {
    "os._exit(3)": "ended with status 3",
    "os.kill(os.getpid(), 9)": "was ended by SIGKILL",
    "os.kill(os.getpid(), 11)": "was ended by SIGSEGV",
    "os.abort()": "was ended by SIGABRT",
}


@pytest.mark.parametrize("ends", CRASHES)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_case_that_ends_its_process_is_one_failure(tmp_path, ends, jobs):
    run = two_files(tmp_path, ENDS.replace("{ends}", ends) + SEVERAL, SEVERAL.replace("XX-9", "XX-8"), "--jobs", jobs)
    assert run.status == 1
    assert "9 passed" in run.output
    assert "3 failed" in run.output
    assert "XX-96  A process ends." in run.output
    assert f"the process {CRASHES[ends]}, while it ran this case" in run.output


def test_a_case_that_hangs_is_ended_and_is_neither_success_nor_failure_of_torch(tmp_path):
    run = two_files(
        tmp_path, ENDS.replace("{ends}", "time.sleep(600)"), SEVERAL, "--jobs", "1", "--case-limit", "2", "--claims"
    )
    assert run.status == 1
    assert "· timed out    observed      XX-96     A process ends." in run.output
    assert "the case was ended after 2 seconds (--case-limit)" in run.output
    assert "5 passed" in run.output


PLAIN_AND_HEAVY = """
@claim("XX-92", source="torch.nn.Module")
def test_a_plain_case_holds():
    assert nn.Module()

@claim("XX-93", source="torch.nn.Module")
def test_a_plain_case_hangs():
    time.sleep(600)

@pytest.mark.heavy
@claim("XX-94", source="torch.nn.Module")
def test_a_heavy_case_holds():
    assert nn.Module()

@pytest.mark.heavy
@claim("XX-95", source="torch.nn.Module")
def test_a_heavy_case_hangs():
    time.sleep(600)
"""


def starts_are_slow():
    """Let a worker take longer to start, and what heavy cases need longer to import, than a case may run."""
    end_with = processes.end_with
    processes.end_with = lambda parent: (time.sleep(3), end_with(parent))
    workers.load = lambda *modules: time.sleep(3)
    ids = ("XX-92", "XX-93", "XX-94", "XX-95")
    catalogue.claims = lambda: dict.fromkeys(ids, SimpleNamespace(apart=False))


def test_the_start_of_a_worker_counts_in_the_limit_of_no_case_and_what_timed_out_is_not_recorded(tmp_path):
    claims_file(tmp_path, "import time\n" + PLAIN_AND_HEAVY)
    options = ["--jobs=2", "--case-limit=2", "--claims", "--record=record.json"]
    run = pytest_run(tmp_path, *options, prepare=starts_are_slow)
    for kind, holding, hanging in (("plain", "XX-92", "XX-93"), ("heavy", "XX-94", "XX-95")):
        assert f"✓ holds        observed      {holding}     A {kind} case holds." in run.output
        assert f"· timed out    observed      {hanging}     A {kind} case hangs." in run.output
    assert "no record was written: 2 cases timed out, one of XX-93 among them" in run.lines
    assert not (tmp_path / "record.json").exists()


def test_a_run_that_stops_at_the_first_failure_shows_nothing_for_what_did_not_run(tmp_path):
    text = """
@claim("XX-98", source="torch.nn.Module")
def test_one_fails():
    assert not nn.Module()

@claim("XX-99", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=(PARAMETER, BUFFER))
def test_another_is_not_run(kind):
    assert "x" in kind.on(nn.Module(), "x", torch.ones(3)).state_dict()
"""
    claims_file(tmp_path, text)
    run = pytest_run(tmp_path, "-x", "--claims")
    assert "stopping after 1 failures" in run.output
    assert "· not run      observed      XX-99" in run.output
    (row,) = [line.split() for line in run.lines if line.startswith("in state_dict()?")]
    assert set(row[2:]) == {"·"}
    assert "(0 of 2 cases were run)" in run.output


@pytest.mark.parametrize("args", [("--collect-only",), ("-k", "XX-98")])
def test_the_answer_table_says_nothing_for_what_was_left_out(tmp_path, args):
    text = """
@claim("XX-98", source="torch.nn.Module")
def test_one_holds():
    assert nn.Module()

@claim("XX-99", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=(PARAMETER,))
def test_a_parameter_is_saved():
    assert "x" in PARAMETER.on(nn.Module(), "x", torch.ones(3)).state_dict()
"""
    claims_file(tmp_path, text)
    run = pytest_run(tmp_path, *args)
    assert " yes" not in "".join(line for line in run.lines if line.startswith("in state_dict()?"))


def serve_nothing(pipe):
    raise LookupError("no such thing here")


@pytest.mark.parametrize("fork", [True, False])
def test_a_process_that_fails_at_its_start_says_why(fork):
    if fork and not can_fork():
        pytest.skip("no process can be forked here")
    process = Process(serve_nothing, fork=fork)
    with pytest.raises(ProcessEnded, match="LookupError: no such thing here"):
        process.receive()


def end_late(pipe):
    pipe.pipe.close()
    time.sleep(3)
    os._exit(3)


def test_how_a_process_ended_is_awaited_after_it_closed_its_pipe():
    with pytest.raises(ProcessEnded, match="the process ended with status 3"):
        Process(end_late).receive()


@pytest.mark.parametrize("ends", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_run_whose_process_is_ended(tmp_path, ends):
    claims_file(tmp_path, "import os, time\n" + ENDS.replace("{ends}", f"time.sleep(600 + {os.getpid()} * 0)"))
    folders = tmp_path / "temporary"
    folders.mkdir()
    code = textwrap.dedent(f"""
        import signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background is started without it
        sys.path.insert(0, {str(CHECKOUT)!r})
        import pytest
        sys.exit(pytest.main(["-p", "{processes.__package__}.plugin", "-p", "no:cacheprovider", "-q"]))
    """)
    found = os.environ | {"TMPDIR": str(folders)}
    run = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=found, stdout=subprocess.DEVNULL)
    try:
        children = until(lambda: children_of(run.pid) or run.poll() is not None)
        assert run.poll() is None
        run.send_signal(ends)
        run.wait()
        assert until(lambda: not any(map(alive, children)))
        if ends != signal.SIGKILL:  # of which a process hears nothing
            assert list(folders.iterdir()) == []
    finally:
        run.kill()


def until(condition):
    """What ``condition()`` is, once it is true; it is asked for as long as this test may run."""
    while not (found := condition()):
        time.sleep(0.1)
    return found


def children_of(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return found.read_text(encoding="utf-8").split() if found.exists() else []


def alive(pid):
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
