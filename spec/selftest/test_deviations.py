"""``--deviations``: what a backend is known to do differently, and the gap report."""

import json
from dataclasses import replace

import jsonschema
import pytest
import torch

from ..engine.axes import concerns_a_backend
from ..engine.deviations import Deviations, InvalidDeviations, read
from ..reporting import catalogue, gap_report
from ..reporting.catalogue import PACKAGE
from ..reporting.verdicts import DEVIATES, FAILS, HOLDS, STALE, Case, verdict
from ..vocabulary import Move
from .pytest_runs import claims_file, pytest_run

CLAIMS = """
@claim("XX-91", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("size", [1, 2])
def test_a_state_dict_is_of_size_one(size):
    assert size == 1

@claim("XX-92", source="torch.nn.Module.state_dict")
def test_a_new_module_has_no_state(observe):
    observe("is it empty?", "cpu", "yes")
    assert nn.Module().state_dict() == {}

@claim("XX-93", source="torch.nn.Module.state_dict")
def test_a_claim_on_the_processor_fails_there(device):
    assert device == "meta"
"""


def the_processor_is_a_backend():
    gap_report.BUILT_IN = ("meta",)


def listed(folder, text):
    path = folder / "deviations.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_listed_claim_is_expected_to_fail_and_is_in_the_gap_report(tmp_path):
    claims_file(tmp_path, CLAIMS)
    path = listed(tmp_path, "# known since 1.0\n\nXX-91   size two\tis fine here\n")
    options = ["--deviations", path, "-k", "size", "--claims", "--gap-report=gaps.md", "--gap-report=gaps.json"]
    run = pytest_run(tmp_path, *options, prepare=the_processor_is_a_backend)
    assert run.status == 0, run.output
    assert "≠ deviates     observed      XX-91" in run.output
    report = (tmp_path / "gaps.md").read_text(encoding="utf-8")
    heading = f"### Module state on cpu, meta (torch {torch.__version__})"
    assert f"{heading}\n\n0 claims hold, 1 deviate as listed: 1 cause.\n" in report
    assert "| size two is fine here | XX-91 | A state dict is of size one. |" in report
    assert report in run.output
    found = json.loads((tmp_path / "gaps.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, json.loads((PACKAGE / "reporting" / "gap_report.schema.json").read_text()))
    assert [each["cause"] for each in found["causes"]] == ["size two is fine here"]


def test_a_listed_claim_that_holds_is_stale(tmp_path):
    claims_file(tmp_path, CLAIMS)
    run = pytest_run(tmp_path, "--deviations", listed(tmp_path, "XX-92  nothing is empty here"), "test_claims.py")
    assert run.status == 1
    assert "XX-92: the listed deviation is stale: 'A new module has no state.' holds in all 1 cases here" in run.output


def test_what_fails_on_cpu_and_meta_is_no_deviation(tmp_path):
    claims_file(tmp_path, CLAIMS)
    options = ["--deviations", listed(tmp_path, "XX-91 is so\nXX-93 is so"), "--claims", "--draft-deviations=draft.txt"]
    run = pytest_run(tmp_path, *options, prepare=the_processor_is_a_backend)
    assert run.status == 1
    assert "✗ FAILS        observed      XX-93" in run.output
    row = "| **not listed**: AssertionError: assert 'cpu' == 'meta' | XX-93 | A claim on the processor fails there. |"
    assert row in run.lines
    draft = (tmp_path / "draft.txt").read_text(encoding="utf-8").splitlines()
    assert "# XX-93 fails on cpu or meta too, which is no deviation" in draft
    assert "| is it empty? | cpu: yes |" in run.output


def test_a_claim_of_a_chapter_that_is_not_run_may_be_listed(tmp_path):
    claims_file(tmp_path, CLAIMS)
    run = pytest_run(tmp_path, "--deviations", listed(tmp_path, "MOVE-03 stays\nXX-91 is so"), "-k", "size or no_state")
    assert run.status == 0, run.output


WRONG = {
    "an unknown id": ("SD-3  is so", "line 1: there is no claim 'SD-3'; nearest: SD-"),
    "no reason": ("# why\nXX-91", "line 2: XX-91 needs a reason: what does the backend do instead?"),
    "an id twice": ("XX-91 is so\nXX-91 is not so", "line 2: XX-91 stands in line 1 too"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_line_is_an_error_of_one_line(tmp_path, wrong):
    text, message = WRONG[wrong]
    claims_file(tmp_path, CLAIMS)
    path = listed(tmp_path, text)
    run = pytest_run(tmp_path, "--deviations", path)
    assert run.status == 4
    (line,) = [line for line in run.lines if line.startswith("ERROR: ")]
    assert line.startswith(f"ERROR: {path}, {message}")


def test_a_file_that_is_not_there_is_an_error_of_one_line(tmp_path):
    run = pytest_run(tmp_path, "--deviations", "nowhere.txt")
    assert run.status == 4
    assert run.lines == ["ERROR: nowhere.txt: No such file or directory", ""]


def test_a_file_that_is_no_text_can_not_be_read(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidDeviations, match="UTF-8"):
        read(str(tmp_path / "binary"))


PARAMETERS = {
    "no device": ({"size": 1}, True),
    "cpu": ({"device": "cpu"}, False),
    "an accelerator": ({"real_device": "cuda:0"}, True),
    "a move to meta": ({"move": Move("to(meta)", "cpu", "meta", None)}, False),
    "a move back": ({"migration": Move("xla.to(cpu)", "xla", "cpu", None)}, True),
}


@pytest.mark.parametrize("case", PARAMETERS)
def test_a_backend_is_shown_by_its_own_cases_and_those_of_no_device(case):
    params, shown = PARAMETERS[case]
    assert concerns_a_backend(params) is shown


def a_case(expected, outcome):
    return Case("SD-01", "", "saving", "", expected, "cpu", {}, [], outcome=outcome)


VERDICTS = {
    DEVIATES: [(HOLDS, "passed"), (DEVIATES, "passed"), (DEVIATES, "excused")],
    STALE: [(HOLDS, "passed"), (DEVIATES, "passed"), (DEVIATES, "passed")],
    FAILS: [(HOLDS, "failed"), (DEVIATES, "excused")],
}


@pytest.mark.parametrize("word", VERDICTS)
def test_a_deviation_is_judged_by_the_cases_of_the_backend(word):
    assert verdict([a_case(*case) for case in VERDICTS[word]]).word == word


def test_the_deviations_of_torch_xla_name_claims():
    read(str(PACKAGE / "records" / "torch_xla.txt")).check(catalogue.claims())


def test_a_gap_report_for_a_folder_that_is_not_there_is_an_error_of_one_line(tmp_path):
    run = pytest_run(tmp_path, "--gap-report", "nowhere/gaps.md")
    assert run.status == 4
    assert run.lines == ["ERROR: --gap-report: there is no folder nowhere", ""]


def test_the_gap_report_tells_broken_promises_from_what_was_only_observed():
    def deviating(id):
        return verdict([Case(id, f"{id} is so.", "saving", "", "deviates", "xla", {}, [], outcome="failed")])

    listed = Deviations("file", {"SD-03": "it is kept", "ENUM-37": "it is not sorted"})
    found = [replace(deviating(id), word="deviates") for id in listed.reasons]
    report = gap_report.to_markdown(gap_report.gaps(found, listed, {}, ["xla"]))
    assert "0 claims hold, 2 deviate as listed, 1 of them from what is documented: 2 causes.\n" in report
    promised, observed = report.split("| claim | what torch does and its documentation doesn't promise |")
    assert "| it is kept | SD-03 | SD-03 is so. |" in promised.partition("PyTorch's documentation promises")[2]
    assert "| it is not sorted | ENUM-37 | ENUM-37 is so. |" in observed


SEVERAL = """
@claim("XX-94", source="torch.nn.Module")
@pytest.mark.parametrize("size", [1, 2])
def test_one_thing_is_lacking(size):
    raise TypeError(f"no tensor | of size {size}\\nand more")

@claim("XX-95", source="torch.nn.Module")
def test_another_thing_is_lacking():
    raise TypeError("no tensor | of size 3")

@claim("XX-96", source="torch.nn.Module")
def test_a_device_crashes():
    os.kill(os.getpid(), 9)

@claim("XX-97", source="torch.nn.Module")
def test_a_device_hangs():
    time.sleep(600)

@claim("XX-98", source="torch.nn.Module")
def test_all_else_holds():
    assert nn.Module()
"""


def test_what_fails_is_drafted_by_cause_and_is_listed_then(tmp_path):
    claims_file(tmp_path, "import os, time\n" + SEVERAL)
    options = ["--case-limit=2", "--gap-report=gaps.md", "--draft-deviations=draft.txt"]
    run = pytest_run(tmp_path, *options, prepare=the_processor_is_a_backend)
    assert run.status == 1
    report = (tmp_path / "gaps.md").read_text(encoding="utf-8")
    assert "1 claims hold, 0 deviate as listed, 3 fail and are not listed, 1 timed out: 2 causes." in report
    assert "| **not listed**: TypeError: no tensor \\| of size 1 (2 claims) | XX-94 | One thing is lacking. |" in report
    assert "| XX-96 | the process was ended by SIGKILL, while it ran this case |" in report
    assert "| XX-97 | the case was ended after 2 seconds (--case-limit) |" in report
    drafted = read(str(tmp_path / "draft.txt")).reasons
    assert drafted == {
        "XX-94": "TypeError: no tensor | of size 1",
        "XX-95": "TypeError: no tensor | of size 1",
        "XX-96": "the process was ended by SIGKILL, while it ran this case",
    }
    options = ["--deviations=draft.txt", "-k=not hangs", "--draft-deviations=again.txt"]
    run = pytest_run(tmp_path, *options, prepare=the_processor_is_a_backend)
    assert run.status == 0, run.output
    assert read(str(tmp_path / "again.txt")).reasons == {}


def test_nothing_is_written_of_cpu_and_meta(tmp_path):
    claims_file(tmp_path, SEVERAL)
    options = ["-k=holds", "--gap-report=gaps.md", "--draft-deviations=draft.txt"]
    run = pytest_run(tmp_path, *options)
    assert run.status == 0
    assert "gap report" not in run.output
    assert "gaps.md was not written: cpu and meta are no backend" in run.lines
    assert "draft.txt was not written: cpu and meta are no backend" in run.lines
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["test_claims.py"]
