"""The claims as sentences, the answer table, and what a failure says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from ..reporting import answer_table
from ..reporting.verdicts import Case
from .pytest_runs import claims_file, pytest_run

CHECKOUT = Path(__file__).parent.parent.parent
CLAIMS = """
@claim("XX-98", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=(PARAMETER, BUFFER), no=(PLAIN_TENSOR,))
def test_what_is_registered_is_saved(kind, answer, device):
    assert ("x" in kind.on(nn.Module(), "x", torch.ones(3, device=device)).state_dict()) is answer


@claim("XX-99", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=(NON_PERSISTENT_BUFFER,))
@pytest.mark.parametrize("Model", [ToyModel3])
def test_a_non_persistent_buffer_is_saved(Model):
    model = NON_PERSISTENT_BUFFER.on(Model(5, 10), "x", torch.ones(3))
    assert "x" in model.state_dict()


@claim("XX-100", source="torch.nn.Module.state_dict", since="99.0")
def test_a_module_saves_its_mood():
    assert "mood" in nn.Module().state_dict()
"""
SHOWN = (
    "✓ holds        observed      XX-98     What is registered is saved.  "
    "(device: cpu, meta; kind: buffer, parameter, plain tensor)"
)


def claims_of(output):
    text = output.partition(" claims =")[2].partition("\n")[2]
    return text.partition("\n====")[0].strip()


def test_claims_are_sentences_with_a_sign_and_a_word_for_each_verdict(tmp_path):
    claims_file(tmp_path, CLAIMS)
    shown = claims_of(pytest_run(tmp_path, "--claims").output)
    assert SHOWN in shown
    assert "✗ FAILS        observed      XX-99     A non-persistent buffer is saved.  (Model: ToyModel3)" in shown
    assert "○ not yet      observed      XX-100    A module saves its mood.  [since=99.0]" in shown


def test_a_tensor_among_the_parameters_of_a_claim_is_told_by_its_id(tmp_path):
    text = """
@claim("XX-98", source="torch.nn.Module")
@pytest.mark.parametrize("value", [torch.ones(3), torch.ones(4)], ids=["three", "four"])
def test_a_tensor_is_a_tensor(value):
    assert isinstance(value, torch.Tensor)
"""
    claims_file(tmp_path, text)
    assert "A tensor is a tensor.  (value: four, three)" in pytest_run(tmp_path, "--claims").output


def test_claims_are_listed_without_being_run(tmp_path):
    claims_file(tmp_path, CLAIMS)
    run = pytest_run(tmp_path, "--claims", "--collect-only")
    assert run.status == 0
    assert "· not run      observed      XX-98     What is registered is saved." in claims_of(run.output)


def test_the_claims_are_the_same_from_two_workers():
    files = ["spec/declaring/test_names.py", "spec/saving/test_keys.py"]
    alone = pytest_run(CHECKOUT, *files, "--claims")
    command = [sys.executable, "-m", "pytest", *files, "--claims", "-n", "2"]
    shared = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert claims_of(alone.output) == claims_of(shared.stdout) != ""


def test_the_answer_table_is_made_of_verdicts(tmp_path):
    claims_file(tmp_path, CLAIMS)
    lines = pytest_run(tmp_path).lines
    (row,) = [line.split() for line in lines if line.startswith("in state_dict()?")]
    assert row[2:] == ["yes", "·", "yes", "FAILS", "XX-99", "·", "no", "·"]


def test_a_failure_says_the_sentence_first_and_then_how_to_run_it_again(tmp_path):
    claims_file(tmp_path, CLAIMS)
    lines = pytest_run(tmp_path).lines
    start = lines.index("XX-99  A non-persistent buffer is saved.")
    assert lines[start - 1].startswith("____")
    assert lines[start + 1] == "  Model: ToyModel3"
    command = next(line for line in lines if line.startswith("Run it again: "))
    assert command.endswith(" -k XX-99")


def test_a_failure_is_told_once_on_ci_too(tmp_path, monkeypatch):
    monkeypatch.setenv("CI", "true")
    claims_file(tmp_path, CLAIMS)
    lines = pytest_run(tmp_path).lines
    assert [line for line in lines if line.startswith("Run it again: ")][1:] == []
    assert lines.count("  Model: ToyModel3") == 1
    assert len([line for line in lines if line.startswith("FAILED ")]) == 1


def test_a_cell_tells_apart_what_holds_fails_and_is_not_there_yet():
    def case(outcome, expected="holds"):
        answers = [("in buffers()?", "buffer", "yes")]
        return Case("SD-01", "", "saving", "", expected, "cpu", {}, answers, outcome=outcome)

    def buffer_cell(*cases):
        return answer_table.answer_table(cases)[2][3]

    assert buffer_cell(case("passed")) == "yes"
    assert buffer_cell(case("passed"), case("failed")) == "FAILS SD-01"
    assert buffer_cell(case("excused", "not yet")) == "not yet"
    assert buffer_cell() == "·"


def test_every_cell_of_the_declared_table_has_one_answer():
    _, *rows = answer_table.declared_table()
    assert {cell for row in rows for cell in row[1:]} == {"yes", "no"}


GREEN = CLAIMS.partition('@claim("XX-99"')[0]


def test_a_green_run_ends_with_the_answer_table_and_says_nothing_else(tmp_path):
    claims_file(tmp_path, GREEN)
    lines = pytest_run(tmp_path).lines
    after = lines[next(index for index, line in enumerate(lines) if "[100%]" in line) + 1 :]
    table = [line for line in after if line.startswith(answer_table.QUESTIONS)]
    assert len(table) == len(answer_table.QUESTIONS)
    others = [line for line in after if line.strip() and line not in table]
    headings = [line for line in others if line.split()[0] in ("parameter", "parameter", "buffer")]
    assert len(others) - len(headings) <= 3, others


@pytest.mark.parametrize("module", ["spec", "spec.reporting"])
def test_that_numpy_is_missing_is_not_said_to_anybody(module, tmp_path):
    """Where it is installed, nothing could be said."""
    words = {"spec": ["--fault=list"], "spec.reporting": ["table"]}[module]
    environment = {**os.environ, "PYTHONPATH": f"{without_numpy(tmp_path)}{os.pathsep}{CHECKOUT}"}
    command = [sys.executable, "-m", module, *words]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "NumPy" not in run.stdout + run.stderr
    assert run.stderr == ""


def without_numpy(folder: Path) -> Path:
    """A folder of modules that hides NumPy from whoever imports it."""
    (folder / "hidden").mkdir()
    (folder / "hidden" / "numpy.py").write_text("raise ModuleNotFoundError(\"No module named 'numpy'\")")
    return folder / "hidden"


@pytest.mark.parametrize("file", ["pyproject.toml", "spec/engine/installed.toml"])
def test_no_other_warning_is_silenced(file):
    filters = tomllib.loads((CHECKOUT / file).read_text(encoding="utf-8"))["tool"]["pytest"]["filterwarnings"]
    silenced = [each for each in filters if each.startswith("ignore")]
    assert silenced == ["ignore:Failed to initialize NumPy:UserWarning"]
