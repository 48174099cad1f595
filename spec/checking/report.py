"""``check``: the report on one module."""

import contextlib
import functools
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from torch import nn

from . import plain, registered, roads, sharing, versions, whole
from .excuses import Excuse, applied, excuses_in
from .factories import Factory, Unusable, redrawn
from .facts import Facts
from .finding import Finding, Findings
from .gathering import fold, gathered
from .instances import Remembered, remember
from .kinds import KINDS
from .looking import look
from .quiet import quiet
from .rows import Row, folded_rows, rows
from .trying import try_out
from .uses import USES
from .words import spelled


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
        return Findings(gathered(self.by_path[0]))

    @property
    def others(self) -> Findings:
        return Findings(gathered(self.by_path[1]))

    @property
    def excused(self) -> Findings:
        return Findings(gathered(self.by_path[2]))

    @functools.cached_property
    def by_path(self) -> tuple[list[Finding], list[Finding], list[Finding]]:
        """The findings that count, the others and the excused ones, one for each folded path."""
        accepted = [each for each in self.all_findings if each.excuse is not None]
        counting = [each for each in self.all_findings if each.counts(self.uses)]
        left = [each for each in self.all_findings if each.excuse is None and not each.counts(self.uses)]
        return fold(counting), fold(left), fold(accepted)

    @property
    def folded_rows(self) -> list[Row]:
        return folded_rows(self.rows)

    def __str__(self) -> str:
        from .table import shown

        return shown(self)


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
            with quiet():
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
    progress("trying what it does by itself")
    try:
        try_out(facts)
    except Exception as error:
        facts.notes.append(f"trials are incomplete: {spelled(error)}")
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
        (sharing.findings, (facts,)),
        (versions.findings, (facts,)),
    ):
        try:
            yield from part(*arguments)
        except Exception as error:
            what = part.__module__.rpartition(".")[2]
            facts.notes.append(f"findings of {what} are incomplete: {spelled(error)}")


looked_at, looked_at_first = or_told(examined), or_told(remember)
