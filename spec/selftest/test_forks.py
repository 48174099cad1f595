"""``--jobs``: what runs in forked processes is reported as what runs in this one, and leaves nothing behind."""

import os
import re

import pytest

from ..forks import Fork
from .runs import claims_file, pytest_run

HERE = """
@claim("SD-97", source="torch.nn.Module")
@pytest.mark.parametrize("number", [1, 2, 3])
def test_this_process_has_most_cases(number):
    assert os.getpid() == {pid}
"""
IN_THE_FORK = """
@claim("SD-98", source="torch.nn.Module")
def test_a_case_in_the_fork_holds(tmp_path):
    assert os.getpid() != {pid}

@claim("SD-99", source="torch.nn.Module")
def test_another_fails(tmp_path):
    assert nn.Linear(1, 1).bias is None
"""
ENDS = """
@claim("SD-99", source="torch.nn.Module")
def test_a_process_ends():
    {ends}
"""


def two_processes(folder, in_the_fork):
    """The run of two files in a process each; ``{pid}`` in ``in_the_fork`` is that of the process that forks."""

    def prepare():
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)
        for name, text in (("test_here.py", HERE), ("test_there.py", in_the_fork)):
            claims_file(folder, "import os\n" + text.format(pid=os.getpid())).rename(folder / name)

    return pytest_run(folder, "--jobs", "2", prepare=prepare)


def test_what_runs_in_a_fork_is_reported_as_what_runs_here(tmp_path):
    run = two_processes(tmp_path, IN_THE_FORK)
    assert run.status == 1
    assert "4 passed" in run.output
    assert "1 failed" in run.output
    assert "SD-99  Another fails" in run.output
    assert "assert Parameter containing" in run.output


def test_the_folders_of_every_process_are_unlocked_at_the_end(tmp_path):
    two_processes(tmp_path, IN_THE_FORK)
    folders = list(tmp_path.glob("pytest-of-*/pytest-0/test_*0"))
    assert len(folders) == 2
    assert list(tmp_path.rglob(".lock")) == []


@pytest.mark.parametrize(("ends", "status"), [("os._exit(3)", 3), ("os.kill(os.getpid(), 9)", -9)])
def test_a_case_that_ends_its_process_fails_and_so_does_what_was_to_follow(tmp_path, ends, status):
    run = two_processes(tmp_path, ENDS.replace("{ends}", ends) + IN_THE_FORK.replace("SD-99", "SD-96"))
    assert run.status == 1
    assert "3 passed" in run.output
    assert "3 failed" in run.output
    ended = re.findall(r"the process that ran this case ended with status (-?\d+)", run.output)
    assert set(ended) == {str(status)}


def test_a_report_that_was_not_written_to_its_end_counts_as_none(request, tmp_path):
    with (tmp_path / "reports").open("w+", encoding="utf-8") as file:
        file.write('{"nodeid": "a')
        pid = os.fork()
        if pid == 0:
            os._exit(1)
        (report,) = Fork(pid, [request.node], file).reports(request.config)
    assert report.nodeid == request.node.nodeid
    assert report.longrepr == "the process that ran this case ended with status 1"
