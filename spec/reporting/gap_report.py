"""The gap report: what a backend does differently, as Markdown for its README."""

from collections.abc import Iterable

import pytest
import torch

from .. import evidence
from ..engine.collection import DEVIATIONS, DEVICES
from ..engine.deviations import Deviations
from ..engine.fixtures import OBSERVED
from ..vocabulary.devices import BUILT_IN
from .files import write_whole
from .verdicts import DEVIATES, FAILS, HOLDS, NOT_RUN, Case, Verdict, verdicts

DIFFERENT = {
    (evidence.DOCUMENTED,): "what PyTorch's documentation promises",
    (evidence.OBSERVED, evidence.CONTRADICTED): "what torch does and its documentation doesn't promise",
}
"""A backend that breaks a promise is another matter than one that does otherwise where none was made."""


class GapReporter:
    """Gathers what a backend does, also from the workers of pytest-xdist, and says what is different."""

    def __init__(self, config: pytest.Config, cases: dict[str, Case]):
        self.config = config
        self.cases = cases
        self.observed: dict[str, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == OBSERVED and report.when == "call":
                self.observed.setdefault(value["question"], {})[value["device"]] = value["answer"]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        deviations = self.config.stash[DEVIATIONS]
        devices = self.config.stash[DEVICES]
        path = self.config.getoption("gap_report")
        if not self.cases or not (path or deviations.path or set(devices) - {*BUILT_IN}):
            return
        report = gap_report(verdicts(self.cases.values()), deviations, self.observed, devices)
        terminalreporter.section("gap report")
        terminalreporter.write_line(report)
        if path:
            write_whole(path, report)


def gap_report(
    found: Iterable[Verdict], deviations: Deviations, observed: dict[str, dict[str, str]], devices: Iterable[str]
) -> str:
    """What is different on ``devices``, as Markdown: for the README of a backend.

    ``observed`` says what the backend does where torch leaves it a choice: ``{question: {device: answer}}``.
    """
    found = list(found)
    holding = sum(verdict.word == HOLDS for verdict in found)
    differing = [verdict for verdict in found if verdict.word == DEVIATES]
    failing = [verdict for verdict in found if verdict.word == FAILS]
    silent = sum(verdict.word == NOT_RUN for verdict in found)
    broken = sum(evidence.standing(verdict.id, torch.__version__) == evidence.DOCUMENTED for verdict in differing)
    promised = f", {broken} of them from what is documented" if broken else ""
    counts = [f"{holding} claims hold", f"{len(differing)} deviate as listed{promised}"]
    counts += [f"{len(failing)} fail and are not listed"] if failing else []
    counts += [f"{silent} were not run"] if silent else []
    parts = [f"### Module state on {', '.join(devices)} (torch {torch.__version__})", ", ".join(counts) + "."]
    rows = [(verdict, deviations.reasons[verdict.id]) for verdict in differing]
    rows += [(verdict, "**fails, and is not listed**") for verdict in failing]
    for standings, heading in DIFFERENT.items():
        lines = [
            f"| {verdict.id} | {verdict.sentence} | {reason} |"
            for verdict, reason in rows
            if evidence.standing(verdict.id, torch.__version__) in standings
        ]
        if lines:
            parts.append("\n".join([f"| claim | {heading} | what is different here |", "| --- | --- | --- |", *lines]))
    if observed:
        lines = [
            f"| {question} | {'; '.join(f'{device}: {answer}' for device, answer in sorted(answers.items()))} |"
            for question, answers in sorted(observed.items())
        ]
        parts.append("\n".join(["| left to the backend | what is done here |", "| --- | --- |", *lines]))
    return "\n\n".join(parts) + "\n"
