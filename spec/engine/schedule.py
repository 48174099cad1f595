"""Who runs which cases: workers, one for each processor, file by file; what is heard of them, in the order of files."""

import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from ..vocabulary.devices import BUILT_IN
from .cases import CLAIM, CUT_SHORT, without_an_answer
from .collection import DEVICES, is_heavy
from .options import processors
from .processes import Process, ProcessEnded, can_fork, ready
from .workers import DONE, FINISHED, REPORTED, STARTED, Task, by_node, reported, start, with_following

FEW = 200
"""With fewer cases a second worker takes longer to start than it saves."""
MOST = 4
"""More workers for each processor than this take memory and save no time."""
WORTH_AN_IMPORT = 6
"""With fewer heavy files to come a second worker takes longer to import what they need than it saves."""
ENDED = "ended"


def in_this_process(config: pytest.Config) -> str:
    """Why the cases run in this process and not in workers; empty where they don't."""
    option = config.option
    if hasattr(config, "workerinput") or getattr(option, "numprocesses", None):
        return "pytest-xdist has workers of its own"
    if config.pluginmanager.has_plugin("vscode_pytest"):
        return "VS Code follows each of them"
    if is_traced():
        return "a debugger, or coverage, follows them"
    named = {"usepdb": "--pdb", "trace": "--trace"}
    # Each of these sets the next one.
    named |= {"setupplan": "--setup-plan", "setuponly": "--setup-only", "setupshow": "--setup-show"}
    return next((flag for name, flag in named.items() if getattr(option, name, False)), "")


def is_traced() -> bool:
    """Whether somebody follows what this process does line by line, who can't follow a worker."""
    monitoring = getattr(sys, "monitoring", None)
    tools = (monitoring.DEBUGGER_ID, monitoring.COVERAGE_ID) if monitoring else ()
    return sys.gettrace() is not None or any(monitoring.get_tool(tool) for tool in tools)


def forks(config: pytest.Config) -> bool:
    """Whether workers can be forked: not where there is no fork, nor once this process has used an accelerator."""
    return can_fork() and all(torch.device(name).type in BUILT_IN for name in config.stash[DEVICES])


def in_order(config: pytest.Config) -> str:
    """Why the cases run one after the other: the option that needs it; empty where none does."""
    option = config.option
    named = {
        "--maxfail": option.maxfail,
        "--stepwise": getattr(option, "stepwise", False),
        "--basetemp": option.basetemp,
        "--capture=no": option.capture == "no",
    }
    return next((flag for flag, given in named.items() if given), "")


def size(config: pytest.Config, cases: int) -> int:
    """How many workers run at once."""
    jobs = config.option.jobs
    if in_order(config):
        return 1
    if jobs:
        return min(jobs, MOST * processors())
    return processors() if cases >= FEW and forks(config) else 1


def pytest_report_header(config: pytest.Config) -> str | None:
    jobs = config.option.jobs
    why = in_this_process(config)
    if jobs and why:
        return f"the cases run in this process, and not in {jobs}: {why}"
    if jobs and jobs > 1 and (why := in_order(config)):
        return f"the cases run in one process, and not in {jobs}: {why}"
    if not why and not forks(config):
        return "the cases run one after the other in a process that is started for them: none can be forked here"
    return None


@dataclass
class Running:
    """A worker and its task: what is still to come, whether no case has run yet, and which one does until when."""

    process: Process
    task: Task
    number: int
    remaining: list[str]
    fresh: bool = True
    current: str | None = None
    deadline: float | None = None


