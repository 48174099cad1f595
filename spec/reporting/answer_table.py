"""The answer table: kinds of state against the questions that people ask about them."""

import importlib
import pkgutil
from collections.abc import Iterable
from itertools import product

import pytest

from ..facts import chapters
from ..vocabulary import KINDS
from .layout import Table
from .verdicts import FAILS, NOT_RUN, TIMED_OUT, Case, judge

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
    """One cell: ``yes``, ``no``, ``not yet``, or ``FAILS SD-01``; ``·`` where no case was run that speaks of it."""
    words = set()
    for answer, cases in evidence.items():
        word = judge(cases)
        words.add({"holds": answer, NOT_RUN: "", TIMED_OUT: "", FAILS: f"{FAILS} {cases[0].id}"}.get(word, word))
    return " / ".join(sorted(words - {""})) or NOT_ASKED


def counted(cases: Iterable[Case]) -> str:
    """How many of the cases that make up a table were run, for its title; empty where all were."""
    cases = list(cases)
    ran = sum(case.outcome not in (NOT_RUN, TIMED_OUT) for case in cases)
    return "" if ran == len(cases) else f" ({ran} of {len(cases)} cases were run)"


def declared_table() -> Table:
    """The table that the claims say they prove, read from their ``answers`` without running one of them."""
    declared: dict[tuple[str, str], set[str]] = {}
    package = __package__.rpartition(".")[0]
    for chapter in chapters():
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


def contrast_tables(cases: Iterable[Case]) -> list[tuple[str, Table, str]]:
    """The tables that claims make up with ``contrast``: title, table, and how many of its cases were run.

    Rows and columns stand in the order of kinds.
    """
    by_title: dict[str, list[Case]] = {}
    for case in cases:
        if case.contrast:
            by_title.setdefault(case.contrast[0], []).append(case)
    return [(title, contrast_table(by_title[title]), counted(by_title[title])) for title in sorted(by_title)]


def contrast_table(cases: list[Case]) -> Table:
    """One of them, of the cases that belong to it."""
    evidence: dict[tuple[str, str], dict[str, list[Case]]] = {}
    for case in cases:
        _, row, column, text = case.contrast
        evidence.setdefault((row, column), {}).setdefault(text, []).append(case)
    kinds = [str(kind) for kind in KINDS]

    def in_order(names: Iterable[str]) -> list[str]:
        return sorted(set(names), key=lambda name: (kinds.index(name) if name in kinds else len(kinds), name))

    rows, columns = in_order(row for row, _ in evidence), in_order(column for _, column in evidence)
    lines = [[row, *(cell(evidence.get((row, column), {})) for column in columns)] for row in rows]
    return [["", *columns], *lines]
