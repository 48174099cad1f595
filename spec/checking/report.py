"""``check``: the report on one module."""

import contextlib
import functools
import gc
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from torch import nn

from . import plain, registered, roads, whole
from .excuses import Excuse, applied, excuses_in
from .factories import Factory, Unusable, redrawn
from .facts import Facts, look, spelled
from .finding import Finding, Findings
from .folding import folded
from .instances import Remembered, remember
from .kinds import KINDS, USES
from .rows import Row, folded_rows, rows

NUMBERS = re.compile(r"\d+")


@dataclass
class Report:
    """What was found out about one model.

    ``findings`` are those that count: always, or in one of the ``uses`` that were asked for, and not excused.
    ``others`` bite only in uses that nobody asked for; ``excused`` are known and accepted. ``rows`` has a row for each
    tensor; ``cause`` says why there is no state to look at, as on meta.
    """

    name: str
    model: str
    rows: list[Row]
    notes: list[str]
    all_findings: list[Finding]
    uses: frozenset[str] = frozenset()
    cause: str = ""

    @property
    def findings(self) -> Findings:
        return Findings(fold(finding for finding in self.all_findings if finding.counts(self.uses)))

    @property
    def others(self) -> Findings:
        left = [each for each in self.all_findings if each.excuse is None and not each.counts(self.uses)]
        return Findings(fold(left))

    @property
    def excused(self) -> Findings:
        return Findings(fold(each for each in self.all_findings if each.excuse is not None))

    @property
    def folded_rows(self) -> list[Row]:
        return folded_rows(self.rows)

    def __str__(self) -> str:
        from .table import shown

        return shown(self)


