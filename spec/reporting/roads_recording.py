"""What turns a run of the roads into their record."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from ..facts import libraries
from ..vocabulary.claim import listed
from . import catalogue, roads
from .record import natural
from .verdicts import NOT_RUN, TIMED_OUT, Case, verdicts


class Recorder:
    """Writes the record of a run of all claims about roads whose libraries are installed."""

    def __init__(self, config: pytest.Config, cases: dict[str, Case]):
        self.config = config
        self.path = Path(config.getoption("record_roads")).absolute()
        self.cases = cases
        self.claims = {id: claim for id, claim in catalogue.claims().items() if claim.apart}
        self.line = ""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        if failed := self.shortfall(session):
            self.line = f"no record of the roads was written: {failed}"
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
            return
        roads.write(record_of(self.asked()), self.path)
        self.line = f"the roads are recorded in {self.config.getoption('record_roads')}"

    def asked(self) -> list[Case]:
        """The cases of the chapters that are recorded apart."""
        return [case for case in self.cases.values() if case.id in self.claims]

    def shortfall(self, session: pytest.Session) -> str:
        """Why this run says too little; empty where it does not."""
        if session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return "the run was interrupted"
        if late := [case.id for case in self.asked() if case.outcome in (NOT_RUN, TIMED_OUT)]:
            return f"{len(late)} cases were not run to their end, one of {late[0]} among them"
        ran = {case.id for case in self.cases.values()}
        here = [id for id, claim in self.claims.items() if id not in ran and not absent(claim.needs)]
        return f"{len(here)} claims were left out, {here[0]} among them" if here else ""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.line:
            terminalreporter.write_line(self.line, red=self.line.startswith("no record"))


def absent(needs: str | None) -> bool:
    """Whether a library that a claim needs is not installed."""
    return not all(map(roads.installed, listed(needs)))


def record_of(cases: list[Case]) -> roads.Record:
    """The record that cases make up."""
    versions = {"torch": version("torch").partition("+")[0]}
    for name in sorted(libraries()):
        try:
            versions[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue
    claims = {
        found.id: (
            found.word.lower(),
            len(found.ran),
            tuple(sorted({name for case in found.cases for name in case.why})),
        )
        for found in sorted(verdicts(cases), key=lambda found: natural(found.id))
    }
    return roads.Record(
        python=platform.python_version(),
        platform=f"{sys.platform} {platform.machine()}",
        versions=versions,
        claims=claims,
        cells=roads.cells_of(cases, versions),
    )
