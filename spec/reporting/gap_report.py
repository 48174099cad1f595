"""The gap report: what a backend does differently, as Markdown for its README or JSON, and deviations as a draft."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
import torch

from .. import __version__, evidence
from ..engine.collection import DEVIATIONS, DEVICES
from ..engine.deviations import Deviations
from ..engine.fixtures import OBSERVED
from ..vocabulary.devices import BUILT_IN
from .files import write_whole
from .verdicts import DEVIATES, FAILS, HOLDS, NOT_RUN, SILENT, TIMED_OUT, Case, Verdict, verdicts

SCHEMA = 1
LONGEST = 120
DIFFERENT = {
    (evidence.DOCUMENTED,): "what PyTorch's documentation promises",
    (evidence.OBSERVED, evidence.CONTRADICTED): "what torch does and its documentation doesn't promise",
}
"""A backend that breaks a promise is another matter than one that does otherwise where none was made."""


@dataclass(frozen=True)
class Claim:
    """A claim in which a backend differs; ``elsewhere`` if it fails on cpu or meta too, which no deviation excuses."""

    id: str
    sentence: str
    standing: str
    elsewhere: bool


@dataclass(frozen=True)
class Cause:
    """Why claims don't hold: the reason that a file of deviations gives, or else the first line of their error."""

    cause: str
    listed: bool
    claims: list[Claim]


@dataclass(frozen=True)
class Ended:
    """A case that ended its process, or that was ended for its time."""

    id: str
    axes: dict[str, str]
    how: str


@dataclass(frozen=True)
class Gaps:
    """What is different on ``devices``.

    ``counts`` are the numbers of claims by verdict, ``observed`` is what is done where torch leaves a choice, by
    question and device. As JSON, it has the fields of ``gap_report.schema.json``.
    """

    spec: str
    torch: str
    devices: list[str]
    counts: dict[str, int]
    causes: list[Cause]
    ended: list[Ended]
    observed: dict[str, dict[str, str]]


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
        devices = self.config.stash[DEVICES]
        draft = self.config.getoption("draft_deviations")
        paths = self.config.getoption("gap_report")
        if set(devices) <= {*BUILT_IN}:
            for path in [*paths, *filter(None, [draft])]:
                terminalreporter.write_line(f"{path} was not written: {' and '.join(devices)} are no backend")
            return
        if all(case.outcome == NOT_RUN for case in self.cases.values()):
            return
        found = gaps(verdicts(self.cases.values()), self.config.stash[DEVIATIONS], self.observed, devices)
        terminalreporter.section("gap report")
        terminalreporter.write_line(to_markdown(found))
        texts = {path: to_json(found) if Path(path).suffix == ".json" else to_markdown(found) for path in paths}
        for path, text in (texts | ({draft: to_deviations(found)} if draft else {})).items():
            try:
                write_whole(path, text)
            except OSError as error:
                terminalreporter.write_line(f"{path} was not written: {error.strerror}", red=True)


def gaps(
    found: Iterable[Verdict], deviations: Deviations, observed: dict[str, dict[str, str]], devices: Iterable[str]
) -> Gaps:
    """What is different on ``devices``."""
    found = list(found)
    words = [verdict.word for verdict in found]
    version = str(torch.__version__)
    by_cause: dict[str, Cause] = {}
    for verdict in found:
        if verdict.word not in (DEVIATES, FAILS):
            continue
        listed = verdict.word == DEVIATES
        failed = [case for case in verdict.cases if case.outcome == "failed"]
        cause = deviations.reasons[verdict.id] if listed else shortened(failed[0].cause)
        claim = Claim(
            verdict.id,
            verdict.sentence,
            evidence.standing(verdict.id, version),
            not all(case.backend for case in failed),
        )
        by_cause.setdefault(alike(cause), Cause(cause, listed, [])).claims.append(claim)
    return Gaps(
        spec=__version__,
        torch=version,
        devices=list(devices),
        counts={word.lower(): words.count(word) for word in sorted(set(words))},
        causes=sorted(by_cause.values(), key=lambda each: -len(each.claims)),
        ended=[
            Ended(case.id, {name: str(value) for name, value in case.axes.items()}, case.ended)
            for verdict in found
            for case in verdict.cases
            if case.ended
        ],
        observed=observed,
    )


