"""The proof that claims can fail: every fault is run against claims, each in a worker of its own."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

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
EVERY, MANY = 36, 20
SLOW = "whole"
"""The chapter of one claim that takes longest of all; with those that import much it is no sample."""
Choice = Callable[[Fault, list[pytest.Item]], list[pytest.Item]]


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


def everything(fault: Fault, items: list[pytest.Item]) -> list[pytest.Item]:
    """All cases of all claims."""
    return items


def aimed_at(fault: Fault, items: list[pytest.Item]) -> list[pytest.Item]:
    """All cases of the claims that ``fault`` is aimed at."""
    return [item for item in items if item.stash[CLAIM].id in fault.refutes]


def concerned(fault: Fault, items: list[pytest.Item]) -> list[pytest.Item]:
    """All cases of the claims that ``fault`` is aimed at, and one of each claim of a sample, to see how blunt it is."""
    quick = [item for item in items if not is_heavy(item) and item.path.parent.name != SLOW]
    first = {item.stash[CLAIM].id: item for item in reversed(quick)}
    sample = {first[id] for id in sorted(first)[::EVERY]}
    return [item for item in items if item.stash[CLAIM].id in fault.refutes or item in sample]


def ids(items: Iterable[pytest.Item]) -> set[str]:
    """The ids of the claims that cases belong to."""
    return {item.stash[CLAIM].id for item in items}


def refutations(
    session: pytest.Session, faults: list[Fault], items: list[pytest.Item], choose: Choice
) -> Iterator[Refutation]:
    """What each fault refutes of the cases that ``choose(fault, items)`` returns, as it becomes known."""
    items = refutable(items)
    if any(map(is_heavy, items)):
        load(*HEAVY)  # once, and not once for every fault
        freeze(session.config)
    chosen = [choose(fault, items) for fault in faults]
    found = [Refutation(fault, asked=ids(cases)) for fault, cases in zip(faults, chosen, strict=True)]
    tasks = [
        Task(tuple(case.nodeid for case in cases), fault=fault.name, fails_only=True)
        for fault, cases in zip(faults, chosen, strict=True)
    ]
    by_node = {item.nodeid: item.stash[CLAIM].id for item in items}
    workers = session.config.option.jobs or (processors() if forks(session.config) else 1)
    pool = Pool(session, workers, session.config.getoption("case_limit"))
    with closing(pool.run(tasks)) as events:
        for number, event, content in events:
            run = found[number]
            if event == REPORTED and by_node[content["nodeid"]] not in run.refuted:
                run.refuted.append(by_node[content["nodeid"]])
            elif event == ENDED:
                nodeid, how, _, _ = content
                run.trouble = f"{by_node[nodeid]}: {how}"
            elif event == DONE:
                yield run


def shortcomings(found: list[Refutation], claims: dict[str, Claim], known: set[str] | None) -> list[str]:
    """A line for each claim or fault that breaks the rules of the proof.

    ``claims`` are those that hold on this torch, ``known`` the ids of all where all were collected. Every fault
    refutes the claims that it is aimed at and no more than half of all; every claim is refuted by a fault and by no
    more than a third of all.
    """
    lines = []
    for run in found:
        name = run.fault.name
        if run.trouble:
            lines.append(f"fault {name}: {run.trouble}")
        elif not run.refuted:
            lines.append(f"fault {name} refutes no claim")
        elif len(run.asked) > MANY and len(run.refuted) > BLUNT * len(run.asked):
            lines.append(f"fault {name} is too blunt: it refutes {len(run.refuted)} of {len(run.asked)} claims")
        for target in run.fault.refutes:
            if known and target not in known:
                lines.append(f"fault {name} is aimed at {target}, which is no claim")
            elif target in claims and target not in run.refuted:
                lines.append(f"fault {name} is aimed at {target} and does not refute it")
    for id, claim in claims.items():
        asked, by = sum(id in run.asked for run in found), sum(id in run.refuted for run in found)
        if not by:
            lines.append(f"{id} is refuted by no fault: {claim.sentence}")
        elif asked > MANY and by > BROAD * asked:
            lines.append(f"{id} asserts too much: {by} of {asked} faults refute it")
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
