"""What the README says is what the code does."""

import re
import sys
import textwrap
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from ..engine.options import OPTIONS
from ..facts import chapters
from ..faults import all_faults
from ..reporting import catalogue, front_door

CHECKOUT = Path(__file__).parent.parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def claim_ids():
    files = [path for chapter in chapters() for path in (CHECKOUT / "spec" / chapter).glob("test_*.py")]
    return [id for path in files for id in re.findall(r'@claim\(\s*"([A-Z]+-\d+)"', path.read_text(encoding="utf-8"))]


def test_it_begins_with_the_front_door():
    """Mended by ``python -m spec.reporting front-door``, which prints that part."""
    introduction, heading, rest = README.partition("## Which one do I use?")
    assert introduction.count("\n") < 8
    assert (heading + rest).startswith(front_door.page())


def test_nothing_is_counted_by_hand():
    assert re.findall(r"\d+ (?:claims|faults|tests)", README) == []


def test_every_fault_is_aimed_at_claims_that_exist_and_every_claim_has_one():
    targets = {id for fault in all_faults().values() for id in fault.refutes}
    known_bugs = {"LOAD-22"}  # holds on no release yet, so that there is nothing to break
    assert targets == set(claim_ids()) - known_bugs


def test_every_claim_that_is_named_exists():
    named = set(re.findall(r"\b[A-Z]{2,}-\d\d+\b", README))
    assert named - {"BSD-3"} <= set(claim_ids())


def test_the_claim_that_is_shown_stands_in_the_code():
    shown = re.search(r"((?: {4}@.*\n)+ {4}def test_.*\n(?: {4}.*\n|\n(?= ))*)", README)[1]
    id = re.search(r'@claim\("([A-Z]+-\d+)"', shown)[1]
    assert textwrap.dedent(shown).strip() == catalogue.claims()[id].text.strip()
    assert f"`{id}` is the claim's id" in README


def test_every_option_that_is_named_exists():
    plugins = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "spec").rglob("*.py"))
    options = set(re.findall(r"^\| `(--[a-z-]+)", README, re.MULTILINE)) - {"--hypothesis-profile"}
    assert {option for option in options if f'"{option}"' not in plugins} == set()


def test_every_option_is_named():
    assert [option.flag for option in OPTIONS if f"`{option.flag}" not in README] == []


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [link for link in links if not (CHECKOUT / link).exists()] == []


def test_every_chapter_is_run_and_named():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["pytest"]["testpaths"] == [
        f"spec/{name}" for name, chapter in chapters().items() if not chapter.apart
    ]
    assert [chapter for chapter in chapters() if f"(spec/{chapter})" not in README] == []
