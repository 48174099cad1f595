"""A finding: where, what happens, when it bites and what to write instead."""

from dataclasses import dataclass, replace

from .kinds import KINDS, RANK


def plainly(text: str) -> str:
    """A text in which what a terminal or a table would obey, such as a line break in a name, is spelled out."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


@dataclass(frozen=True)
class Finding:
    """One finding at one path, or, ``times`` many alike, at the paths that a folded one stands for."""

    kind: str
    path: str
    what: str
    bites: str
    instead: str
    times: int = 1
    excuse: str | None = None

    @property
    def uses(self) -> tuple[str, ...]:
        """The uses in which it counts; none for what is always a finding."""
        return KINDS[self.kind].uses

    @property
    def claims(self) -> tuple[str, ...]:
        return tuple(KINDS[self.kind].claims)

    @property
    def rank(self) -> tuple[int, str]:
        return RANK[self.kind], self.path

    def counts(self, uses: frozenset[str]) -> bool:
        """Whether it counts for someone who asked for these uses."""
        return self.excuse is None and (not self.uses or bool(uses & set(self.uses)))

    def excused(self, reason: str) -> "Finding":
        return replace(self, excuse=reason)

    def __str__(self) -> str:
        times = f" ({self.times} alike)" if self.times > 1 else ""
        lines = [f"{self.path or 'the whole module'}{times}  {self.kind}: {self.what}"]
        lines += [f"    bites: {self.bites}", f"    instead: {self.instead}", f"    claims: {', '.join(self.claims)}"]
        return "\n".join(map(plainly, lines))

    __repr__ = __str__


class Findings(list[Finding]):
    """A list of findings that a failing ``assert not report.findings`` shows readably."""

    def __repr__(self) -> str:
        return "\n".join(["", *map(str, self), ""]) if self else "[]"
