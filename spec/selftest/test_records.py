"""``--record``: what a record holds, when there is none, and what is read back."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from .. import __version__
from ..reporting import catalogue, record
from ..reporting.files import write_whole
from ..reporting.record import Shown, UnreadableRecord
from .pytest_runs import claims_file, pytest_run

CLAIMS = """
@claim("XX-98", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=(PARAMETER,), no=(PLAIN_TENSOR,))
def test_a_parameter_is_saved(kind, answer, device):
    assert ("x" in kind.on(nn.Module(), "x", torch.ones(3, device=device)).state_dict()) is answer


@claim("XX-99", source="torch.nn.Module.state_dict", since="99.0")
@pytest.mark.parametrize("case", [1, 2, 3])
def test_a_module_has_a_mood(device, case):
    assert case > 2 or nn.Module().mood


@claim("XX-100", source="torch.nn.Module.state_dict")
def test_a_module_is_false():
    assert not nn.Module(), "a text that is in no record"


@claim("XX-101", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", [Kind("future", nn.Module.register_buffer, since="99.0")])
def test_a_kind_of_the_future_is_saved(kind):
    assert kind
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with four claims: one holds, one does not hold yet, one fails, one has no case here."""
    claims_file(tmp_path, CLAIMS)
    return tmp_path


def specification(*ids):
    """Let the specification be these claims, in the process that runs them."""

    def prepare():
        catalogue.claims = lambda: dict.fromkeys(ids, SimpleNamespace(apart=False))

    return prepare


WHOLE = specification("XX-98", "XX-99", "XX-100", "XX-101")


def recorded(folder, *args, status=1):
    run = pytest_run(folder, "--record", "record.json", *args, prepare=WHOLE)
    assert run.status == status, run.output
    assert "recorded in record.json" in run.lines
    return (folder / "record.json").read_bytes()


def test_a_record_holds_the_verdict_of_each_claim_on_each_device(folder):
    recorded(folder)
    found = record.read(folder / "record.json")
    assert found.claims == {
        "XX-98": {"cpu": Shown("holds", 2), "meta": Shown("holds", 2)},
        "XX-99": {"cpu": Shown("not yet", 3, ("AttributeError",)), "meta": Shown("not yet", 3, ("AttributeError",))},
        "XX-100": {"cpu": Shown("fails", 1, ("AssertionError",))},
        "XX-101": {},
    }


def test_a_record_says_what_the_run_ran_on(folder):
    recorded(folder)
    found = record.read(folder / "record.json")
    assert found.torch["version"] == torch.__version__
    assert found.torch["git"] == torch.version.git_version
    assert found.release == torch.__version__.partition("+")[0]
    assert found.python == sys.version.split()[0]
    assert found.devices == {"cpu": "real", "meta": "meta"}
    assert found.hypothesis["profile"] == "claims"
    assert found.spec == __version__
    assert found.table[3] == ["in state_dict()?", "yes", "·", "·", "·", "·", "no", "·"]


def test_a_record_has_one_line_for_each_claim_and_no_output_time_or_path(folder):
    text = recorded(folder).decode()
    assert '"XX-99":{"cpu meta":["not yet",3,"AttributeError"]},\n' in text
    assert "a text that is in no record" not in text
    assert str(folder) not in text
    assert "test_" not in text


def test_a_second_run_writes_the_same_bytes(folder):
    assert recorded(folder) == recorded(folder)


def test_the_order_of_the_claims_does_not_matter(folder):
    before = recorded(folder)
    text = CLAIMS.split("\n\n\n")
    claims_file(folder, "\n\n\n".join(reversed(text)))
    assert recorded(folder) == before


def test_the_devices_that_were_chosen_are_recorded(folder):
    recorded(folder, "--device", "meta")
    found = record.read(folder / "record.json")
    assert found.devices == {"cpu": "real", "meta": "meta"}
    assert found.claims["XX-98"] == {"meta": Shown("holds", 2)}
    assert found.claims["XX-100"] == {"cpu": Shown("fails", 1, ("AssertionError",))}


PARTIAL = {
    "-k": ["-k", "mood"],
    "-m": ["-m", "answers"],
    "a test by name": ["test_claims.py::test_a_module_is_false"],
    "--last-failed": ["-p", "cacheprovider", "--lf"],
    "--deselect": ["--deselect", "test_claims.py::test_a_module_is_false"],
    "--ignore": ["--ignore", "nothing"],
    "--collect-only": ["--collect-only"],
    "--fault": ["--fault", "a-move-rounds-to-half-precision"],
    "--prove": ["--prove"],
}


@pytest.mark.parametrize("options", PARTIAL)
def test_a_run_that_says_too_little_is_not_recorded(folder, options):
    run = pytest_run(folder, "--record", "record.json", *PARTIAL[options], prepare=WHOLE)
    assert run.status == 4
    (error,) = filter(None, run.lines)
    assert error.startswith("ERROR: --record: there is no record of such a run: ")
    assert not (folder / "record.json").exists()


def test_a_run_of_some_files_is_not_recorded(folder):
    prepare = specification("XX-97", "XX-98", "XX-99", "XX-100", "XX-101")
    run = pytest_run(folder, "--record", "record.json", prepare=prepare)
    assert run.status == 4
    assert "1 of 5 claims were left out, XX-97 among them" in run.output
    assert "passed" not in run.output
    assert not (folder / "record.json").exists()


def test_other_claims_are_not_recorded(folder):
    run = pytest_run(folder, "--record", "record.json", prepare=specification("XX-98", "XX-99", "XX-100"))
    assert run.status == 4
    assert "XX-101 is no claim of the specification" in run.output


def test_a_run_that_stops_early_is_not_recorded(folder):
    (folder / "record.json").write_text("what was there")
    moved = CLAIMS.replace("XX-98", "x").replace("XX-100", "XX-98").replace("x", "XX-100", 1)
    claims_file(folder, moved + "\n\ndef test_last():\n    assert False\n\ndef test_more():\n    pass\n")
    run = pytest_run(folder, "-x", "--record", "record.json", prepare=WHOLE)
    assert run.status != 0
    assert "no record was written: the run was cut short" in run.output
    assert (folder / "record.json").read_text() == "what was there"
    assert {path.name for path in folder.iterdir() if path.is_file()} == {"record.json", "test_claims.py"}


def test_an_interrupted_run_is_not_recorded(folder):
    claims_file(folder, CLAIMS + "\n\ndef test_interruption():\n    raise KeyboardInterrupt\n")
    run = pytest_run(folder, "--record", "record.json", prepare=WHOLE)
    assert run.status == 2
    assert "no record was written: the run was interrupted" in run.output
    assert not (folder / "record.json").exists()


@pytest.mark.parametrize(("path", "complaint"), [("no/such.json", "there is no folder no"), (".", ". is a folder")])
def test_a_record_that_can_not_be_written_is_refused_beforehand(folder, path, complaint):
    run = pytest_run(folder, "--record", path, prepare=WHOLE)
    assert run.status == 4
    assert run.lines == [f"ERROR: --record: {complaint}", ""]


def test_two_workers_record_the_same(folder):
    alone = recorded(folder)
    assert recorded(folder, "-n", "2") == alone


def test_two_workers_that_leave_claims_out_record_nothing(folder):
    prepare = specification("XX-97", "XX-98", "XX-99", "XX-100", "XX-101")
    run = pytest_run(folder, "-n", "2", "--record", "record.json", prepare=prepare)
    assert run.status == 4
    assert "no record was written: 1 of 5 claims were left out, XX-97 among them" in run.output
    assert not (folder / "record.json").exists()


@pytest.mark.parametrize("version", [torch.__version__, ".".join(torch.__version__.split(".")[:2])])
def test_the_torch_that_was_expected_is_run(folder, version):
    assert pytest_run(folder, "--expect-torch", version, "-k", "saved").status == 0


@pytest.mark.parametrize("version", ["1.0", "2.99.1"])
def test_another_torch_than_expected_is_not_run(folder, version):
    run = pytest_run(folder, "--expect-torch", version)
    assert run.status == 4
    release = torch.__version__.partition("+")[0]
    assert run.lines == [f"ERROR: --expect-torch: torch {version} was asked for, and this is torch {release}", ""]


@pytest.fixture
def written(tmp_path):
    """A record on disk, and the same as data."""
    some = record.Record(
        torch={"version": "2.4.1+cu121", "git": None, "built_for": "cuda 12.1"},
        python="3.11.7",
        platform="linux x86_64",
        hypothesis={"version": "6.0", "profile": "claims"},
        devices={"cpu": "real", "meta": "meta"},
        table=[["", "buffer"], ["in buffers()?", "yes"]],
        claims={"SD-01": {"cpu": Shown("not yet", 2, ("TypeError",)), "meta": Shown("holds", 2)}, "SD-02": {}},
    )
    record.write(some, tmp_path / "record.json")
    return tmp_path / "record.json", some


def test_what_is_written_is_read_back(written):
    path, some = written
    assert record.read(path) == some
    assert some.release == "2.4.1"
    assert record.to_text(record.read(path)) == path.read_text(encoding="utf-8")


def test_the_devices_beside_cpu_and_meta_set_a_record_apart(written):
    _, some = written
    assert some.beyond == ""
    assert replace(some, devices={**some.devices, "xla": "real"}).beyond == "xla"


WRONG = {
    "a newer schema": (["schema"], 2, "schema 2, and this version reads schema 1"),
    "no schema": (["schema"], None, "not a record, it has no schema number"),
    "a field of another type": (["python"], 3.11, "not a record, python can't be 3.11"),
    "an unknown field": (["seconds"], 1.5, "not a record, unknown field 'seconds'"),
    "a part without a field": (["torch"], {"version": "2.0"}, "not a record, no field 'torch.built_for'"),
    "a device of no kind": (["devices", "cpu"], "fast", "not a record, device cpu is neither real nor meta"),
    "a ragged table": (["table"], [["", "buffer"], ["x"]], "not a record, the rows of the table differ in length"),
    "a claim without devices": (["claims", "SD-02"], 3, "not a record, claim SD-02 has no devices"),
    "a device that was not there": (
        ["claims", "SD-02"],
        {"xla": ["holds", 1]},
        "not a record, claim SD-02 was shown on xla, which is not among the devices",
    ),
    "an unknown verdict": (
        ["claims", "SD-02"],
        {"cpu": ["maybe", 1]},
        "not a record, claim SD-02 has the unknown verdict 'maybe'",
    ),
    "a version of nothing": (
        ["torch", "version"],
        "../../etc",
        "not a record, '../../etc' is no version of torch",
    ),
    "an id that is none": (["claims", "<img>"], {}, "not a record, '<img>' is no id of a claim"),
    "no cases": (["claims", "SD-02"], {"cpu": ["holds", 0]}, "not a record, claim SD-02 has no number of cases on cpu"),
    "two verdicts": (
        ["claims", "SD-02"],
        {"cpu": ["holds", 1], "cpu meta": ["fails", 1]},
        "not a record, claim SD-02 has two verdicts on one device",
    ),
    "half a verdict": (
        ["claims", "SD-02"],
        {"cpu": ["holds"]},
        "not a record, claim SD-02 has no verdict and number of cases on cpu",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_that_is_no_record_is_told_apart(written, wrong):
    path, _ = written
    place, value, complaint = WRONG[wrong]
    data = json.loads(path.read_text())
    *outer, last = place
    part = data
    for name in outer:
        part = part[name]
    part[last] = value
    path.write_text(json.dumps(data))
    with pytest.raises(UnreadableRecord) as caught:
        record.read(path)
    assert str(caught.value) == f"{path}: {complaint}"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'"schema"', b"<html>", b"[" * 100_000])
def test_a_file_of_something_else_is_unreadable(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(UnreadableRecord, match="not a record"):
        record.read(tmp_path / "x.json")


def test_half_a_sign_is_written_as_json_spells_it(tmp_path):
    write_whole(tmp_path / "x.json", '"\ud800"')
    assert (tmp_path / "x.json").read_text(encoding="utf-8") == r'"\ud800"'


def test_a_file_that_is_not_there_is_unreadable(tmp_path):
    with pytest.raises(UnreadableRecord, match="No such file or directory"):
        record.read(tmp_path / "x.json")
