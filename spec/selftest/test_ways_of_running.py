"""Ordinary ways of running the specification that could go wrong: they work, or one line says why they don't."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .. import __name__ as PACKAGE
from ..__main__ import by_id, written_out
from ..engine.collection import keyword_of, meant
from ..reporting.catalogue import claims
from .pytest_runs import claims_file, pytest_run

CHECKOUT = Path(__file__).parent.parent.parent
PLUGIN = f"{PACKAGE}.engine.plugin"


def python(*words, cwd=CHECKOUT):
    """Run ``python *words`` in ``cwd``, with the checkout to import from."""
    found = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=found, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.mark.parametrize("word", ["SD-10", "sd-10", "Sd-10"])
def test_an_id_means_its_claim_in_capitals_or_not(word):
    assert meant(word) == keyword_of("SD-10")


@pytest.mark.parametrize("word", ["SD-10", "sd-10"])
def test_an_id_runs_its_claim_and_none_whose_id_begins_like_it(word, tmp_path):
    (name,) = re.findall(r"def (test_\w+)", claims()["SD-10"].text)
    run = pytest_run(tmp_path, str(CHECKOUT / "spec" / "saving"), "-k", word, "--collect-only", "-q")
    assert {test.partition("[")[0] for test in re.findall(r"::(\S+)", run.output)} == {name}


@pytest.mark.parametrize("word", ["utf-8", "float-32"])
def test_a_word_that_only_looks_like_an_id_is_left_to_pytest(word):
    assert meant(word) == word


@pytest.mark.parametrize(("word", "nearest"), [("SD-3", "SD-03"), ("sd-3", "SD-03"), ("SDD-03", ".*SD-03")])
def test_an_id_that_is_none_names_the_nearest(word, nearest):
    with pytest.raises(pytest.UsageError, match=f"there is no claim {word.upper()}; nearest: {nearest}"):
        meant(word)


def test_ids_are_run_from_the_files_that_they_stand_in():
    asked = by_id(["-q", "sd-03", "DIST-25", "-n", "2"])
    files = ["saving/test_state_dict.py", "training/test_zero_grad.py"]
    assert asked == ["-q", "-n", "2", *files, "-k", "sd-03 or DIST-25"]


def test_ids_can_stand_in_a_file_of_arguments(tmp_path):
    file = tmp_path / "arguments.txt"
    file.write_bytes(b"\xef\xbb\xbf-q\r\nSD-03\r\n")
    assert written_out([f"@{file}", "-x", "@none"]) == ["-q", "SD-03", "-x", "@none"]


def test_an_id_and_an_expression_have_to_be_true_both():
    asked = by_id(["SD-03", "-k", "not frozen or SD-03", "-q"])
    assert asked == ["-q", "saving/test_state_dict.py", "-k", "(SD-03) and (not frozen or SD-03)"]
    assert by_id(["-k", "SD-03"]) == ["-k", "SD-03"]


def test_an_id_that_is_none_is_left_to_be_refused():
    assert by_id(["SD-999", "-q"]) == ["-q", "-k", "SD-999"]


WITHOUT = {
    "-OO -m pytest": "ERROR: nothing can be shown without assertions and sentences: leave -OO (PYTHONOPTIMIZE) out",
    "-O -m pytest --assert=plain": "ERROR: nothing can be shown without assertions: leave -O or --assert=plain out",
}


@pytest.mark.parametrize("words", WITHOUT)
def test_a_run_without_assertions_or_sentences_is_refused(words):
    run = python(*words.split(), "-q", "spec/saving/test_keys.py")
    assert run.returncode == 4
    assert [line for line in run.stdout.splitlines() if line] == [WITHOUT[words]]


@pytest.mark.parametrize(
    "options", [["--confcutdir=spec"], ["--noconftest", "-c", os.devnull, f"--rootdir={CHECKOUT}"]]
)
def test_a_pytest_that_was_told_not_to_load_the_specification_says_how_to(options):
    run = python("-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "spec/saving/test_state_dict.py")
    assert run.returncode == 2, run.stdout
    assert run.stdout.splitlines().count(f"pytest has not loaded the specification: say -p {PLUGIN}") == 1
    assert "1 error in" in run.stdout


def test_a_file_that_is_called_torch_is_named(tmp_path):
    (tmp_path / "torch.py").write_text("")
    run = python("-m", PACKAGE, "SD-03", cwd=tmp_path)
    assert run.returncode == 4
    assert f"ERROR: {tmp_path / 'torch.py'} is imported as torch and is not PyTorch" in run.stdout


def test_plugins_of_pytest_that_the_configuration_speaks_of_can_be_left_out_or_asked_for():
    run = python(
        "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:capture", "-p", "logging", "spec/saving/test_keys.py"
    )
    assert run.returncode == 0, run.stdout


WRONG = {
    "search": (2, "the following arguments are required: WORD"),
    "page": (2, "the following arguments are required: --output"),
    "evidence --unjudged": (2, "--unjudged belongs to --changed"),
    "diff 2.4 2.5 2.6": (2, "unrecognized arguments: 2.6"),
    "check --for=nothing mine:Model": (4, "argument --for: invalid choice: 'nothing' (choose from"),
}


@pytest.mark.parametrize("words", WRONG)
def test_a_command_that_is_asked_wrongly_says_so_in_one_line(words):
    status, said = WRONG[words]
    run = python("-m", PACKAGE, *words.split())
    assert run.returncode == status
    (line,) = run.stdout.splitlines()
    assert said in line
    assert line.endswith("; all that can be asked: --help")


def test_a_release_that_was_not_recorded_is_told_those_that_were():
    run = python("-m", PACKAGE, "diff", "9.9", "2.6")
    assert run.returncode == 2
    assert run.stdout.startswith("9.9: there is no record of this release; there are those of 1.13, 2.0, ")
    assert run.stdout.count("\n") == 1


LOGS = """
@claim("XX-99", source="torch.nn.Module")
def test_a_claim_that_logs_fails():
    import logging

    logging.getLogger().warning("something")
    assert nn.Module() is None
"""


@pytest.mark.parametrize("asked", [[], ["--log-level=INFO"]])
def test_logs_are_recorded_only_where_an_option_asks_for_them(tmp_path, asked):
    claims_file(tmp_path, LOGS)
    run = pytest_run(tmp_path, *asked)
    assert run.status == 1
    assert ("Captured log call" in run.output) == bool(asked)


def test_a_run_that_another_plugin_limits_is_not_recorded(tmp_path):
    hook = "def pytest_addoption(parser): parser.addoption('--timeout', type=float)\n"
    (tmp_path / "conftest.py").write_text(hook, encoding="utf-8")
    run = pytest_run(tmp_path, "--timeout=60", "--record=record.json")
    reason = "--timeout lets slow cases fail: say --case-limit"
    assert (run.status, run.lines[0]) == (4, f"ERROR: --record: there is no record of such a run: {reason}")
