"""The road table: its facts, its record, what is not installed, and what the command says."""

import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from pkgutil import resolve_name

import pytest

from .. import __name__ as package
from .. import facts
from ..interoperating.kinds import KINDS
from ..reporting import catalogue, roads
from ..reporting.verdicts import Case
from ..vocabulary.claim import listed
from .pytest_runs import claims_file, pytest_run

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10; pytest brings it along
    import tomli as tomllib

ROOT = Path(__file__).parent.parent.parent
TOX = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["tox"]["env"]
CLAIMS = {id: claim for id, claim in catalogue.claims().items() if claim.apart}


@pytest.fixture(scope="module")
def record():
    return roads.read(roads.COMMITTED)


def test_the_kinds_are_those_of_the_models():
    assert roads.kinds() == tuple(kind.KIND for kind in KINDS)


def test_every_library_that_a_claim_needs_is_known_and_its_road_needs_it_too():
    needed = {name for claim in CLAIMS.values() for name in listed(claim.needs)}
    on_roads = {name for road in facts.roads().values() for name in road.needs}
    assert needed == on_roads == facts.libraries().keys()


def test_tox_installs_what_the_facts_say():
    wanted = [f"{each.name}=={each.version}" for each in facts.libraries().values()]
    assert [each for each in TOX["roads"]["deps"] if isinstance(each, str)][1:] == wanted
    assert [each for each in TOX["roads-newest"]["deps"] if isinstance(each, str)][1:] == [*facts.libraries()]


def test_every_change_is_checked_with_the_light_ones():
    light = [f"{each.name}=={each.version}" for each in facts.libraries().values() if each.light]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert f"python -m pip install --quiet {' '.join(light)}\n" in script


def test_a_record_may_begin_with_a_byte_order_mark(record, tmp_path):
    (tmp_path / "roads.json").write_text(roads.to_record(record), encoding="utf-8-sig")
    assert roads.read(tmp_path / "roads.json") == record


def test_the_committed_record_is_whole_and_of_these_versions(record):
    assert record.claims.keys() == CLAIMS.keys()
    assert {verdict for verdict, _, _ in record.claims.values()} == {"holds"}
    assert {name: record.versions[name] for name in facts.libraries()} == {
        name: library.version for name, library in facts.libraries().items()
    }
    assert [cell for cell in record.cells if cell.outcome not in {*roads.OUTCOMES, "not asked"}] == []
    assert {cell.road for cell in record.cells} == facts.roads().keys()
    assert roads.COMMITTED.read_text(encoding="utf-8") == roads.to_record(record)


def test_what_the_command_writes_keeps_its_schema(record, tmp_path):
    words = [sys.executable, "-m", "spec.reporting", "roads", "--json", str(tmp_path / "roads.json")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == roads.page(record)
    assert json.loads((tmp_path / "roads.json").read_text()) == [*map(roads.as_object, record.cells)]
    schema = catalogue.PACKAGE / "reporting" / "roads.schema.json"
    words = [sys.executable, "-m", "check_jsonschema", "--schemafile", schema, tmp_path / "roads.json"]
    checked = subprocess.run(words, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_page_says_what_each_kind_is(record):
    assert [kind for kind in roads.kinds() if f"\n{kind:<27} " not in roads.page(record)] == []


def test_the_command_imports_no_torch():
    code = "import sys; from spec.__main__ import main; main(['roads']); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)


def case(outcome="passed", **terms):
    words = {"sentence": "A sentence.", "chapter": "interoperating", "terms": "", "expected": "holds", "device": "cpu"}
    return Case("ROAD-01", **words, axes={}, answers=[], outcome=outcome, **terms)


@pytest.mark.parametrize(
    ("outcome", "cell"),
    [("passed", "kept"), ("failed", "FAILS ROAD-01"), ("not run", "not run"), ("not installed", "not run")],
)
def test_a_cell_says_what_was_seen(outcome, cell):
    found = roads.cells_of([case(outcome, roads=[("copy.deepcopy", "buffer", "kept")])])
    assert {each.outcome for each in found if (each.road, each.kind) == ("copy.deepcopy", "buffer")} == {cell}


def test_a_record_that_differs_says_what_changed(record):
    (id, (_, count, why)), *_ = record.claims.items()
    newer = roads.Record(
        record.python,
        record.platform,
        {**record.versions, "safetensors": "9.0"},
        {**record.claims, id: ("fails", count, why)},
        record.cells,
    )
    heading, line = roads.differences(record, newer)
    assert heading == f"safetensors {record.versions['safetensors']} → 9.0"
    assert line.startswith(f"{id:<9} holds → fails: ")


ABSENT = """
@claim("XX-99", source="nowhere.at_all", needs="safetensors")
@pytest.mark.parametrize("shape", [1, 2])
def test_a_buffer_is_kept(shape):
    raise AssertionError("this runs nowhere")


@claim("XX-98", source="torch.nn.Module.state_dict")
def test_a_module_has_a_state_dict():
    assert nn.Module().state_dict() == {}
"""


def without_libraries():
    import_module(f"{package}.vocabulary.claim").is_installed = roads.installed = lambda name: False


def test_a_claim_whose_library_is_absent_is_not_run_and_one_line_says_so(tmp_path):
    claims_file(tmp_path, ABSENT)
    run = pytest_run(tmp_path, "--claims", prepare=without_libraries)
    assert run.status == 0, run.output
    assert run.output.count("· not installed: safetensors (1 claim not run)") == 1
    (line,) = [line for line in run.lines if "XX-99" in line]
    assert line.split()[:3] == ["·", "not", "installed"]
    assert "1 passed" in run.output


@pytest.mark.parametrize("id", CLAIMS)
def test_a_source_is_in_its_library(id):
    claim = CLAIMS[id]
    for library in (claim.needs or "").split(", "):
        if library:
            try:
                version(library)
            except PackageNotFoundError:
                pytest.skip(f"{library} is not installed")
    resolve_name(claim.source)
