"""Running the specification against a broken torch, and the proof that every claim can fail."""

from collections.abc import Iterator
from contextlib import closing

import hypothesis
import pytest

from ..facts import chapters
from ..faults import Fault, UnknownFault, all_faults, find
from ..reporting.files import write_whole
from . import proof
from .broken import broken
from .cases import CASE, CLAIM
from .options import is_proof

FAULT = pytest.StashKey[Fault | None]()
SHORTCOMINGS = pytest.StashKey[list[str]]()


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    if config.getoption("fault") != "list":
        return None
    for found in all_faults().values():
        print(f"{found.name}: {found.sentence} ({', '.join(found.refutes)})")
    return 0


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    name = config.getoption("fault")
    config.stash[FAULT] = None
    if name and name != "list":
        try:
            config.stash[FAULT] = find(name)
        except UnknownFault as error:
            raise pytest.UsageError(str(error)) from None
    if is_proof(config):
        config.option.hypothesis_profile = "refutation"


def pytest_report_header(config: pytest.Config) -> list[str]:
    found = config.stash[FAULT]
    return [f"!!! TORCH IS BROKEN ON PURPOSE: {found.sentence} (--fault {found.name}) !!!"] if found else []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    config = session.config
    if is_proof(config) and not session.testsfailed:
        prove(session)
    found = config.stash[FAULT]
    with broken(found.name if found else None):
        return (yield)


def prove(session: pytest.Session) -> None:
    """Run every fault and say what it refutes; the ordinary run that follows shows that torch is whole."""
    config = session.config
    show = config.get_terminal_writer()
    items = [item for item in session.items if CLAIM in item.stash]
    in_chapters = {item.path.parent.name for item in items}
    known = proof.ids(items)
    claims = {item.stash[CLAIM].id: item.stash[CLAIM] for item in proof.refutable(items)}
    if not claims:
        raise pytest.UsageError("there is nothing to prove: no claim was collected that holds on this torch")
    faults = [found for found in all_faults().values() if found.applies and not claims.keys().isdisjoint(found.refutes)]
    show.line()
    found = []
    table = config.getoption("faults_table")
    is_whole = in_chapters >= {name for name, chapter in chapters().items() if not chapter.apart}
    choice = proof.everything if table else proof.concerned if is_whole else proof.aimed_at
    with closing(proof.refutations(session, faults, items, choice)) as runs:
        for run in runs:
            found.append(run)
            outcome = run.trouble or ", ".join(sorted(run.refuted))
            show.line(f"[{len(found)}/{len(faults)}] {run.fault.name}: {outcome}")
    found.sort(key=lambda run: faults.index(run.fault))
    lines = config.stash[SHORTCOMINGS] = proof.shortcomings(found, claims, known if is_whole else None)
    show.line(f"{len(faults)} faults, {len(claims)} claims, {len(lines)} shortcomings")
    if table:
        write_whole(table, proof.to_markdown(found, claims))
    for run in found:
        if not run.trouble:
            with run.fault.injected():
                pass


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.stash.get(SHORTCOMINGS, None) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Iterator[None]:
    """Say first what was refuted: before the failures, which say how."""
    found = config.stash[FAULT]
    if found:
        terminalreporter.section(f"refuted where {found.sentence[0].lower()}{found.sentence[1:].rstrip('.')}", red=True)
        cases = [
            value
            for report in terminalreporter.stats.get("failed", [])
            for name, value in report.user_properties
            if name == CASE
        ]
        refuted = {case["id"]: case["sentence"] for case in cases}
        for id, claimed in sorted(refuted.items()):
            terminalreporter.write_line(f"REFUTED  {id:<8}  {claimed}")
        if not refuted:
            terminalreporter.write_line("no claim was refuted")
    for line in config.stash.get(SHORTCOMINGS, []):
        terminalreporter.write_line(line, red=True)
    return (yield)


hypothesis.settings.register_profile(
    "refutation",
    hypothesis.settings.get_profile("claims"),
    max_examples=2,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
