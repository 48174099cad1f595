"""Verdicts: what the cases of a run say about each claim."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

HOLDS, FAILS, STALE, DEVIATES = "holds", "FAILS", "STALE GUARD", "deviates"
NOT_RUN, TIMED_OUT, NOT_INSTALLED = "not run", "timed out", "not installed"
SILENT = (NOT_RUN, TIMED_OUT, NOT_INSTALLED)
"""The outcomes of a case that say nothing of its claim."""
SIGNS = {
    HOLDS: "✓",
    FAILS: "✗",
    STALE: "✗",
    DEVIATES: "≠",
    "not yet": "○",
    "no longer": "●",
    "known bug": "!",
    NOT_RUN: "·",
    TIMED_OUT: "·",
    NOT_INSTALLED: "·",
}
"""A sign for each verdict: the guards' words, ``not yet``, ``no longer`` and ``known bug``, among them."""

RECORDED = {
    word.lower(): sign for word, sign in SIGNS.items() if word not in (STALE, NOT_RUN, TIMED_OUT, NOT_INSTALLED)
}
"""The verdicts that a record knows, with their signs."""


@dataclass(frozen=True)
class Case:
    """One test case and how it went.

    ``expected`` is ``holds``, the guard's word or ``deviates``, ``axes`` the parameters by name, ``answers`` the
    ``(question, kind, answer)`` cells of the answer table that it fills, ``contrast`` the cell ``(title, row, column,
    text)`` of a table of its own, ``core`` whether its claim is one that everybody needs, ``outcome`` one of
    ``passed``, ``failed``, ``excused`` (a guarded failure), ``timed out``, ``not run`` and ``not installed``, ``why``
    the names of the exceptions that made it fail, or what was observed, ``roads`` the ``(road, kind, outcome)`` cells
    of the road table that it fills, and ``needs`` the libraries that it is about. ``backend`` says whether it may show
    what a backend does, ``cause`` is the first line of the error, and ``ended`` how its process ended before it did.
    """

    id: str
    sentence: str
    chapter: str
    terms: str
    expected: str
    device: str
    axes: dict[str, str] = field(hash=False)
    answers: list[tuple[str, str, str]] = field(hash=False)
    contrast: tuple[str, str, str, str] | None = None
    core: bool = False
    outcome: str = "not run"
    why: tuple[str, ...] = ()
    roads: list[tuple[str, str, str]] = field(default_factory=list, hash=False)
    needs: tuple[str, ...] = ()
    backend: bool = False
    cause: str = ""
    ended: str = ""


@dataclass(frozen=True)
class Verdict:
    """What all cases of one claim say together."""

    id: str
    sentence: str
    chapter: str
    terms: str
    word: str
    cases: tuple[Case, ...]

    @property
    def ran(self) -> tuple[Case, ...]:
        """The cases that were run to their end: the only ones of which anything is known."""
        return tuple(case for case in self.cases if case.outcome not in SILENT)

    @property
    def excused(self) -> tuple[Case, ...]:
        """The cases that are expected to fail: all of a guarded claim, those on a backend where it deviates."""
        return tuple(case for case in self.cases if case.expected != HOLDS)

    @property
    def excuse(self) -> str:
        """Why cases are expected to fail: ``guard since=2.5`` or ``listed deviation``."""
        return "listed deviation" if any(case.expected == DEVIATES for case in self.cases) else f"guard {self.terms}"

    @property
    def axes(self) -> dict[str, list[str]]:
        """The parameters that the claim was shown over, by the name of their axis."""
        names = dict.fromkeys(name for case in self.ran for name in case.axes)
        return {
            name: sorted({case.axes[name] for case in self.ran if name in case.axes}, key=natural) for name in names
        }


def natural(text: str) -> list[tuple[bool, int | str]]:
    """A sort key by which ``ToyModel2`` comes before ``ToyModel10``."""
    return [(part.isdigit(), int(part) if part.isdigit() else part) for part in re.split(r"(\d+)", text) if part]


def verdicts(cases: Iterable[Case]) -> list[Verdict]:
    """The verdict on each claim, in the order of their ids."""
    by_claim: dict[str, list[Case]] = {}
    for case in cases:
        by_claim.setdefault(case.id, []).append(case)
    return [verdict(by_claim[id]) for id in sorted(by_claim, key=natural)]


def verdict(cases: list[Case]) -> Verdict:
    """The verdict on one claim, by those of its cases that were run."""
    first = cases[0]
    return Verdict(first.id, first.sentence, first.chapter, first.terms, judge(cases), tuple(cases))


def judge(cases: Iterable[Case]) -> str:
    """The one word for what cases of a claim show: nothing is said for those that were not run.

    A guard or a listed deviation is stale when all cases that are expected to fail pass.
    """
    outcomes = {case.outcome for case in cases}
    ran = [case for case in cases if case.outcome not in SILENT]
    excused = [case for case in ran if case.expected != HOLDS]
    if "failed" in outcomes:
        return FAILS
    if TIMED_OUT in outcomes:
        return TIMED_OUT
    if not ran:
        return NOT_INSTALLED if NOT_INSTALLED in outcomes else NOT_RUN
    if excused and {case.outcome for case in excused} == {"passed"}:
        return STALE
    return (excused or ran)[0].expected