def fold(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first, those that are alike but for numbers in their path in one."""
    found = []
    ordered = sorted(findings, key=lambda finding: finding.rank)
    for path, alike in folded(ordered, lambda each: each.path, lambda each: (each.kind, generic(each), each.excuse)):
        first = alike[0]
        found.append(
            Finding(
                first.kind,
                path,
                first.what,
                first.bites,
                first.instead,
                sum(each.times for each in alike),
                first.excuse,
            )
        )
    return sorted(of_one_object(found), key=lambda finding: finding.rank[0])


def of_one_object(findings: list[Finding]) -> list[Finding]:
    """Tensors of one object that nothing registers, for which the same is to be done, in one.

    Such as ``table.{low,high}`` and ``flags['a', 'b']``.
    """
    together: dict[tuple, list[Finding]] = {}
    for each in findings:
        parent, step, _ = last_step(each.path)
        key = (each.kind, parent, step, each.instead, each.excuse)
        together.setdefault(key if step and " of the " in each.instead else (id(each),), []).append(each)
    found = []
    for key, alike in together.items():
        first = alike[0]
        if len(alike) > 1:
            names = [last_step(each.path)[2] for each in alike]
            times = sum(each.times for each in alike)
            path = f"{key[1]}.{{{','.join(names)}}}" if key[2] == "." else f"{key[1]}[{', '.join(names)}]"
            first = replace(first, path=path, what=f"{first.what}, and the like", times=times)
        found.append(first)
    return found


def last_step(path: str) -> tuple[str, str, str]:
    """What a path ends with, by the kind of step: ``("held", "[", "'a'")``; no step where it is a single name."""
    if path.endswith("]") and "[" in path:
        parent, _, last = path[:-1].rpartition("[")
        return parent, "[", last
    parent, dot, last = path.rpartition(".")
    return parent, dot, last


def generic(finding: Finding) -> tuple[str, ...]:
    """The text of a finding without the numbers in it, which are in the paths that it names."""
    return NUMBERS.sub("#", finding.what), finding.instead


def check(
    model: nn.Module | Callable[[], nn.Module],
    *,
    uses: Iterable[str] = (),
    excuses: Mapping[str, str] | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> Report:
    """The report on a module, or on what a factory builds, which is then compared with a second one that it builds.

    ``uses`` are names of :data:`~.kinds.USES`, or ``"all"``: findings that bite only there count too. ``excuses`` maps
    patterns of paths to reasons. Nothing is run and nothing is trained; a module is left as it is. Raises ValueError
    for a use or kind that doesn't exist and for a factory that gives no module.
    """
    given = list(excuses_in(dict(excuses), "excuses")) if excuses else []
    asked = chosen_uses([uses] if isinstance(uses, str) else uses)
    if isinstance(model, nn.Module):
        return looked_at(type(model).__name__, model, None, asked, given, chosen_kinds(select), chosen_kinds(ignore))
    name = getattr(model, "__qualname__", type(model).__name__)
    home = (getattr(model, "__module__", None) or "").partition(".")[0]
    factory = model if isinstance(model, Factory) else Factory(name, model, home)
    return examined_twice(factory, asked, given, chosen_kinds(select), chosen_kinds(ignore))


def chosen_uses(names: Iterable[str]) -> frozenset[str]:
    return known(names, USES, "use")


def chosen_kinds(names: Iterable[str]) -> frozenset[str]:
    return known([names] if isinstance(names, str) else names, KINDS, "kind of finding")


def known(names: Iterable[str], of: Mapping[str, object], what: str) -> frozenset[str]:
    chosen = frozenset(names)
    if what == "use" and "all" in chosen:
        return frozenset(of)
    if wrong := sorted(chosen - set(of)):
        raise ValueError(f"no {what} {wrong[0]}; there are {', '.join(of)}")
    return chosen


def examined_twice(
    factory: Factory,
    uses: frozenset[str] = frozenset(),
    excuses: list[Excuse] = (),
    select: frozenset[str] = frozenset(),
    ignore: frozenset[str] = frozenset(),
    progress: Callable[[str], None] = lambda text: None,
) -> Report:
    """The report on the second module that the factory builds, compared with the first, which is gone by then."""
    with redrawn():
        progress("building it")
        first = factory()
        with undisturbed():
            before = looked_at_first(first)
        del first
        before.collect()
        progress("building it again")
        try:
            second = factory()
        except Unusable as error:
            raise Unusable(f"{error}, called a second time: it has to build a new model each time") from error
    note = []
    if any(each is second for _, each in before.kept):
        before, note = None, ["the factory gives the same module each time: nothing is said of two instances"]
    with undisturbed():
        report = looked_at(factory.name, second, before, uses, excuses, select, ignore, progress, factory.home)
    report.notes += note
    return report


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Without the garbage collector, which walks through all that a large model consists of, again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def or_told(look: Callable) -> Callable:
    """What a model does while it is looked at, such as to exit, makes it unusable and nothing else."""

    @functools.wraps(look)
    def looked(*arguments: object) -> object:
        try:
            return look(*arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise Unusable(f"looking at the module raises {spelled(error)}") from error

    return looked


def examined(
    name: str,
    model: nn.Module,
    before: Remembered | None = None,
    uses: frozenset[str] = frozenset(),
    excuses: list[Excuse] = (),
    select: frozenset[str] = frozenset(),
    ignore: frozenset[str] = frozenset(),
    progress: Callable[[str], None] = lambda text: None,
    home: str = "",
) -> Report:
    facts = look(model, progress, home)
    progress("looking for what goes wrong")
    found = []
    for finding in every_finding(facts, before):
        if (not select or finding.kind in select) and finding.kind not in ignore:
            found.append(finding)
    found = applied(list(dict.fromkeys(found)), list(excuses))
    return Report(name, type(model).__name__, list(rows(facts)), facts.notes, found, uses, facts.cause)


def every_finding(facts: Facts, before: Remembered | None) -> Iterator[Finding]:
    """All findings; where looking for some fails on a model of a kind that nobody thought of, that is a note."""
    for part, arguments in (
        (whole.findings, (facts, before)),
        (plain.findings, (facts, before)),
        (registered.findings, (facts, before)),
        (roads.findings, (facts,)),
    ):
        try:
            yield from part(*arguments)
        except Exception as error:
            what = part.__module__.rpartition(".")[2]
            facts.notes.append(f"findings of {what} are incomplete: {spelled(error)}")


looked_at, looked_at_first = or_told(examined), or_told(remember)
