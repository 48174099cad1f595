"""Run the cases on all processors: in forks of this process, which need not import torch again."""

import gc
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import pytest

from .vocabulary.plugin import CLAIM, DEVICES

FEW = 200
SLOW = 20
"""How many ordinary cases a case that runs aside is worth."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("module state").addoption(
        "--jobs",
        type=int,
        metavar="N",
        help="run the cases in N forked processes; without it, one for each processor where the devices allow it",
    )


def jobs(session: pytest.Session) -> int:
    """How many processes to use: more than one only where a fork can run every case."""
    option = session.config.option
    alone = getattr(option, "usepdb", False) or option.maxfail or option.collectonly or option.capture == "no"
    spread = getattr(option, "numprocesses", None) or hasattr(session.config, "workerinput")
    on_accelerators = set(session.config.stash[DEVICES]) - {"cpu", "meta"}
    if not hasattr(os, "fork") or alone or spread or on_accelerators:
        return 1
    if option.jobs is not None:
        return max(1, option.jobs)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") and len(session.items) >= FEW else 1


def share(items: list[pytest.Item], parts: int, aside: Callable) -> list[list[pytest.Item]]:
    """Deal the items to ``parts`` lists of about equal weight, file by file and otherwise in their order.

    What runs ``aside`` stays with this process, the first part: it has one process aside, and not one for each fork.
    """
    weights: dict[object, int] = {}
    for item in items:
        weights[item.path] = weights.get(item.path, 0) + (SLOW if aside(item) else 1)
    loads, places = [0] * parts, {item.path: 0 for item in items if aside(item)}
    loads[0] = sum(weights[path] for path in places)
    for path in sorted(weights.keys() - places.keys(), key=lambda path: (-weights[path], str(path))):
        places[path] = loads.index(min(loads))
        loads[places[path]] += weights[path]
    return [[item for item in items if places[item.path] == part] for part in range(parts)]


@dataclass
class Fork:
    """A forked process that runs ``items`` and writes its reports, a line each, to ``file``."""

    pid: int
    items: list[pytest.Item]
    file: IO[str]

    def reports(self, config: pytest.Config) -> Iterator[pytest.TestReport]:
        """Wait for the process and read its reports; a case that it left without any is reported as failed."""
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        self.file.seek(0)
        finished = set()
        for line in self.file:
            if not line.endswith("\n"):
                break  # the process was killed while it wrote
            report = config.hook.pytest_report_from_serializable(config=config, data=json.loads(line))
            finished.add(report.nodeid)
            yield report
        for item in self.items:
            if item.nodeid not in finished:
                trouble = f"the process that ran this case ended with status {os.waitstatus_to_exitcode(status)}"
                yield pytest.TestReport(
                    item.nodeid, item.location, {}, "failed", trouble, "call", user_properties=item.user_properties
                )

    def stop(self) -> None:
        if self.pid:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        self.file.close()


def run_in_child(config: pytest.Config, items: list[pytest.Item], file: IO[str]) -> None:
    """Run ``items``, write their reports and end the process."""

    everything = config.option.durations is not None or config.getoption("xmlpath", None)

    class Writer:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.passed and report.when != "call" and not everything:
                return  # nobody shows it
            data = config.hook.pytest_report_to_serializable(config=config, report=report)
            file.write(json.dumps(data) + "\n")
            file.flush()

    status = 1
    try:
        for name in ("terminalreporter", "module-state-reporter"):
            config.pluginmanager.unregister(name=name)
        config.pluginmanager.register(Writer())
        run(config, items)
        status = 0
    finally:
        os._exit(status)


def run(config: pytest.Config, items: list[pytest.Item], stopped: Callable[[], bool] = lambda: False) -> None:
    for item, following in zip(items, [*items[1:], None], strict=True):
        config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if stopped():
            return


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Make the folder of ``tmp_path`` before any fork: pytest removes what it made itself, and a fork just ends."""
    if not session.config.option.collectonly:
        session.config._tmp_path_factory.getbasetemp()


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    parts = jobs(session)
    if parts == 1 or not all(CLAIM in item.stash for item in session.items):
        return None
    config = session.config
    plugin = config.pluginmanager.get_plugin("aside")
    own, *others = share(session.items, parts, plugin.takes if plugin else lambda item: False)
    forks = []
    gc.freeze()  # what is there already need not be walked, and so copied, in every fork
    try:
        for items in others:
            file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by Fork.stop
            pid = os.fork()
            if pid == 0:
                run_in_child(config, items, file)
            forks.append(Fork(pid, items, file))
        run(config, own, lambda: bool(session.shouldstop or session.shouldfail))
        if not (session.shouldstop or session.shouldfail):
            for fork in forks:
                for report in fork.reports(config):
                    config.hook.pytest_runtest_logreport(report=report)
    finally:
        gc.unfreeze()
        for fork in forks:
            fork.stop()
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)
    return True
