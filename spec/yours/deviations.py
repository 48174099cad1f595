"""Deviations: the claims in which a backend is known to differ, and the gap report that is made of them."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ..reporting.verdicts import DEVIATES, FAILS, HOLDS, Verdict
from ..vocabulary.devices import BUILT_IN, Move


class InvalidDeviations(ValueError):
    """A file of deviations that can't be used: its message says where, what is wrong and what would be right."""


@dataclass(frozen=True)
class Deviations:
    """The claims in which a backend is known to differ: reasons and line numbers by id, in the order of the file."""

    path: str = ""
    reasons: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def check(self, known: Iterable[str]) -> None:
        """Raises InvalidDeviations for the first id that is not among the ``known`` ones."""
        known = set(known)
        for id, number in self.lines.items():
            if id not in known:
                near = ", ".join(difflib.get_close_matches(id, known, cutoff=0.5)) or "see --claims"
                raise InvalidDeviations(f"{self.path}, line {number}: there is no claim {id!r}; nearest: {near}")


def read(path: str) -> Deviations:
    """The deviations that a file lists, ``CLAIM-ID  reason`` on each line; empty lines and ``# comments`` say nothing.

    Raises InvalidDeviations for a file that can't be read, a line without a reason, and an id that stands there twice.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDeviations(f"{path}: {getattr(error, 'strerror', None) or 'this is no UTF-8 text'}") from error
    found = Deviations(path)
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        id, _, reason = " ".join(line.split()).partition(" ")
        if not reason:
            raise InvalidDeviations(f"{path}, line {number}: {id} needs a reason: what does the backend do instead?")
        if id in found.reasons:
            raise InvalidDeviations(f"{path}, line {number}: {id} stands in line {found.lines[id]} too")
        found.reasons[id], found.lines[id] = reason, number
    return found


def concerns_a_backend(params: dict[str, object]) -> bool:
    """Whether a case with these parameters may show what a backend does: all but those of cpu and meta by name."""
    named = [params[name] for name in ("device", "real_device") if name in params]
    for move in params.values():
        if isinstance(move, Move):
            named += [move.source, move.device]
    return not named or any(torch.device(name).type not in BUILT_IN for name in named)


def gap_report(
    found: Iterable[Verdict], deviations: Deviations, observed: dict[str, dict[str, str]], devices: Iterable[str]
) -> str:
    """What is different on ``devices``, as Markdown: for the README of a backend.

    ``observed`` says what the backend does where torch leaves it a choice: ``{question: {device: answer}}``.
    """
    found = list(found)
    holding = sum(verdict.word == HOLDS for verdict in found)
    differing = [verdict for verdict in found if verdict.word == DEVIATES]
    failing = [verdict for verdict in found if verdict.word == FAILS]
    counts = [f"{holding} claims hold", f"{len(differing)} deviate as listed"]
    counts += [f"{len(failing)} fail and are not listed"] if failing else []
    parts = [f"### Module state on {', '.join(devices)} (torch {torch.__version__})", ", ".join(counts) + "."]
    if differing or failing:
        rows = [(verdict, deviations.reasons[verdict.id]) for verdict in differing]
        rows += [(verdict, "**fails, and is not listed**") for verdict in failing]
        lines = [f"| {verdict.id} | {verdict.sentence} | {reason} |" for verdict, reason in rows]
        parts.append("\n".join(["| claim | what torch does | what is different here |", "| --- | --- | --- |", *lines]))
    if observed:
        lines = [
            f"| {question} | {'; '.join(f'{device}: {answer}' for device, answer in sorted(answers.items()))} |"
            for question, answers in sorted(observed.items())
        ]
        parts.append("\n".join(["| left to the backend | what is done here |", "| --- | --- |", *lines]))
    return "\n\n".join(parts) + "\n"
