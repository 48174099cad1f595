"""The claims as sentences, the answer table, and what a failure says."""

import subprocess
import sys
from pathlib import Path

from ..reporting import table
from ..reporting.verdicts import Case
from .runs import claims_file, pytest_run

CHECKOUT = Path(__file__).parent.parent.parent
CLAIMS = """
@claim("SD-98", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=(PARAMETER, BUFFER), no=(PLAIN_TENSOR,))
def test_what_is_registered_is_saved(kind, answer, device):
    assert ("x" in kind.on(nn.Module(), "x", torch.ones(3, device=device)).state_dict()) is answer


@claim("SD-99", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=(NON_PERSISTENT_BUFFER,))
@pytest.mark.parametrize("Model", [ToyModel3])
def test_a_non_persistent_buffer_is_saved(Model):
    model = NON_PERSISTENT_BUFFER.on(Model(5, 10), "x", torch.ones(3))
    assert "x" in model.state_dict()


@claim("SD-100", source="torch.nn.Module.state_dict", since="99.0")
def test_a_module_saves_its_mood():
    assert "mood" in nn.Module().state_dict()
"""
SHOWN = (
    "✓ holds        SD-98     What is registered is saved  (device: cpu, meta; kind: buffer, parameter, plain tensor)"
)


def claims_of(output):
    text = output.partition(" claims =")[2].partition("\n")[2]
    return text.partition("\n====")[0].strip()


def test_claims_are_sentences_with_a_sign_and_a_word_for_each_verdict(tmp_path):
    claims_file(tmp_path, CLAIMS)
    shown = claims_of(pytest_run(tmp_path, "--claims").output)
    assert SHOWN in shown
    assert "✗ FAILS        SD-99     A non-persistent buffer is saved  (Model: ToyModel3)" in shown
    assert "○ not yet      SD-100    A module saves its mood  [since=99.0]" in shown


def test_claims_are_listed_without_being_run(tmp_path):
    claims_file(tmp_path, CLAIMS)
    run = pytest_run(tmp_path, "--claims", "--collect-only")
    assert run.status == 0
    assert "  not run      SD-98     What is registered is saved" in claims_of(run.output)


def test_the_claims_are_the_same_from_two_workers():
    alone = pytest_run(CHECKOUT, "spec/declaring", "--claims")
    command = [sys.executable, "-m", "pytest", "spec/declaring", "--claims", "-n", "2"]
    shared = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert claims_of(alone.output) == claims_of(shared.stdout) != ""


def test_the_answer_table_is_made_of_verdicts(tmp_path):
    claims_file(tmp_path, CLAIMS)
    lines = pytest_run(tmp_path).lines
    (row,) = [line.split() for line in lines if line.startswith("in state_dict()?")]
    assert row[2:] == ["yes", "·", "yes", "FAILS", "SD-99", "·", "no", "·"]


def test_a_failure_says_the_sentence_first_and_then_how_to_run_it_again(tmp_path):
    claims_file(tmp_path, CLAIMS)
    lines = pytest_run(tmp_path).lines
    start = lines.index("SD-99  A non-persistent buffer is saved")
    assert lines[start - 1].startswith("____")
    assert lines[start + 1] == "  Model: ToyModel3"
    command = next(line for line in lines if line.startswith("Run it again: "))
    assert command.endswith("'test_claims.py::test_a_non_persistent_buffer_is_saved[ToyModel3]'")


def test_a_cell_tells_apart_what_holds_fails_and_is_not_there_yet():
    def case(outcome, expected="holds"):
        return Case("SD-01", "", "saving", "", expected, "cpu", {}, [("in buffers()?", "buffer", "yes")], None, outcome)

    def buffer_cell(*cases):
        return table.answer_table(cases)[2][3]

    assert buffer_cell(case("passed")) == "yes"
    assert buffer_cell(case("passed"), case("failed")) == "FAILS SD-01"
    assert buffer_cell(case("excused", "not yet")) == "not yet"
    assert buffer_cell() == "·"


def test_every_cell_of_the_declared_table_has_one_answer():
    _, *rows = table.declared_table()
    assert {cell for row in rows for cell in row[1:]} == {"yes", "no"}
