"""The options that bring a backend's deviations and a user's own modules into a run."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..reporting import code
from ..reporting.files import write_whole
from ..reporting.plugin import WHY
from ..reporting.verdicts import DEVIATES, verdicts
from ..vocabulary.claim import HOLDS
from ..vocabulary.devices import BUILT_IN
from ..vocabulary.plugin import CLAIM, DEVICES, EXPECTED
from . import modules
from .deviations import Deviations, InvalidDeviations, concerns_a_backend, gap_report, read

FACTORIES = pytest.StashKey[tuple[modules.Factory, ...]]()
DEVIATIONS = pytest.StashKey[Deviations]()
OBSERVED = "observed"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("module state")
    group.addoption(
        "--model",
        action="append",
        default=[],
        metavar="PACKAGE.MODULE:FACTORY",
        help="also show what holds for every module on the one that this factory returns (repeatable)",
    )
    group.addoption(
        "--deviations",
        metavar="FILE",
        help="expect the claims that FILE lists to fail on this backend: 'CLAIM-ID  reason' on each line",
    )
    group.addoption(
        "--gap-report", metavar="FILE", help="write what is different on this backend, as Markdown for its README"
    )


def pytest_configure(config: pytest.Config) -> None:
    path, report = config.getoption("deviations"), config.getoption("gap_report")
    if report and not Path(report).absolute().parent.is_dir():
        raise pytest.UsageError(f"--gap-report: there is no folder {Path(report).parent}")
    try:
        config.stash[DEVIATIONS] = read(path) if path else Deviations()
        found = [modules.find(name) for name in dict.fromkeys(config.getoption("model"))]
    except (InvalidDeviations, modules.InvalidModel) as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[FACTORIES] = (*modules.TORCH_NN, *found)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(GapReporter(config), "module-state-gap-reporter")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "factory" in metafunc.fixturenames:
        metafunc.parametrize("factory", metafunc.config.stash[FACTORIES])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Expect the listed claims to deviate, in each case that may show what a backend does."""
    deviations = config.stash[DEVIATIONS]
    if not deviations.path:
        return
    claims = [item for item in items if CLAIM in item.stash]
    try:
        deviations.check({*code.claims(), *(item.stash[CLAIM].id for item in claims)})
    except InvalidDeviations as error:
        raise pytest.UsageError(str(error)) from None
    for item in claims:
        found = item.stash[CLAIM]
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if found.id in deviations.reasons and found.guard == HOLDS and concerns_a_backend(params):
            item.stash[EXPECTED] = DEVIATES


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Excuse the failure of a listed claim; that not all of its cases pass is checked at the end of the run."""
    report = yield
    if report.failed and item.stash.get(EXPECTED, HOLDS) == DEVIATES:
        report.outcome = "skipped"
        report.wasxfail = f"{DEVIATES}: {item.config.stash[DEVIATIONS].reasons[item.stash[CLAIM].id]}"
    return report


@pytest.fixture
def observe(request: pytest.FixtureRequest) -> Callable[[str, str, str], None]:
    """``observe(question, device, answer)`` notes what a backend does where torch leaves it a choice.

    The answer stands in the gap report, and beside the verdict in the record.
    """

    def note(question: str, device: str, answer: str) -> None:
        observed = {"question": question, "device": device, "answer": answer}
        request.node.user_properties.extend([(OBSERVED, observed), (WHY, answer)])

    return note


class GapReporter:
    """Gathers what a backend does, also from the workers of pytest-xdist, and says what is different."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.observed: dict[str, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == OBSERVED and report.when == "call":
                self.observed.setdefault(value["question"], {})[value["device"]] = value["answer"]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        cases = self.config.pluginmanager.get_plugin("module-state-reporter").cases.values()
        deviations = self.config.stash[DEVIATIONS]
        devices = self.config.stash[DEVICES]
        path = self.config.getoption("gap_report")
        if not cases or not (path or deviations.path or set(devices) - {*BUILT_IN}):
            return
        report = gap_report(verdicts(cases), deviations, self.observed, devices)
        terminalreporter.section("gap report")
        terminalreporter.write_line(report)
        if path:
            write_whole(path, report)
