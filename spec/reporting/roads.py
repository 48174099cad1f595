"""The road table: what becomes of each kind of state on each road out of torch, from a record and without torch.

A record of roads is a JSON file of one object, each claim and each cell one line of it:

* ``schema``: the number of this format;
* ``spec``, ``python`` and ``platform``: as in a record of torch;
* ``versions``: of torch and of each library that was installed, by name;
* ``claims``: by id the verdict, the number of cases that showed it, and the exceptions that were seen;
* ``cells``: what ``--json`` writes: ``road``, ``kind``, ``outcome``, the ``claims`` that prove it, and the ``versions``
  of the libraries on that road. What ``outcome`` may be is in ``roads.schema.json``.

Nothing in it depends on when, where or in which order the claims ran.
"""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .. import __version__, facts
from . import catalogue
from .files import write_whole
from .layout import Table, to_markdown
from .record import UnreadableRecord, compact, content, natural
from .verdicts import FAILS, HOLDS, NOT_INSTALLED, NOT_RUN, SIGNS, SILENT, Case, judge

SCHEMA = 1
COMMITTED = catalogue.PACKAGE / "records" / "roads" / "roads.json"
OUTCOMES = {
    "kept": "what arrives is what was sent",
    "changed": "another value, dtype or flag arrives, and no error: the purpose of an average, int8, a merge",
    "untied": "the values arrive, and parameters() lists two where it listed one",
    "lost": "what arrives is as its constructor made it, or as when the copy was made, and no error",
    "raises": "an exception, on the way out or on the way in",
    "reads wrong": "the file is read without an error, and as another value",
}
NOTHING_RUN, UNASKED = "·", "\N{EN DASH}"
SHORT = {"changed": "chg", "reads wrong": "WRONG"}
KEYS = ("schema", "spec", "python", "platform", "versions", "claims", "cells")


@dataclass(frozen=True)
class Cell:
    """What becomes of a kind of state on a road, the ids of the claims that prove it, and the versions that they saw.

    ``outcome`` is one of ``OUTCOMES``, ``not asked``, ``not run``, or ``FAILS ROAD-01``.
    """

    road: str
    kind: str
    outcome: str
    claims: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def sign(self) -> str:
        """How it stands in the table."""
        return {"not asked": UNASKED, "not run": NOTHING_RUN}.get(self.outcome, self.outcome)


@dataclass(frozen=True)
class Record:
    """One run of the roads: the ``versions`` it saw, per claim the verdict, cases and exceptions, and the cells."""

    python: str
    platform: str
    versions: dict[str, str]
    claims: dict[str, tuple[str, int, tuple[str, ...]]]
    cells: list[Cell]
    spec: str = __version__


def kinds() -> tuple[str, ...]:
    """The columns of the table, in their order."""
    return tuple(facts.load("state_kinds.json"))


def cells_of(cases: Iterable[Case], versions: dict[str, str] | None = None) -> list[Cell]:
    """Every cell of the table, road by road, as ``cases`` prove it; of ``versions`` each has those on its road."""
    evidence: dict[tuple[str, str], dict[str, list[Case]]] = {}
    for case in cases:
        for road, kind, outcome in case.roads:
            evidence.setdefault((road, kind), {}).setdefault(outcome, []).append(case)
    found = []
    for road in facts.roads().values():
        seen = tuple((name, version) for name, version in (versions or {}).items() if name in ("torch", *road.needs))
        for kind in kinds():
            proved = evidence.get((road.name, kind), {})
            outcome = "not asked" if kind in road.unasked and not proved else word(proved)
            ran = {case.id for cases in proved.values() for case in cases if case.outcome not in SILENT}
            found.append(Cell(road.name, kind, outcome, tuple(sorted(ran, key=natural)), seen if ran else ()))
    return found


def word(evidence: dict[str, list[Case]]) -> str:
    """What a cell says: an outcome, ``not run``, or the claim that fails."""
    said = set()
    for outcome, cases in evidence.items():
        verdict = judge(cases)
        if verdict == FAILS:
            said.add(f"{FAILS} {cases[0].id}")
        elif verdict == HOLDS:
            said.add(outcome)
    return " / ".join(sorted(said)) or NOT_RUN


def not_installed(cases: Iterable[Case]) -> str:
    """The one line that a run says of the claims whose library is absent."""
    cases = list(cases)
    here = {name for case in cases for name in case.needs if not installed(name)}
    ids = {case.id for case in cases}
    counted = f"{len(ids)} claim{'s' * (len(ids) > 1)} not run"
    return f"{SIGNS[NOT_INSTALLED]} {NOT_INSTALLED}: {', '.join(sorted(here))} ({counted})"


def installed(library: str) -> bool:
    from importlib.util import find_spec

    return find_spec(facts.libraries()[library].module) is not None


def table(cells: Iterable[Cell]) -> Table:
    """The table for whoever draws it: a row for each road, its name first, a column for each kind."""
    by_place = {(cell.road, cell.kind): cell.sign for cell in cells}
    rows = [[road, *(by_place.get((road, kind), NOTHING_RUN) for kind in kinds())] for road in facts.roads()]
    return [["", *kinds()], *rows]


