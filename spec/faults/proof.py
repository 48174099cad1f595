"""The proof that claims can fail: every fault is run against every claim, each in a process of its own."""

import gc
import json
import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait

import pytest

from ..vocabulary.claim import HOLDS, Claim
from ..vocabulary.plugin import CLAIM
from . import Fault

SECONDS = 120
BLUNT, BROAD = 1 / 2, 1 / 3
SLOW = ("compiling", "distributing", "whole")
EVERY, MANY = 36, 20
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


class Failures:
    """A pytest plugin that notes which tests fail."""

    def __init__(self) -> None:
        self.nodeids: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.nodeids.add(report.nodeid)


def refuted_by(fault: Fault, items: list[pytest.Item]) -> list[str]:
    """The ids of the claims that ``fault`` refutes; a claim gets no further chance once one of its cases fails.

    To be called in a process that ends afterwards: the reports of these runs are shown to nobody.
    """
    if not items:
        return []
    config = items[0].config
    failures = Failures()
    config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.unregister(name="module-state-reporter")
    config.pluginmanager.register(failures)
    refuted: dict[str, None] = {}
    with fault.injected():
        for item, following in zip(items, [*items[1:], None], strict=True):
            may_skip = following is None or following.parent is item.parent
            if item.stash[CLAIM].id in refuted and may_skip:
                continue
            config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if item.nodeid in failures.nodeids:
                refuted[item.stash[CLAIM].id] = None
    return list(refuted)


def everything(fault: Fault, items: list[pytest.Item]) -> list[pytest.Item]:
    """All cases of all claims."""
    return items


def aimed_at(fault: Fault, items: list[pytest.Item]) -> list[pytest.Item]:
    """All cases of the claims that ``fault`` is aimed at."""
    return [item for item in items if item.stash[CLAIM].id in fault.refutes]


def concerned(fault: Fault, items: list[pytest.Item]) -> list[pytest.Item]:
    """All cases of the claims that ``fault`` is aimed at, and one of each claim of a sample, to see how blunt it is."""
    first = {item.stash[CLAIM].id: item for item in reversed(items) if item.path.parent.name not in SLOW}
    sample = {first[id] for id in sorted(first)[::EVERY]}
    return [item for item in items if item.stash[CLAIM].id in fault.refutes or item in sample]


def answer(pipe: Connection, fault: Fault, items: list[pytest.Item]) -> None:
    pipe.send(json.dumps(refuted_by(fault, items)))
    pipe.close()
    os._exit(0)


def ids(items: Iterable[pytest.Item]) -> set[str]:
    """The ids of the claims that cases belong to."""
    return {item.stash[CLAIM].id for item in items}


def heard(receiver: Connection) -> tuple[list[str], str]:
    """The answer of a process and the trouble with it, one of which is empty."""
    if not receiver.poll():
        return [], f"no answer in {SECONDS} seconds"
    try:
        return json.loads(receiver.recv()), ""
    except EOFError:
        return [], "the process ended without an answer"


def in_forks(faults: list[Fault], items: list[pytest.Item], choose: Choice) -> Iterator[Refutation]:
    """Run each fault in a fork of this process, as many at once as there are processors."""
    context = multiprocessing.get_context("fork")
    waiting = list(reversed(faults))
    running: dict[Connection, tuple[Fault, multiprocessing.Process]] = {}
    gc.freeze()  # what is there already need not be walked, and so copied, in every fork
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                receiver, sender = context.Pipe(duplex=False)
                chosen = choose(waiting[-1], items)
                process = context.Process(target=answer, args=(sender, waiting[-1], chosen))
                process.start()
                sender.close()
                running[receiver] = (waiting.pop(), process)
            ready = wait(running, timeout=SECONDS)
            for receiver in ready or list(running):
                fault, process = running.pop(receiver)
                yield Refutation(fault, *heard(receiver), ids(choose(fault, items)))
                process.kill()
                process.join()
    finally:
        gc.unfreeze()
        for _, process in running.values():
            process.kill()
            process.join()


def in_subprocesses(faults: list[Fault], items: list[pytest.Item], choose: Choice) -> Iterator[Refutation]:
    """Run each fault by ``pytest --fault``: slower, for platforms that can't fork."""
    for fault in faults:
        command = [sys.executable, "-m", "pytest", "--fault", fault.name, "-q", *items[0].config.invocation_params.args]
        command = [word for word in command if word != "--prove"]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=10 * SECONDS, check=False)
        except subprocess.TimeoutExpired:
            yield Refutation(fault, trouble=f"no answer in {10 * SECONDS} seconds")
            continue
        yield Refutation(fault, re.findall(r"^REFUTED +([A-Z]+-\d+)", run.stdout, re.MULTILINE), asked=ids(items))


def refutations(faults: list[Fault], items: list[pytest.Item], choose: Choice) -> Iterator[Refutation]:
    """What each fault refutes of the cases that ``choose(fault, items)`` returns, as it becomes known."""
    run: Callable = in_forks if "fork" in multiprocessing.get_all_start_methods() else in_subprocesses
    return run(faults, refutable(items), choose)


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