def shortened(line: str) -> str:
    """The first line of an error as far as it fits in a line of a table."""
    line = " ".join(line.split()) or "no error was seen"
    return line if len(line) <= LONGEST else f"{line[:LONGEST].rpartition(' ')[0]} ..."


def alike(cause: str) -> str:
    """What is the same in two causes that differ by numbers and addresses only."""
    return re.sub(r"0x[0-9a-f]+|[\d.]+", "#", cause)


def to_json(found: Gaps) -> str:
    return json.dumps({"schema": SCHEMA, **asdict(found)}, ensure_ascii=False, indent=1) + "\n"


def to_markdown(found: Gaps) -> str:
    """What is different, for the README of a backend."""
    parts = [f"### Module state on {', '.join(found.devices)} (torch {found.torch})", f"{counted(found)}."]
    for standings, heading in DIFFERENT.items():
        rows = [row for each in found.causes for row in rows_of(each, standings)]
        if rows:
            parts.append("\n".join([f"| what is different here | claim | {heading} |", "| --- | --- | --- |", *rows]))
    if found.ended:
        rows = [f"| {cell(spelled(case))} | {cell(case.how)} |" for case in found.ended]
        parts.append("\n".join(["| case without an answer | why |", "| --- | --- |", *rows]))
    if found.observed:
        rows = [
            f"| {question} | {'; '.join(f'{device}: {answer}' for device, answer in sorted(answers.items()))} |"
            for question, answers in sorted(found.observed.items())
        ]
        parts.append("\n".join(["| left to the backend | what is done here |", "| --- | --- |", *rows]))
    return "\n\n".join(parts) + "\n"


def counted(found: Gaps) -> str:
    """How many claims hold, and how many don't for how many causes."""
    listed = [claim for each in found.causes if each.listed for claim in each.claims]
    broken = sum(claim.standing == evidence.DOCUMENTED for claim in listed)
    promised = f", {broken} of them from what is documented" if broken else ""
    failing = found.counts.get(FAILS.lower(), 0)
    silent = sum(found.counts.get(word, 0) for word in SILENT if word != TIMED_OUT)
    late = found.counts.get(TIMED_OUT, 0)
    counts = [f"{found.counts.get(HOLDS, 0)} claims hold", f"{len(listed)} deviate as listed{promised}"]
    counts += [f"{failing} fail and are not listed"] if failing else []
    counts += [f"{late} timed out"] if late else []
    counts += [f"{silent} were not run"] if silent else []
    causes = len(found.causes)
    return ", ".join(counts) + (f": {causes} cause{'s'[: causes > 1]}" if causes else "")


def rows_of(cause: Cause, standings: tuple[str, ...]) -> list[str]:
    """The rows of a table for the claims of one cause, which stands in the first of them, with how many they are."""
    claims = [claim for claim in cause.claims if claim.standing in standings]
    said = cell(cause.cause) if cause.listed else f"**not listed**: {cell(cause.cause)}"
    first = f"{said} ({len(claims)} claims)" if len(claims) > 1 else said
    return [
        f"| {first if number == 0 else ''} | {claim.id} | {claim.sentence} |" for number, claim in enumerate(claims)
    ]


def spelled(case: Ended) -> str:
    """A case by its claim and what it ran over."""
    axes = ", ".join(f"{name}: {value}" for name, value in case.axes.items())
    return f"{case.id} ({axes})" if axes else case.id


def cell(text: str) -> str:
    """A text that is shown in a cell of a table as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def to_deviations(found: Gaps) -> str:
    """A file of deviations for the claims that fail and are not listed, each with the first line of its error."""
    lines = [
        f"# Drafted from a run on {', '.join(found.devices)} (torch {found.torch}).",
        "# Say behind each claim what the backend does instead, and take out what is a mistake that will be mended.",
    ]
    for standings, heading in DIFFERENT.items():
        part = []
        for each in found.causes:
            claims = [claim for claim in each.claims if claim.standing in standings and not each.listed]
            if claims:
                part += ["", f"# {len(claims)} claim{'s'[: len(claims) > 1]}: {each.cause}"]
                part += [
                    f"# {claim.id} fails on cpu or meta too, which is no deviation"
                    if claim.elsewhere
                    else f"{claim.id}  {each.cause}"
                    for claim in claims
                ]
        lines += ["", f"# {heading[0].upper()}{heading[1:]}:", *part] if part else []
    return "\n".join(lines) + "\n"
