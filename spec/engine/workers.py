"""A worker: another process that runs the cases it is given, and what this process hears of it."""

import gc
import io
import os
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from copy import copy
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from .broken import broken
from .cases import CASE, CLAIM
from .heavy import HEAVY, load
from .logs import RECORDS_LOGS
from .processes import Pipe, Process

PACKAGE = __package__.rpartition(".")[0]
STARTED, REPORTED, FINISHED, DONE = "started", "reported", "finished", "done"


@dataclass(frozen=True)
class Task:
    """Cases that one worker runs, by node id and in order.

    Before the first of them torch is broken by ``fault``, and ``HEAVY`` is imported for ``heavy`` ones. ``fails_only``
    asks for nothing but the ids of the claims that fail, each of which gets no further chance then.
    """

    nodeids: tuple[str, ...]
    heavy: bool = False
    fault: str | None = None
    fails_only: bool = False

    @property
    def needs(self) -> tuple:
        """What a worker has to be like for this task; one of the same needs can run both."""
        return (self.heavy, self.fault)


def start(session: pytest.Session, items: dict[str, pytest.Item], folder: Path, fork: bool) -> Process:
    """A worker of this session, whose ``items`` are by node id; they find their temporary folders in ``folder``."""
    if fork:
        return Process(serve, session, items, folder, fork=True)
    params = session.config.invocation_params
    return Process(serve_anew, list(map(str, params.args)), str(params.dir), folder, fork=False)


def serve_anew(pipe: Pipe, arguments: list[str], directory: str, folder: Path) -> None:
    """Collect the same tests in a new interpreter, and serve."""

    class Server:
        @pytest.hookimpl(trylast=True)
        def pytest_configure(self, config: pytest.Config) -> None:
            config.option.prove = config.option.faults_table = None  # it was started for a proof, and starts none

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: pytest.Session) -> None:
            serve(pipe, session, by_node(session), folder)
            os._exit(0)

    os.chdir(directory)
    output = io.StringIO()
    with redirect_stderr(output), redirect_stdout(output):
        status = pytest.main(["-p", "no:cacheprovider", *arguments], [Server()])
    raise RuntimeError(f"pytest ended with status {int(status)} in the new process: {output.getvalue()}")


def by_node(session: pytest.Session) -> dict[str, pytest.Item]:
    """The cases of a session by node id."""
    return {item.nodeid: item for item in session.items}


def serve(pipe: Pipe, session: pytest.Session, items: dict[str, pytest.Item], folder: Path) -> None:
    """Run the tasks that come through ``pipe``, until nobody sends one any more."""
    config = session.config
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)  # where pytest makes the folders of tmp_path
    listens_to_all = wants_everything(config)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    for listener in config.hook.pytest_runtest_logreport.get_hookimpls():
        if listener.plugin_name != RECORDS_LOGS:
            config.pluginmanager.unregister(listener.plugin)
    if reporter:
        config.pluginmanager.register(Terminal(reporter._tw), "terminalreporter")
    sender = Sender(pipe, config, listens_to_all)
    config.pluginmanager.register(sender)
    while True:
        task: Task = pipe.receive()
        if task.heavy:
            load(*HEAVY)
        with broken(task.fault):
            sender.run([items[nodeid] for nodeid in task.nodeids], task.fails_only)
        if task.heavy:
            gc.collect()  # graphs hold each other
        pipe.send((DONE, None))


def with_following(items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Each item and the one after it, which pytest wants to know: what both need is not torn down between them."""
    return zip_longest(items, items[1:])


def wants_everything(config: pytest.Config) -> bool:
    """Whether somebody looks at the reports of set-ups and tear-downs that went well."""
    listeners = config.hook.pytest_runtest_logreport.get_hookimpls()
    known = ("_pytest.", f"{PACKAGE}.")
    foreign = [each for each in listeners if not f"{each.function.__module__}.".startswith(known)]
    return bool(foreign or config.option.durations is not None or config.getoption("xmlpath", None))


class Terminal:
    """What a plugin that asks pytest for its terminal finds in a worker, such as pytest-timeout for its stacks."""

    def __init__(self, writer: Any):
        self._tw = copy(writer)
        self._tw.hasmarkup = False  # pytest would colour the messages of errors


class Sender:
    """The plugin of a worker that sends what the process it belongs to would have heard."""

    def __init__(self, pipe: Pipe, config: pytest.Config, everything: bool):
        self.pipe, self.config, self.everything = pipe, config, everything
        self.fails_only = False
        self.failed = False

    def run(self, items: list[pytest.Item], fails_only: bool) -> None:
        self.fails_only = fails_only
        refuted = set()
        for item, following in with_following(items):
            last_of_its_file = following is None or following.parent is not item.parent
            if fails_only and item.stash[CLAIM].id in refuted and not last_of_its_file:
                continue  # but what ends a file is run: it ends the file's fixtures too
            if fails_only:
                item.repr_failure = lambda excinfo: excinfo.typename  # nobody reads it, and it takes long to make
            self.pipe.send((STARTED, item.nodeid))
            self.failed = False
            self.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if not fails_only:
                self.pipe.send((FINISHED, item.nodeid))
            if self.failed:
                refuted.add(item.stash[CLAIM].id)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed
        if self.fails_only and not report.failed:
            return
        if report.passed and report.when != "call" and not self.everything:
            return  # nobody shows it
        report.user_properties = [(name, value) for name, value in report.user_properties if name != CASE]
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        self.pipe.send((REPORTED, data))


def reported(item: pytest.Item, data: dict) -> pytest.TestReport:
    """The report that a worker sent of a case of this process."""
    report = item.config.hook.pytest_report_from_serializable(config=item.config, data=data)
    report.user_properties = [pair for pair in item.user_properties if pair[0] == CASE] + report.user_properties
    return report
