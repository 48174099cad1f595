"""The proof that claims can fail: every fault is run against claims, each in a worker of its own."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import hypothesis
import pytest

from ..faults import Fault
from ..vocabulary.claim import HOLDS, Claim
from .cases import CLAIM
from .collection import is_heavy
from .garbage import freeze
from .heavy import HEAVY, load
from .options import processors
from .schedule import ENDED, Pool, forks
from .workers import DONE, REPORTED, Task

BLUNT, BROAD = 1 / 2, 1 / 3
EVERY, MANY = 72, 10
"""One claim of so many is in a sample, and of samples that are no larger than this nothing is said."""
SLOW = "whole"
"""The chapter of one claim that takes longest of all."""
Choice = Callable[[Fault], list[pytest.Item]]
"""The cases that a fault is run against."""


@dataclass
class Refutation:
    """What one fault refutes of the claims that were asked: their ids, or the trouble that kept it from saying so."""

    fault: Fault
    refuted: list[str] = field(default_factory=list)
    trouble: str = ""
    asked: set[str] = field(default_factory=set)


def refutable(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The cases of the claims that hold on this torch: the others fail as it is."""
    return [item for item in items if CLAIM in item.stash and item.stash[CLAIM].guard == HOLDS]


def everything(items: list[pytest.Item]) -> Choice:
    """All cases of all claims."""
    return lambda fault: items


def aimed_at(items: list[pytest.Item]) -> Choice:
    """All cases of the claims that a fault is aimed at."""
    named = [(item.stash[CLAIM].id, item) for item in items]
    return lambda fault: [item for id, item in named if id in fault.refutes]


def concerned(items: list[pytest.Item]) -> Choice:
    """All cases of the claims that a fault is aimed at, and one of each claim of a sample, to see how blunt it is.

    Each fault has a sample of its own, which its name decides, so that every claim is in some.
    """
    named = [(item.stash[CLAIM].id, item) for item in items]
    first = {id: item for id, item in reversed(named) if is_quick(item)}
    order = sorted(first)

    def choose(fault: Fault) -> list[pytest.Item]:
        sample = {first[id] for id in order[zlib.crc32(fault.name.encode()) % EVERY :: EVERY]}
        return [item for id, item in named if id in fault.refutes or item in sample]

    return choose


def is_quick(item: pytest.Item) -> bool:
    """Whether a case takes an instant: it needs no compiler, and draws nothing that it is repeated with."""
    return not (is_heavy(item) or hypothesis.is_hypothesis_test(item.function) or item.path.parent.name == SLOW)


def ids(items: Iterable[pytest.Item]) -> set[str]:
    """The ids of the claims that cases belong to."""
    return {item.stash[CLAIM].id for item in items}


def refutations(
    session: pytest.Session,
    faults: list[Fault],
    items: list[pytest.Item],
    choice: Callable[[list[pytest.Item]], Choice],
) -> Iterator[Refutation]:
    """What each fault refutes of the cases that ``choice`` makes of those that can be refuted, as it becomes known."""
    items = refutable(items)
    if any(map(is_heavy, items)):
        load(*HEAVY)  # once, and not once for every fault
        freeze(session.config)
    chosen = [*map(choice(items), faults)]
    found = [Refutation(fault, asked=ids(cases)) for fault, cases in zip(faults, chosen, strict=True)]
    tasks = [
        Task(tuple(case.nodeid for case in cases), fault=fault.name, fails_only=True)
        for fault, cases in zip(faults, chosen, strict=True)
    ]
    workers = session.config.option.jobs or (processors() if forks(session.config) else 1)
    pool = Pool(session, workers, session.config.getoption("case_limit"))
    with closing(pool.run(tasks)) as events:
        for number, event, content in events:
            run = found[number]
            if event == REPORTED and (id := pool.items[content["nodeid"]].stash[CLAIM].id) not in run.refuted:
                run.refuted.append(id)
            elif event == ENDED:
                nodeid, how, _, _ = content
                run.trouble = f"{pool.items[nodeid].stash[CLAIM].id}: {how}"
            elif event == DONE:
                yield run


def shortcomings(found: list[Refutation], claims: dict[str, Claim], known: set[str] | None) -> list[str]:
    """A line for each claim or fault that breaks the rules of the proof.

    ``claims`` are those that hold on this torch, ``known`` the ids of all where all were collected. Every fault
    refutes the claims that it is aimed at and no more than half of the others; every claim is refuted by a fault and
    by no more than a third of those that are aimed at others.
    """
    lines = []
    for run in found:
        name = run.fault.name
        others = run.asked.difference(run.fault.refutes)
        blunt = others.intersection(run.refuted)
        if run.trouble:
            lines.append(f"fault {name}: {run.trouble}")
        elif not run.refuted:
            lines.append(f"fault {name} refutes no claim")
        elif len(others) > MANY and len(blunt) > BLUNT * len(others):
            lines.append(f"fault {name} is too blunt: it refutes {len(blunt)} of {len(others)} claims of other things")
        for target in run.fault.refutes:
            if known and target not in known:
                lines.append(f"fault {name} is aimed at {target}, which is no claim")
            elif target in claims and target not in run.refuted:
                lines.append(f"fault {name} is aimed at {target} and does not refute it")
    for id, claim in claims.items():
        others = [run for run in found if id in run.asked and id not in run.fault.refutes]
        broad = sum(id in run.refuted for run in others)
        if not any(id in run.refuted for run in found):
            lines.append(f"{id} is refuted by no fault: {claim.sentence}")
        elif len(others) > MANY and broad > BROAD * len(others):
            lines.append(f"{id} asserts too much: {broad} of {len(others)} faults in other things refute it")
    return lines


def to_markdown(found: list[Refutation], claims: dict[str, Claim]) -> str:
    """Who refutes whom: a table of the faults with their claims, and one of the claims with their faults."""
    lines = ["# Who refutes whom", "", "| fault | refutes |", "| --- | --- |"]
    lines += [f"| {run.fault.name} | {', '.join(sorted(run.refuted))} |" for run in found]
    lines += ["", "| claim | sentence | refuted by |", "| --- | --- | --- |"]
    for id in sorted(claims):
        by = ", ".join(run.fault.name for run in found if id in run.refuted)
        lines.append(f"| {id} | {claims[id].sentence} | {by} |")
    return "\n".join(lines) + "\n"
