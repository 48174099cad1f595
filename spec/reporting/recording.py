"""What turns a run into a record, and the reasons for which a run is none."""

from pathlib import Path

import pytest

from ..engine.cases import CLAIM
from ..engine.collection import DEVICES
from ..engine.lacking import LEFT_OUT
from ..facts import chapters
from ..vocabulary import devices
from . import answer_table, catalogue, record
from .verdicts import NOT_RUN, TIMED_OUT, Case

COLLECTED = "module_state_collected"


def apart(chapter: str) -> bool:
    """Whether a chapter is recorded apart from the releases of torch."""
    return chapter in chapters() and chapters()[chapter].apart


class Collected:
    """Counts what was collected, in this process or in a worker of pytest-xdist."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.claims: set[str] = set()
        self.cases = 0
        self.deselected = 0

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        mark = item.get_closest_marker("claim")
        if mark and not apart(item.path.parent.name):
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
        expected = {id for id, claim in catalogue.claims().items() if not claim.apart}
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
        self.left_out = 0
        self.line = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.left_out += any(name == LEFT_OUT for name, _ in report.user_properties)

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
        if late := [case.id for case in self.cases.values() if case.outcome == TIMED_OUT]:
            return f"{len(late)} cases timed out, one of {late[0]} among them"
        ran = [case for case in self.cases.values() if case.outcome != NOT_RUN]
        if len(ran) + self.left_out != self.collected.cases:
            return f"{len(ran)} of {self.collected.cases} cases were run"
        return self.collected.shortfall()

    def record(self) -> record.Record:
        """What the run says; a claim that takes no device was shown on cpu, whichever devices were chosen."""
        cases = [case for case in self.cases.values() if not apart(case.chapter)]
        chosen = self.config.stash[DEVICES]
        real = devices.real(chosen)
        profile = self.config.getoption("hypothesis_profile", None) or "claims"
        return record.Record(
            **record.surroundings(profile),
            devices={name: record.REAL if name in real else record.META for name in chosen}
            | {case.device: record.REAL for case in cases if case.device not in chosen},
            table=answer_table.answer_table(cases),
            claims=record.claims_of(cases, self.collected.claims),
        )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.line:
            terminalreporter.write_line(self.line, red=self.line.startswith("no record"))
