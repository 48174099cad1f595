"""The header, ``--device``, ``--require-device``, and what bad input is told."""

import os

import pytest
import torch

from ..engine import collection, options
from ..vocabulary import devices
from .pytest_runs import claims_file, pytest_run

A_CLAIM = """
@claim("XX-99", source="torch.nn.Module.state_dict")
def test_something_holds(device):
    assert nn.Module().state_dict() == {}
"""
ABSENT = devices.absent(devices.present())


def test_the_header_names_torch_python_and_the_devices(tmp_path):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path)
    assert run.status == 0
    assert "Python 3." in run.output
    (line,) = [line for line in run.lines if line.startswith("torch: ")]
    assert torch.__version__ in line
    assert "devices: cpu, meta" in line
    assert all(name in line.partition("absent: ")[2] for name in ABSENT)


def test_device_chooses_the_devices_of_a_run(tmp_path):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, "--device", "meta", "-v")
    assert run.status == 0
    assert "test_something_holds[meta]" in run.output
    assert "[cpu]" not in run.output


@pytest.mark.parametrize("option", ["--device", "--require-device"])
def test_an_absent_device_is_an_error(tmp_path, option):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, option, ABSENT[0])
    assert run.status == 4
    assert run.lines == [f"ERROR: device {ABSENT[0]!r} is not on this machine; present: cpu, meta", ""]


@pytest.mark.parametrize("option", ["--device", "--require-device"])
def test_an_unknown_device_is_an_error(tmp_path, option):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, option, "toaster")
    assert run.status == 4
    assert run.lines == ["ERROR: 'toaster' is not a torch device", ""]


@pytest.mark.parametrize("name", ["cpu:0", "cpu:1", "meta:0"])
def test_the_processor_has_no_number(tmp_path, name):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, "--device", name)
    assert run.status == 4
    kind = name.partition(":")[0]
    assert run.lines == [f"ERROR: device {name!r}: there is one {kind}, and it has no number", ""]


@pytest.mark.parametrize("option", ["--jobs=2", "--record=x.json", "--fault=a-move-rounds-to-half-precision"])
def test_an_option_that_is_meant_once_is_refused_twice(tmp_path, option):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, option, *option.split("="))
    assert run.status == 4
    assert run.lines == [f"ERROR: {option.partition('=')[0]}: it was given 2 times, and one is meant", ""]


@pytest.mark.parametrize(
    "option", ["--jobs=0", "--jobs=-3", "--jobs=all", "--case-limit=1e3", "--case-limit=1000000000000000000000000"]
)
def test_a_number_is_neither_too_small_nor_too_large(tmp_path, option):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, option)
    flag, _, number = option.partition("=")
    assert (run.status, run.lines) == (4, [f"ERROR: {flag}: name a whole number from 1 to 1000000, not {number}", ""])


def test_two_options_do_not_write_to_the_same_file(tmp_path):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, "--gap-report=a.json", f"--draft-deviations={tmp_path}/a.json")
    assert run.status == 4
    assert run.lines == ["ERROR: --gap-report and --draft-deviations would write to the same file", ""]
    null = pytest_run(tmp_path, f"--gap-report={os.devnull}", f"--draft-deviations={os.devnull}")
    assert null.status == 0


@pytest.mark.parametrize(("option", "said"), [("--fault=", "name one"), ("--deviations=", "name the file to read")])
def test_an_option_without_a_value_is_refused(tmp_path, option, said):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, option)
    assert run.status == 4
    assert run.lines[0].startswith(f"ERROR: {option[:-1]}: {said}")


def test_a_backend_of_which_there_is_a_name_only_is_absent(tmp_path):
    def prepare():
        torch.utils.rename_privateuse1_backend("ghost")

    if not hasattr(torch.utils, "rename_privateuse1_backend"):
        pytest.skip("torch 2.1 brought the name of a backend")
    claims_file(tmp_path, A_CLAIM)
    assert pytest_run(tmp_path, prepare=prepare).status == 0
    run = pytest_run(tmp_path, "--device", "ghost", prepare=prepare)
    assert (run.status, run.lines[0]) == (4, "ERROR: device 'ghost' is not on this machine; present: cpu, meta")


WRONG_CLAIMS = {
    "no id": ('@pytest.mark.claim(source="torch.nn.Module")', "a claim needs an id such as"),
    "an id that is none": ('@claim("SD", source="torch.nn.Module")', "a claim needs an id such as"),
    "no source": ('@pytest.mark.claim("SD-01")', "claim SD-01 needs a source"),
    "a source that is not there": (
        '@claim("SD-01", source="torch.nn.Modul")',
        "'torch.nn.Modul' of claim SD-01",
    ),
    "a source that is not torch": ('@claim("SD-01", source="json.dumps")', "'json.dumps' of claim SD-01 is not"),
    "a bug without releases": ('@claim("SD-01", source="torch.nn.Module", bug="pytorch/pytorch#1")', "both or none"),
    "a guard that is no version": (
        '@claim("SD-01", source="torch.nn.Module", since="new")',
        "guard that can't",
    ),
    "an unknown term": ('@pytest.mark.claim("SD-01", source="torch.nn.Module", sence="2.0")', "can't be read"),
}


@pytest.mark.parametrize("wrong", WRONG_CLAIMS)
def test_a_claim_that_is_not_well_formed_stops_the_run_before_anything_runs(tmp_path, wrong):
    marker, complaint = WRONG_CLAIMS[wrong]
    claims_file(tmp_path, f"{A_CLAIM}\n{marker}\ndef test_a_wrong_claim():\n    assert True\n")
    run = pytest_run(tmp_path)
    assert run.status == 4
    (error,) = [line for line in run.lines if line.startswith("ERROR: ")]
    assert "test_a_wrong_claim" in error
    assert complaint in error
    assert "passed" not in run.output


def test_an_id_that_is_used_twice_stops_the_run(tmp_path):
    claims_file(tmp_path, A_CLAIM + A_CLAIM.replace("something", "another"))
    run = pytest_run(tmp_path)
    assert run.status == 4
    assert "claim id XX-99 is used twice, by test_claims.py::test_something_holds and by" in run.output
    assert "; XX-01 is free" in run.output


def test_a_test_without_a_claim_stops_the_run_in_a_chapter(tmp_path, monkeypatch):
    claims_file(tmp_path, "def test_no_claim():\n    assert True\n")
    monkeypatch.setattr(collection, "PACKAGE", tmp_path.parent)
    monkeypatch.setattr(collection, "chapters", lambda: {tmp_path.name: None})
    run = pytest_run(tmp_path)
    assert run.status == 4
    assert 'test_no_claim: a claim needs an id such as "SD-03", not None' in run.output


def test_an_old_pytest_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(pytest, "version_tuple", (8, 4, 2))
    monkeypatch.setattr(pytest, "__version__", "8.4.2")
    run = pytest_run(tmp_path)
    assert run.status == 4
    assert run.lines == ["ERROR: pytest 8.4.2 is too old for this specification: it needs 9 or newer", ""]


def test_an_old_torch_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(options, "TORCH", options.Version("1.12.1"))
    monkeypatch.setattr(torch, "__version__", "1.12.1")
    run = pytest_run(tmp_path)
    assert run.status == 4
    assert run.lines == ["ERROR: torch 1.12.1 is too old for this specification: it needs 1.13 or newer", ""]
