"""Deviations: the claims in which a backend is known to differ, in a file of its own."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


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
    if not path:
        raise InvalidDeviations("--deviations: name the file to read")
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
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
