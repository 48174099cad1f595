"""Chapters that run aside: in one process of their own, because what they import is larger than all the rest.

TorchDynamo, torch.export and FSDP take more memory and time than all other claims together. A chapter whose conftest
calls :func:`run_aside` runs in a fork of pytest: the reports come back, and what was imported goes with the fork. The
fork starts with the run, so its imports are made while other chapters run, and it is made after torch was broken where
a fault is shown. Where there is no ``fork`` the chapter runs like any other.
"""

import ctypes
import gc
import importlib
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
import torch

SECONDS = 60
SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class Worker:
    """A fork of this process that answers questions until it is ended, or until this process is no more.

    ``prepare()`` is called in the fork before anything is asked, and ``answer(question)`` for every question; questions
    and answers are what can be pickled.
    """

    def __init__(self, prepare: Callable[[], None], answer: Callable[[Any], Any]):
        self.pipe, other = Pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self.pipe.close()
            serve(other, prepare, answer)
        other.close()

    def ask(self, question: Any) -> None:
        self.pipe.send((question,))

    def hear(self) -> Any:
        """The answer to the oldest question; raises RuntimeError where there is none, and the process is gone then."""
        try:
            if not self.pipe.poll(SECONDS):
                raise EOFError(f"no answer in {SECONDS} seconds")
            answer, trouble = self.pipe.recv()
        except (EOFError, OSError) as error:
            self.end()
            raise RuntimeError(f"the process ended without an answer: {error}") from None
        if trouble:
            raise RuntimeError(trouble)
        return answer

    def end(self) -> None:
        if self.pid:
            self.pipe.close()
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0


def serve(pipe, prepare: Callable[[], None], answer: Callable[[Any], Any]) -> None:
    try:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
        torch.set_num_threads(1)  # a forked process must not wait for the threads of its parent
        prepare()
        while True:
            (question,) = pipe.recv()
            try:
                pipe.send((answer(question), ""))
            except Exception:
                pipe.send((None, traceback.format_exc()))
    except (EOFError, OSError):  # nobody asks any more
        pass
    finally:
        os._exit(0)


class Aside:
    """The pytest plugin that runs the tests of ``places`` in a worker which has imported ``modules``."""

    def __init__(self) -> None:
        self.places: list[Path] = []
        self.modules: dict[str, None] = {}
        self.worker: Worker | None = None
        self.reports: list[pytest.TestReport] = []

    def takes(self, item: pytest.Item | None) -> bool:
        return item is not None and item.path.parent in self.places

    def start(self, session: pytest.Session) -> Worker:
        """The worker; it knows the collected tests by their node ids, and reports to nobody but us."""
        if self.worker is None or self.worker.pid == 0:
            config, items = session.config, {item.nodeid: item for item in session.items if self.takes(item)}

            def prepare() -> None:
                self.places.clear()
                session.items[:] = items.values()  # and forget the others: their memory is needed
                for listener in config.hook.pytest_runtest_logreport.get_hookimpls():
                    if listener.plugin is not self:
                        config.pluginmanager.unregister(listener.plugin)
                self.load()
                gc.freeze()

            def answer(nodeids: tuple[str, str | None]) -> list[dict]:
                self.reports.clear()
                item, following = map(items.get, nodeids)
                config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if following is None or following.path != item.path:
                    gc.collect()  # graphs hold each other
                return [
                    config.hook.pytest_report_to_serializable(config=config, report=report) for report in self.reports
                ]

            self.worker = Worker(prepare, answer)
        return self.worker

    def load(self) -> None:
        for name in self.modules:
            # What a release lacks, or breaks on this Python, only its claims can miss.
            with suppress(Exception), redirect_stderr(io.StringIO()):
                importlib.import_module(name)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        proof = session.config.getoption("prove") or session.config.getoption("faults_table")
        if proof and any(map(self.takes, session.items)):
            self.load()  # once, and not once for every fault

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        if not session.config.getoption("collectonly") and any(map(self.takes, session.items)) and hasattr(os, "fork"):
            self.start(session)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        if not self.takes(item) or not hasattr(os, "fork") or item.config.getoption("usepdb"):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self.run(item, nextitem if self.takes(nextitem) else None):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def run(self, item: pytest.Item, following: pytest.Item | None) -> Iterable[pytest.TestReport]:
        worker = self.start(item.session)
        call = pytest.CallInfo.from_call(lambda: ask(worker, item, following), when="call")
        if call.excinfo:
            return [item.ihook.pytest_runtest_makereport(item=item, call=call)]
        hook, config = item.config.hook, item.config
        return [hook.pytest_report_from_serializable(config=config, data=report) for report in call.result]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.reports.append(report)

    def pytest_sessionfinish(self) -> None:
        if self.worker:
            self.worker.end()


def ask(worker: Worker, item: pytest.Item, following: pytest.Item | None) -> list[dict]:
    worker.ask((item.nodeid, following and following.nodeid))
    return worker.hear()


def run_aside(config: pytest.Config, place: Path, *modules: str) -> None:
    """Run the tests in the folder ``place`` aside; ``modules`` are imported there and then."""
    plugin = config.pluginmanager.get_plugin("aside")
    if plugin is None:
        plugin = Aside()
        config.pluginmanager.register(plugin, "aside")
    plugin.places.append(place)
    plugin.modules.update(dict.fromkeys(modules))