@dataclass
class Pool:
    """At most ``size`` workers at once; a case that runs for longer than ``limit`` seconds is ended."""

    session: pytest.Session
    size: int
    limit: int
    running: list[Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.items = by_node(self.session)  # once, and not in every fork of this process

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, str, object]]:
        """Run the tasks; yields ``(number of the task, event, content)`` as it becomes known.

        The events are those of a worker, and ``ended`` with ``(node id, how, why, outcome)`` for a case that ended its
        worker or ran for too long. All that was still to come goes on in a new worker.
        """
        waiting = deque(enumerate(tasks))
        with tempfile.TemporaryDirectory(prefix="module-state-", ignore_cleanup_errors=True) as folder:
            try:
                while waiting or self.running:
                    self.fill(waiting, Path(folder))
                    for running in self.heard():
                        yield from self.listen(running, waiting, Path(folder))
            finally:
                for running in self.running:
                    running.process.kill()
                self.running.clear()

    def fill(self, waiting: deque, folder: Path) -> None:
        """Start workers for what waits; heavy cases wait for the worker that has what they need, unless many wait."""
        while len(self.running) < self.size:
            taken = {running.task.needs for running in self.running if running.task.heavy}
            found = next((each for each in waiting if each[1].needs not in taken), None)
            if found is None:
                if len(waiting) < WORTH_AN_IMPORT:
                    return
                found = waiting[0]
            waiting.remove(found)
            self.give(start(self.session, self.items, folder, forks(self.session.config)), *found)

    def give(self, process: Process, number: int, task: Task) -> None:
        self.running.append(Running(process, task, number, list(task.nodeids)))
        process.send(task)

    def heard(self) -> list[Running]:
        """The workers that have something to say, or whose case has run for too long."""
        deadlines = [running.deadline for running in self.running if running.deadline]
        seconds = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        speaking = set(ready([running.process for running in self.running], seconds))
        now = time.monotonic()
        return [
            running
            for running in self.running
            if running.process in speaking or (running.deadline and running.deadline <= now)
        ]

    def listen(self, running: Running, waiting: deque, folder: Path) -> Iterator[tuple[int, str, object]]:
        if running.deadline and running.deadline <= time.monotonic() and not ready([running.process], 0):
            running.process.kill()
            how = f"the case was ended after {self.limit} seconds (--case-limit)"
            yield from self.without(running, how, "timed out", CUT_SHORT, waiting)
            return
        try:
            event, content = running.process.receive()
        except ProcessEnded as error:
            text = str(error)
            why = next((word for word in text.split() if word.startswith("SIG")), "ended")
            how = f"{text}, while it ran this case" if running.current else f"{text}, before it ran this case"
            yield from self.without(running, how, why, "failed", waiting)
            return
        if event == STARTED:
            running.current, running.fresh = content, False
            running.remaining = running.remaining[running.remaining.index(content) + 1 :]
            running.deadline = time.monotonic() + self.limit
        elif event == DONE:
            running.current = running.deadline = None
            self.running.remove(running)
            yield running.number, DONE, None
            found = next((each for each in waiting if self.can_go_on(running.task, each[1])), None)
            if found is None:
                running.process.kill()
            else:
                waiting.remove(found)
                self.give(running.process, *found)
            return
        yield running.number, event, content

    def can_go_on(self, task: Task, following: Task) -> bool:
        """Whether a worker that has done one task can do another; a new one is cheap only where it can be forked."""
        if forks(self.session.config):
            return following.needs == task.needs
        return following.heavy == task.heavy

    def without(
        self, running: Running, how: str, why: str, outcome: str, waiting: deque
    ) -> Iterator[tuple[int, str, object]]:
        """Say what became of the case that ended a worker, and let the others of its task wait for a new one."""
        self.running.remove(running)
        if running.current is None and running.fresh:  # another one would end in the same way
            for nodeid in running.remaining:
                yield running.number, ENDED, (nodeid, how, why, outcome)
            running.remaining.clear()
        else:
            yield running.number, ENDED, (running.current or running.remaining.pop(0), how, why, outcome)
        rest = Task(tuple(running.remaining), running.task.heavy, running.task.fault, running.task.fails_only)
        if rest.nodeids:
            waiting.appendleft((running.number, rest))
        else:
            yield running.number, DONE, None


def tasks_of(items: list[pytest.Item]) -> list[Task]:
    """A task for each file, and one for the heavy cases of a chapter that is not; cases keep their order in a file."""
    files: dict[tuple[Path, bool], list[pytest.Item]] = {}
    for item in items:
        files.setdefault((item.path, is_heavy(item)), []).append(item)
    return [Task(tuple(item.nodeid for item in cases), heavy) for (_, heavy), cases in files.items()]


def longest_first(tasks: list[Task]) -> list[int]:
    """The positions of tasks in the order in which they start: heavy cases, then the files with most cases."""
    return sorted(range(len(tasks)), key=lambda position: (not tasks[position].heavy, -len(tasks[position].nodeids)))


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    config = session.config
    if config.option.collectonly or in_this_process(config):
        return None
    if session.testsfailed and not config.option.continue_on_collection_errors:
        return None  # pytest says so
    claims = [item for item in session.items if CLAIM in item.stash]
    others = [item for item in session.items if CLAIM not in item.stash]
    if not claims:
        return None
    tasks = tasks_of(claims)
    workers = min(size(config, len(claims)), len(tasks))
    order = longest_first(tasks) if workers > 1 else list(range(len(tasks)))
    pool = Pool(session, workers, config.getoption("case_limit"))
    with closing(pool.run(tasks[place] for place in order)) as found:  # whatever ends the run ends the workers too
        events = ((order[number], event, content) for number, event, content in found)
        for event, content in in_order_of_tasks(events, len(tasks)) if workers > 1 else ((e, c) for _, e, c in events):
            say(config, pool.items, event, content)
            stop_if_asked(session)
    for item, following in with_following(others):
        config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        stop_if_asked(session)
    return True


def in_order_of_tasks(events: Iterable[tuple[int, str, object]], tasks: int) -> Iterator[tuple[str, object]]:
    """The events of the first task as they come, and those of each later one once all before it are done."""
    kept: dict[int, list[tuple[str, object]]] = {number: [] for number in range(tasks)}
    done: set[int] = set()
    speaking = 0
    try:
        for number, event, content in events:
            if event == DONE:
                done.add(number)
            if number == speaking:
                yield event, content
            else:
                kept[number].append((event, content))
            while speaking in done:
                speaking += 1
                yield from kept.pop(speaking, [])
    except KeyboardInterrupt:
        for number in sorted(kept):
            yield from kept[number]
        raise


def say(config: pytest.Config, items: dict[str, pytest.Item], event: str, content: object) -> None:
    """Let pytest hear what a worker said, as if the case had run here."""
    if event == STARTED:
        item = items[content]
        config.hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    elif event == REPORTED:
        item = items[content["nodeid"]]
        config.hook.pytest_runtest_logreport(report=reported(item, content))
    elif event == FINISHED:
        item = items[content]
        config.hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    elif event == ENDED:
        nodeid, how, why, outcome = content
        config.hook.pytest_runtest_logreport(report=without_an_answer(items[nodeid], how, why, outcome))


def stop_if_asked(session: pytest.Session) -> None:
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)
