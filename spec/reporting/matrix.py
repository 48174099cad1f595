"""Records side by side: one column for each record, one row for each claim."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import catalogue
from .record import Record, Shown, UnreadableRecord, natural, read
from .verdicts import FAILS, HOLDS, RECORDED

RECORDS = catalogue.PACKAGE / "records"
DASH = "\N{EN DASH}"
NOT_SHOWN, NOT_RECORDED = "not shown", "not recorded"
SIGNS = {**RECORDED, NOT_SHOWN: "·", NOT_RECORDED: DASH}
WORST = [FAILS.lower(), "deviates", "known bug", "no longer", "not yet", HOLDS]


@dataclass(frozen=True)
class Cell:
    """What one record says of one claim: a verdict, and the devices it is true of where others hold."""

    word: str
    devices: str = ""

    def __str__(self) -> str:
        return f"{SIGNS[self.word]} {self.word}" + (f" ({self.devices})" if self.devices else "")


@dataclass(frozen=True)
class Matrix:
    """Records in the order of releases, ``names`` of their columns, and per claim id a cell for each of them."""

    records: list[Record]
    names: list[str]
    rows: dict[str, list[Cell]]

    def differing(self) -> dict[str, list[Cell]]:
        """The claims on which the records disagree."""
        return {id: cells for id, cells in self.rows.items() if len(set(cells)) > 1}

    def folds(self, ids: Iterable[str]) -> list[range]:
        """Runs of neighbouring releases of the same devices between which none of the claims ``ids`` differs."""
        rows = [self.rows[id] for id in ids]
        found = [range(0, 1)]
        for index in range(1, len(self.records)):
            same_devices = self.records[index].beyond == self.records[index - 1].beyond
            if same_devices and all(cells[index] == cells[index - 1] for cells in rows):
                found[-1] = range(found[-1].start, index + 1)
            else:
                found.append(range(index, index + 1))
        return found

    def span(self, columns: Sequence[int]) -> str:
        """What neighbouring columns are called together, ``2.1`` to ``2.4`` with a dash."""
        first, last = self.names[columns[0]], self.names[columns[-1]]
        return first if first == last else f"{first} {DASH} {last}"


def matrix(records: Iterable[Record]) -> Matrix:
    """The matrix of ``records``: releases in order, records of other devices than cpu and meta behind them."""
    records = sorted(records, key=lambda record: (record.beyond, record.release_order))
    known = {id: claim for id, claim in catalogue.claims().items() if not claim.apart}
    recorded = {id for record in records for id in record.claims}
    ids = [*known, *sorted(recorded - known.keys(), key=natural)]
    rows = {id: [cell(record.claims.get(id)) for record in records] for id in ids}
    return Matrix(records, names(records), rows)


def names(records: Sequence[Record]) -> list[str]:
    """A name for each record: the minor release and the devices beside cpu and meta; longer where two have the same."""
    short = [" ".join([minor(record), record.beyond]).strip() for record in records]
    full = [" ".join([record.release, record.beyond]).strip() for record in records]
    return [name if short.count(name) == 1 else longer for name, longer in zip(short, full, strict=True)]


def minor(record: Record) -> str:
    """The minor release of a record, such as ``2.4``."""
    return ".".join(record.release.split(".")[:2])


def cell(devices: dict[str, Shown] | None) -> Cell:
    """The verdict of all devices, or the worst and where it was seen."""
    if not devices:
        return Cell(NOT_RECORDED if devices is None else NOT_SHOWN)
    words = {shown.verdict for shown in devices.values()}
    worst = min(words, key=WORST.index)
    where = [name for name, shown in devices.items() if shown.verdict == worst]
    return Cell(worst, ", ".join(where) if len(words) > 1 else "")


def sentence(id: str) -> str:
    """The sentence of a claim; an id that no claim has any more stands for itself."""
    found = catalogue.claims().get(id)
    return found.sentence if found else "(no such claim)"


def committed(folder: Path = RECORDS) -> list[Record]:
    """Every record that is kept with the specification; raises UnreadableRecord, also where there is none."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise UnreadableRecord(f"{folder}: there are no records")
    return [read(path) for path in paths]
