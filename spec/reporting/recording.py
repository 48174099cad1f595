"""The options that turn a run into a record, and the reasons for which a run is none."""

import os
from pathlib import Path

import pytest
from packaging.version import InvalidVersion, Version

from ..vocabulary import devices
from ..vocabulary.claim import TORCH
from ..vocabulary.plugin import CLAIM, DEVICES
from . import code, record, table
from .verdicts import NOT_RUN, Case

COLLECTED = "module_state_collected"
FILTERS = {
    "fault": "--fault breaks torch",
    "prove": "--prove breaks torch",
    "faults_table": "--faults-table breaks torch",
    "keyword": "-k leaves claims out",
    "markexpr": "-m leaves claims out",
    "lf": "--last-failed leaves claims out",
    "stepwise": "--stepwise leaves claims out",
    "deselect": "--deselect leaves claims out",
    "ignore": "--ignore leaves claims out",
    "ignore_glob": "--ignore-glob leaves claims out",
    "collectonly": "--collect-only runs nothing",
}
"""The options under which a run says too little to be recorded, or nothing true of the installed torch."""


def add_options(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--record",
        metavar="FILE",
        help="write what the run says about this torch to FILE, as JSON (say --record=FILE where FILE exists)",
    )
    group.addoption("--expect-torch", metavar="VERSION", help="run on this torch, such as 2.4 or 2.4.1, or not at all")
    group.addoption("--trail", metavar="FILE", help="keep the claim that is running in FILE, for when torch crashes")


def check_torch(wanted: str) -> None:
    """Raise UsageError unless the installed torch is ``wanted``, as far as that is given."""
    try:
        release = Version(wanted).release
    except InvalidVersion:
        raise pytest.UsageError(f"--expect-torch: {wanted!r} is no version of torch") from None
    if (*TORCH.release, 0, 0)[: len(release)] != release:
        raise pytest.UsageError(f"--expect-torch: torch {wanted} was asked for, and this is torch {TORCH}")


def check_options(config: pytest.Config) -> None:
    """Raise UsageError where it is known beforehand that there will be no record."""
    path = Path(config.getoption("record"))
    for name, reason in FILTERS.items():
        if config.getoption(name, None):
            raise pytest.UsageError(f"--record: there is no record of such a run: {reason}")
    if any("::" in argument for argument in config.args):
        raise pytest.UsageError("--record: there is no record of such a run: naming a test leaves claims out")
    if path.is_dir():
        raise pytest.UsageError(f"--record: {path} is a folder")
    if not path.parent.is_dir():
        raise pytest.UsageError(f"--record: there is no folder {path.parent}")


class Collected:
    """Counts what was collected, in this process or in a worker of pytest-xdist."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.claims: set[str] = set()
        self.cases = 0
        self.deselected = 0

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        if mark := item.get_closest_marker("claim"):
            self.claims.update(map(str, mark.args))

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.deselected += sum(CLAIM in item.stash for item in items)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.cases = sum(CLAIM in item.stash for item in session.items)
        if not hasattr(self.config, "workerinput") and (reason := self.shortfall()):
            raise pytest.UsageError(f"--record: there is no record of such a run: {reason}")

    def pytest_sessionfinish(self) -> None:
        if hasattr(self.config, "workerinput"):
            self.config.workeroutput[COLLECTED] = (sorted(self.claims), self.cases, self.deselected)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node) -> None:
        if found := getattr(node, "workeroutput", {}).get(COLLECTED):
            claims, self.cases, self.deselected = found
            self.claims = set(claims)

    def shortfall(self) -> str:
        """Why what was collected is not the specification; empty where it is."""
        expected = code.claims().keys()
        if missing := sorted(expected - self.claims, key=record.natural):
            return f"{len(missing)} of {len(expected)} claims were left out, {missing[0]} among them"
        if foreign := sorted(self.claims - expected, key=record.natural):
            return f"{foreign[0]} is no claim of the specification"
        return f"{self.deselected} cases were left out" if self.deselected else ""


class Recorder:
    """Writes the record of a run that was whole, and says why there is none after any other."""

    def __init__(self, config: pytest.Config, collected: Collected, cases: dict[str, Case]):
        self.config = config
        self.path = Path(config.getoption("record")).absolute()
        self.collected = collected
        self.cases = cases
        self.line = ""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.USAGE_ERROR:  # pytest says which
            return
        failed = self.shortfall(session)
        if not failed:
            try:
                record.write(self.record(), self.path)
            except OSError as error:
                failed = f"{self.path}: {error.strerror}"
        self.line = f"no record was written: {failed}" if failed else f"recorded in {self.config.getoption('record')}"
        if failed and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def shortfall(self, session: pytest.Session) -> str:
        """Why this run is not one of the whole specification; empty where it is."""
        if session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return "the run was interrupted"
        if session.shouldstop or session.shouldfail:
            return "the run was cut short"
        ran = [case for case in self.cases.values() if case.outcome != NOT_RUN]
        if len(ran) != self.collected.cases:
            return f"{len(ran)} of {self.collected.cases} cases were run"
        return self.collected.shortfall()

    def record(self) -> record.Record:
        """What the run says; a claim that takes no device was shown on cpu, whichever devices were chosen."""
        chosen = self.config.stash[DEVICES]
        real = devices.real(chosen)
        profile = self.config.getoption("hypothesis_profile", None) or "claims"
        return record.Record(
            **record.surroundings(profile),
            devices={name: record.REAL if name in real else record.META for name in chosen}
            | {case.device: record.REAL for case in self.cases.values() if case.device not in chosen},
            table=table.answer_table(self.cases.values()),
            claims=record.claims_of(self.cases.values(), self.collected.claims),
        )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.line:
            terminalreporter.write_line(self.line, red=self.line.startswith("no record"))


class Trail:
    """Keeps the claim that is running in a file, so that it is known when the interpreter goes down with it."""

    def __init__(self, path: str, cases: dict[str, Case]):
        try:
            self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        except OSError as error:
            raise pytest.UsageError(f"--trail: {path}: {error.strerror}") from None
        self.cases = cases

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        case = self.cases.get(nodeid)
        line = f"{case.id}  {case.sentence}  ({nodeid})" if case else nodeid
        os.ftruncate(self.file, 0)
        os.pwrite(self.file, line.encode(), 0)

    def pytest_unconfigure(self) -> None:
        os.close(self.file)
