"""What a stranger meets first: which one to use, the core claims by question, the glossary."""

import re
from collections import Counter
from string import ascii_uppercase

import pytest

from .. import facts
from ..reporting import catalogue, sentences
from ..reporting.verdicts import Case, verdicts
from .pytest_runs import pytest_run

CHECKOUT = catalogue.PACKAGE.parent
CAPITALS = {*ascii_uppercase, "`"}
CORE = [id for ids in facts.questions().values() for id in ids]


def case(id: str, core: bool) -> Case:
    return Case(id, f"{id} is so.", "saving", "", "holds", "cpu", {}, [], None, core, "passed")


def test_every_line_of_the_front_door_names_claims_that_exist():
    named = [id for choice in facts.choices() for id in choice.claims] + CORE
    assert [id for id in named if id not in catalogue.claims()] == []
    assert [choice.need for choice in facts.choices() if not choice.claims] == []


def test_every_core_claim_stands_under_exactly_one_question():
    assert [id for id, times in Counter(CORE).items() if times > 1] == []
    assert {id for id, claim in catalogue.claims().items() if claim.core} == set(CORE)


def test_pytest_runs_exactly_these_as_core():
    places = [f"spec/{chapter}" for chapter in facts.chapters()]
    run = pytest_run(CHECKOUT, "-m", "core", "--collect-only", "-q", *places)
    names = {line.partition("[")[0] for line in run.lines if "::" in line}
    expected = {
        f"{claim.place.partition('#')[0]}::{re.search(r'^def (test_.*)[(]', claim.text, re.MULTILINE)[1]}"
        for claim in map(catalogue.claims().get, CORE)
    }
    assert names == expected, run.output


def test_claims_begin_with_the_core_ones_by_question():
    cases = [case("SD-07", False), case("SD-04", True), case("MOVE-04", True), case("SD-01", True)]
    lines = sentences.to_text(verdicts(cases)).splitlines()
    assert [line for line in lines if not line.startswith("  ")] == [
        "Core: What is in the state dict?",
        "",
        "Core: What follows the module to a GPU or another dtype?",
        "",
        "Saving: what a checkpoint holds, what loading and copying restore",
    ]
    assert [line.split()[3] for line in lines if line.startswith("  ")] == ["SD-01", "SD-04", "MOVE-04", "SD-07"]


def test_what_is_core_elsewhere_stands_in_its_chapter():
    assert sentences.to_text(verdicts([case("XX-01", True)])).splitlines()[0] != "Core"


def test_every_term_of_the_glossary_has_a_meaning_in_a_sentence():
    assert [term for term, means in facts.glossary().items() if means[0] not in CAPITALS or means[-1] != "."] == []


@pytest.mark.parametrize(
    "term", ["swap mode", "replace mode", "extra state", "meta device", "strict load", "submodule"]
)
def test_a_term_that_sentences_use_is_in_the_glossary(term):
    assert term in facts.glossary()
