"""The hooks that gather a run's verdicts and show them in the terminal."""

from dataclasses import replace

import pytest
import torch

from ..engine.cases import CASE, CAUSE, CRASHED, CUT_SHORT, WHY
from ..engine.collection import ABSENT
from ..engine.lacking import LEFT_OUT
from . import answer_table, recording, roads, roads_recording, sentences
from .gap_report import GapReporter
from .layout import to_text
from .verdicts import NOT_RUN, STALE, TIMED_OUT, Case, verdicts


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")
    reporter = Reporter(config)
    if not is_worker:
        config.pluginmanager.register(reporter, "module-state-reporter")
        config.pluginmanager.register(GapReporter(config, reporter.cases), "module-state-gap-reporter")
        if config.getoption("record_roads"):
            recorder = roads_recording.Recorder(config, reporter.cases)
            config.pluginmanager.register(recorder, "module-state-roads-recorder")
    if config.getoption("record"):
        collected = recording.Collected(config)
        config.pluginmanager.register(collected, "module-state-collected")
        if not is_worker:
            recorder = recording.Recorder(config, collected, reporter.cases)
            config.pluginmanager.register(recorder, "module-state-recorder")


class Reporter:
    """Gathers the cases of a run, also from the workers of pytest-xdist, and shows what they say."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.cases: dict[str, Case] = {}
        self.deselected: list[Case] = []

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.deselected += [case for item in items if (case := case_in(item.user_properties))]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            if case := case_in(item.user_properties):
                self.cases[item.nodeid] = case

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        case = case_in(report.user_properties)
        if case and (report.when == "call" or not report.passed):
            outcome = "excused" if hasattr(report, "wasxfail") else report.outcome
            said = {key: text for key, text in report.user_properties if isinstance(text, str)}
            if LEFT_OUT in said:
                self.cases.pop(report.nodeid, None)
                return
            if CUT_SHORT in said:
                outcome = TIMED_OUT
            why = tuple(text for key, text in report.user_properties if key == WHY)
            ended = said.get(CRASHED) or said.get(CUT_SHORT) or ""
            self.cases[report.nodeid] = replace(case, outcome=outcome, why=why, cause=said.get(CAUSE, ""), ended=ended)

    @property
    def is_whole(self) -> bool:
        """Whether the cases of each claim were run, all of them: guards can be judged by nothing less."""
        filtered = self.deselected or any("[" in argument for argument in self.config.args)
        return not filtered and all(case.outcome not in (NOT_RUN, TIMED_OUT) for case in self.cases.values())

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.OK and self.stale():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def stale(self) -> list[str]:
        """A line for each guard and each listed deviation that hides nothing on this torch."""
        if not self.is_whole:
            return []
        return [
            f"{found.id}: the {found.excuse} is stale: {found.sentence!r} holds in all {len(found.excused)} cases here"
            for found in verdicts(self.cases.values())
            if found.word == STALE
        ]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        absent = self.config.stash[ABSENT]
        if absent:
            terminalreporter.write_line(roads.not_installed(absent))
        if not self.cases:
            return
        cases = [*self.cases.values(), *self.deselected]
        if self.config.getoption("claims"):
            terminalreporter.section("claims")
            terminalreporter.write_line(
                sentences.to_text(verdicts([*self.cases.values(), *absent]), str(torch.__version__))
            )
            for title, table, counted in answer_table.contrast_tables(cases):
                terminalreporter.section(f"{title}{counted}")
                terminalreporter.write_line(to_text(table))
        ran = any(case.outcome != NOT_RUN for case in self.cases.values())
        if ran and any(case.answers for case in self.cases.values()):
            counted = answer_table.counted(case for case in cases if case.answers)
            terminalreporter.section(f"what module state does with each kind{counted}")
            terminalreporter.write_line(to_text(answer_table.answer_table(cases)))
        if ran and any(case.roads for case in self.cases.values()):
            terminalreporter.section("what becomes of each kind of state on each road")
            terminalreporter.write_line(roads.to_text(roads.cells_of([*cases, *absent])))
        for line in self.stale():
            terminalreporter.write_line(line, red=True)


def case_in(properties: list[tuple[str, object]]) -> Case | None:
    """The case that the properties of an item or a report carry."""
    return next((Case(**value) for name, value in properties if name == CASE), None)
