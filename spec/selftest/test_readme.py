"""What the README says is what the code does."""

import re
from pathlib import Path

import tomllib

from ..faults import all_faults
from ..reporting import table
from ..vocabulary.chapters import CHAPTERS

CHECKOUT = Path(__file__).parent.parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def claim_ids():
    files = [path for chapter in CHAPTERS for path in (CHECKOUT / "spec" / chapter).glob("test_*.py")]
    return [id for path in files for id in re.findall(r'@claim\(\s*"([A-Z]+-\d+)"', path.read_text(encoding="utf-8"))]


def test_the_answer_table_is_the_one_that_the_claims_prove():
    assert table.to_markdown(table.declared_table()) in README


def test_the_numbers_of_claims_and_faults_are_true():
    assert f"There are {len(claim_ids())} claims and {len(all_faults())} faults." in README


def test_every_fault_is_aimed_at_claims_that_exist_and_every_claim_has_one():
    targets = {id for fault in all_faults().values() for id in fault.refutes}
    known_bugs = {"LOAD-22"}  # holds on no release yet, so that there is nothing to break
    assert targets == set(claim_ids()) - known_bugs


def test_every_claim_that_is_named_exists():
    named = set(re.findall(r"\b[A-Z]{2,}-\d\d+\b", README))
    assert named - {"BSD-3"} <= set(claim_ids())


def test_the_claim_that_is_shown_stands_in_the_code():
    shown = re.search(r"( {4}@claim\(\"SD-03\".*?\n)\n", README, re.DOTALL).group(1)
    source = (CHECKOUT / "spec" / "saving" / "test_state_dict.py").read_text(encoding="utf-8")
    assert re.sub(r"^ {4}", "", shown, flags=re.MULTILINE) in source


def test_every_option_that_is_named_exists():
    plugins = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "spec").rglob("*.py"))
    options = set(re.findall(r"^\| `(--[a-z-]+)", README, re.MULTILINE)) - {"--hypothesis-profile"}
    assert {option for option in options if f'"{option}"' not in plugins} == set()


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [link for link in links if not (CHECKOUT / link).exists()] == []


def test_every_chapter_is_run_and_named():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["pytest"]["testpaths"] == [f"spec/{chapter}" for chapter in CHAPTERS]
    assert all(f"(spec/{chapter})" in README for chapter in CHAPTERS)
