"""Excuses: findings that somebody knows of and why they are accepted, ``path pattern = "reason"``."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .finding import Finding
from .kinds import KINDS

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10; pytest brings it along
    import tomli as tomllib

TABLE = ("tool", "module-state-spec", "excuses")


class UnreadableExcuses(ValueError):
    """A file of excuses that can't be used; its message is one line."""


@dataclass
class Excuse:
    """A pattern, such as ``layers.*.inv_freq`` or ``digits:layers.*``, and the reason; ``used`` once it fits."""

    pattern: str
    reason: str
    used: bool = field(default=False, compare=False)

    def fits(self, finding: Finding) -> bool:
        kind, colon, path = self.pattern.partition(":")
        if not colon or kind not in KINDS:
            kind, path = "", self.pattern
        return kind in ("", finding.kind) and re.fullmatch(expression(path), finding.path) is not None


def expression(pattern: str) -> str:
    """``*`` and ``?`` as in file names; brackets, which paths have too, mean themselves."""
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)


def excuses_in(table: dict[str, object], where: str) -> list[Excuse]:
    wrong = [pattern for pattern, reason in table.items() if not isinstance(reason, str) or not reason.strip()]
    if wrong:
        raise UnreadableExcuses(f'{where}: {wrong[0]}: write path pattern = "reason", dotted patterns in quotes')
    return [Excuse(pattern, reason) for pattern, reason in table.items()]


def read_excuses(path: str | None) -> list[Excuse]:
    """Those of a TOML file; without one, the table of :data:`TABLE` in the current folder's pyproject.toml."""
    file = Path(path or "pyproject.toml")
    if path is None and not file.is_file():
        return []
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig").replace("\r\n", "\n"))
    except OSError as error:
        raise UnreadableExcuses(f"{file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no TOML, or no UTF-8
        if path is None:
            return []
        raise UnreadableExcuses(f"{file}: {error}") from error
    inner = table
    for part in TABLE:
        inner = inner.get(part, {}) if isinstance(inner, dict) else {}
    if path is None or inner:
        table = inner
    if not isinstance(table, dict):
        raise UnreadableExcuses(f"{file}: [{'.'.join(TABLE)}] has to be a table")
    return excuses_in(table, str(file))


def applied(findings: Iterable[Finding], excuses: list[Excuse]) -> list[Finding]:
    """The findings, those that an excuse fits with its reason."""
    found = []
    for finding in findings:
        for excuse in excuses:
            if excuse.fits(finding):
                excuse.used = True
                finding = finding.excused(excuse.reason)
                break
        found.append(finding)
    return found