def to_text(cells: Iterable[Cell]) -> str:
    """The table for a terminal: the kinds are numbered, and named above it."""
    (_, *names), *rows = table(cells)
    numbers = [str(number) for number in range(1, len(names) + 1)]
    legend = [f"{number:>2} {name}" for number, name in zip(numbers, names, strict=True)]
    third = -(-len(legend) // 3)
    columns = [legend[start : start + third] for start in range(0, len(legend), third)]
    named = [
        "".join(f"{column[line]:<34}" for column in columns if line < len(column)).rstrip() for line in range(third)
    ]
    lines = [["", *numbers], *([road, *(SHORT.get(cell, cell) for cell in cells)] for road, *cells in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    drawn = [" ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*named, "", *drawn])


def notes() -> list[tuple[str, list[str], str]]:
    """Why nothing is asked in the cells that say so: the road, the kinds, and the reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for road in facts.roads().values():
        for kind, why in road.unasked.items():
            found.setdefault((road.name, why), []).append(kind)
    return [(road, kinds, why) for (road, why), kinds in found.items()]


def page(record: Record) -> str:
    """All that ``roads`` says: the table, what its words and kinds mean, why nothing is asked, and the versions."""
    parts = [to_text(record.cells)]
    parts.append("\n".join(f"{SHORT.get(name, name):<7} {meaning}" for name, meaning in OUTCOMES.items()))
    whys = [f"{UNASKED}       {road}, {', '.join(kinds)}: {why}" for road, kinds, why in notes()]
    if any(cell.outcome == "not run" for cell in record.cells):
        whys.insert(0, f"{NOTHING_RUN}       not run: no claim, or its library was not installed")
    parts.append("\n".join([*whys, "The claims behind each cell: --json FILE, or the page."]))
    parts.append("\n".join(f"{kind:<27} {what}" for kind, what in facts.load("state_kinds.json").items()))
    parts.append("\n".join(f"{road.name:<26} {road.how}" for road in facts.roads().values()))
    parts.append(wrapped(f"Seen on {seen(record)}; Python {record.python}, {record.platform}."))
    return "\n\n".join(parts) + "\n"


def seen(record: Record) -> str:
    return ", ".join(f"{name} {version}" for name, version in record.versions.items())


def wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 120))


def as_markdown(record: Record) -> str:
    """The table as Markdown, for a README."""
    return to_markdown(table(record.cells)) + "\n"


def as_json(cells: Iterable[Cell]) -> str:
    """The cells as ``--json`` writes them: a list of objects, one on each line."""
    return "[\n" + ",\n".join(compact(as_object(cell)) for cell in cells) + "\n]\n"


def as_object(cell: Cell) -> dict:
    return {**vars(cell), "claims": list(cell.claims), "versions": dict(cell.versions)}


def differences(old: Record, new: Record) -> list[str]:
    """What changed with other versions: a heading, and a line for each claim and each cell that says something else."""
    versions = [
        f"{name} {old.versions.get(name, 'absent')} → {new.versions.get(name, 'absent')}"
        for name in sorted({*old.versions, *new.versions})
        if old.versions.get(name) != new.versions.get(name)
    ]
    lines = []
    for id in sorted({*old.claims, *new.claims}, key=natural):
        before, after = (record.claims.get(id, (NOT_RUN, 0, ())) for record in (old, new))
        if before[0] != after[0]:
            said = catalogue.claims().get(id)
            lines.append(f"{id:<9} {before[0]} → {after[0]}: {said.sentence if said else '(no such claim)'}")
    fates = {(cell.road, cell.kind): cell.outcome for cell in old.cells}
    for cell in new.cells:
        before = fates.get((cell.road, cell.kind), NOT_RUN)
        if before != cell.outcome:
            lines.append(f"{cell.road}, {cell.kind}: {before} → {cell.outcome}")
    return [", ".join(versions) or "the same versions", *lines]


def to_record(record: Record) -> str:
    """The record as it is written."""
    claims = [f"{compact(id)}:{compact([verdict, count, *why])}" for id, (verdict, count, why) in record.claims.items()]
    lines = [
        f'"schema": {SCHEMA}',
        f'"spec": {compact(record.spec)}',
        f'"python": {compact(record.python)}',
        f'"platform": {compact(record.platform)}',
        f'"versions": {compact(record.versions)}',
        '"claims": {\n' + ",\n".join(claims) + "\n}",
        '"cells": ' + as_json(record.cells).rstrip(),
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write(record: Record, path: str | Path) -> None:
    """Write ``record`` whole or not at all; raises OSError."""
    write_whole(path, to_record(record))


def read(path: str | Path) -> Record:
    """The record in a file; raises UnreadableRecord for whatever is not one."""
    found = content(path, "a record of roads")
    if not isinstance(found, dict) or found.get("schema") != SCHEMA or found.keys() != set(KEYS):
        raise UnreadableRecord(f"{path}: not a record of roads in schema {SCHEMA}")
    try:
        cells = [
            Cell(**{**cell, "claims": tuple(cell["claims"]), "versions": tuple(cell["versions"].items())})
            for cell in found.pop("cells")
        ]
        claims = {id: (verdict, count, tuple(why)) for id, (verdict, count, *why) in found.pop("claims").items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UnreadableRecord(f"{path}: not a record of roads, its cells or claims can't be read") from None
    found.pop("schema")
    return Record(**found, claims=claims, cells=cells)
