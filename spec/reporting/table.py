"""The answer table: kinds of state against the questions that people ask about them."""

import importlib
import pkgutil
from collections.abc import Iterable
from itertools import product

import pytest

from ..vocabulary import KINDS
from ..vocabulary.chapters import CHAPTERS
from .grid import Table
from .grid import to_markdown as to_markdown
from .grid import to_text as to_text
from .verdicts import FAILS, Case, verdict

QUESTIONS = (
    "in parameters()?",
    "in buffers()?",
    "in state_dict()?",
    "follows a move?",
    "follows a dtype conversion?",
    "gets a gradient?",
    "updated by the optimizer?",
    "survives save and load?",
    "survives deepcopy and pickle?",
    "registered by plain assignment?",
)
NOT_ASKED = "·"


def answer_table(cases: Iterable[Case]) -> Table:
    """The table that ``cases`` prove: a cell is the answer that was shown, or the claim that failed to show it."""
    evidence: dict[tuple[str, str], dict[str, list[Case]]] = {}
    for case in cases:
        for question, kind, answer in case.answers:
            evidence.setdefault((question, kind), {}).setdefault(answer, []).append(case)
    rows = [[question, *(cell(evidence.get((question, str(kind)), {})) for kind in KINDS)] for question in QUESTIONS]
    return [["", *map(str, KINDS)], *rows]


def cell(evidence: dict[str, list[Case]]) -> str:
    """One cell: ``yes``, ``no``, ``not yet``, or ``FAILS SD-01``; ``·`` where no case spoke of it."""
    words = set()
    for answer, cases in evidence.items():
        found = verdict(cases)
        words.add({"holds": answer, "not run": answer, FAILS: f"{FAILS} {found.id}"}.get(found.word, found.word))
    return " / ".join(sorted(words)) or NOT_ASKED


def declared_table() -> Table:
    """The table that the claims say they prove, read from their ``answers`` without running one of them."""
    declared: dict[tuple[str, str], set[str]] = {}
    package = __package__.rpartition(".")[0]
    for chapter in CHAPTERS:
        for module in pkgutil.iter_modules(importlib.import_module(f"{package}.{chapter}").__path__):
            if module.name.startswith("test_"):
                tests = vars(importlib.import_module(f"{package}.{chapter}.{module.name}")).values()
                for mark in [mark for test in tests for mark in marks(test) if mark.name == "answers"]:
                    for answer in ("yes", "no"):
                        for place in product(mark.args, mark.kwargs[answer]):
                            declared.setdefault(place, set()).add(answer)
    rows = [
        [question, *(" / ".join(sorted(declared.get((question, str(kind)), [NOT_ASKED]))) for kind in KINDS)]
        for question in QUESTIONS
    ]
    return [["", *map(str, KINDS)], *rows]


def marks(test: object) -> list[pytest.Mark]:
    """The marks of what may be a test function."""
    found = getattr(test, "pytestmark", [])
    return found if isinstance(found, list) else []


def contrast_tables(cases: Iterable[Case]) -> dict[str, Table]:
    """The tables that claims make up with ``contrast``, by title; rows and columns stand in the order of kinds."""
    evidence: dict[str, dict[tuple[str, str], dict[str, list[Case]]]] = {}
    for case in cases:
        if case.contrast:
            title, row, column, text = case.contrast
            evidence.setdefault(title, {}).setdefault((row, column), {}).setdefault(text, []).append(case)
    return {title: contrast_table(evidence[title]) for title in sorted(evidence)}


def contrast_table(evidence: dict[tuple[str, str], dict[str, list[Case]]]) -> Table:
    kinds = [str(kind) for kind in KINDS]

    def in_order(names: Iterable[str]) -> list[str]:
        return sorted(set(names), key=lambda name: (kinds.index(name) if name in kinds else len(kinds), name))

    rows, columns = in_order(row for row, _ in evidence), in_order(column for _, column in evidence)
    lines = [[row, *(cell(evidence.get((row, column), {})) for column in columns)] for row in rows]
    return [["", *columns], *lines]
