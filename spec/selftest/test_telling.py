"""A failure in each of pytest's styles: what was claimed, where it failed and why, and how to see it again."""

import re
import xml.etree.ElementTree as tree

import pytest

from .pytest_runs import claims_file, pytest_run

CLAIMS = """
@claim("XX-96", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [BUFFER])
def test_one_is_two(kind):
    one = 1
    assert one == 2

@claim("XX-97", source="torch.nn.Module")
def test_a_mood_is_found():
    try:
        nn.Module().mood
    except AttributeError as error:
        raise LookupError("no mood\\nat all") from error

@claim("XX-98", source="torch.nn.Module")
def test_nothing_is_to_be_traced():
    pytest.fail("not this time", pytrace=False)

@claim("XX-99", source="torch.nn.Module")
def test_a_process_goes_on():
    import os; os._exit(3)
"""
LINES = {
    "XX-96": (10, "XX-96  One is two.  AssertionError: assert 1 == 2"),
    "XX-97": (17, "XX-97  A mood is found.  LookupError: no mood"),
    "XX-98": (21, "XX-98  Nothing is to be traced.  Failed: not this time"),
    "XX-99": (23, "XX-99  A process goes on.  the process ended with status 3, while it ran this case"),
}
SHOWN = {
    "auto": "\n    @claim(",
    "long": "one = 1\n>       assert one == 2\nE       assert 1 == 2\n\ntest_claims.py:10: AssertionError\n\n",
    "short": "  kind: buffer\n\ntest_claims.py:10: in test_one_is_two\n    assert one == 2\nE   assert 1 == 2\n\n",
    "native": 'test_claims.py", line 10, in test_one_is_two\n    assert one == 2\nAssertionError: assert 1 == 2\n\n',
}


@pytest.fixture
def folder(tmp_path):
    claims_file(tmp_path, CLAIMS)
    return tmp_path


@pytest.mark.parametrize("style", SHOWN)
def test_each_style_shows_a_failure_between_the_sentence_and_the_command(folder, style):
    run = pytest_run(folder, f"--tb={style}")
    failures = re.findall(r"(?ms)^(XX-\d+)  .*?\nRun it again: python -m pytest .*? -k (XX-\d+)$", run.output)
    assert failures == [(id, id) for id in LINES]
    assert "\nXX-96  One is two.\n  kind: buffer\n\n" in run.output
    assert SHOWN[style] in run.output
    assert "The above exception was the direct cause of the following exception:" in run.output
    assert all(f"\n\n{said}\n\nRun" in run.output for said in ("not this time", LINES["XX-99"][1].split("  ")[2]))


@pytest.mark.parametrize("processes", ["--jobs=1", "-n1", "--setup-show"])
def test_in_one_line_it_is_told_where_it_failed_what_was_claimed_and_why(folder, processes):
    run = pytest_run(folder, "--tb=line", "-k=not process", processes)
    shown = [line for line in run.lines if ": XX-9" in line]
    assert shown == [f"{folder / 'test_claims.py'}:{line}: {said}" for line, said in LINES.values()][:3]
    assert "assert one == 2" not in run.output


def test_the_summary_says_it_too_and_is_all_that_is_told_where_nothing_is_asked_for(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    run = pytest_run(folder, "--tb=no")
    shown = [line.partition(" - ")[2] for line in run.lines if line.startswith("FAILED test_claims.py::")]
    assert shown == [said for _, said in LINES.values()]
    assert "Run it again" not in run.output


def test_junit_has_the_line_and_the_whole(folder):
    pytest_run(folder, "--junitxml=found.xml")
    found = [case.find("failure") for case in tree.parse(folder / "found.xml").iter("testcase")]
    assert [each.get("message") for each in found] == [said for _, said in LINES.values()]
    assert all(
        each.text.startswith(id) and each.text.endswith(f"-k {id}") for id, each in zip(LINES, found, strict=True)
    )


def test_without_a_terminal_it_is_told_to_whoever_listens(folder):
    run = pytest_run(folder, "-p", "no:terminal", "--junitxml=found.xml")
    assert (run.status, run.output) == (1, "")
    assert len(tree.parse(folder / "found.xml").findall(".//failure")) == len(LINES)
