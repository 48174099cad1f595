"""The options and hooks that show a run's verdicts in the terminal."""

import shlex
from collections.abc import Iterator

import pytest

from ..vocabulary.plugin import CLAIM, EXPECTED, spell
from . import recording, sentences, table
from .verdicts import NOT_RUN, STALE, Case, verdicts

CASE, WHY = "case", "why"
PACKAGE = __package__.rpartition(".")[0]
ANYWHERE = f"{PACKAGE}.anywhere"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("module state")
    group.addoption(
        "--claims", action="store_true", help="end with the claims as sentences, by chapter, each with its verdict"
    )
    recording.add_options(group)


def pytest_configure(config: pytest.Config) -> None:
    if wanted := config.getoption("expect_torch"):
        recording.check_torch(wanted)
    is_worker = hasattr(config, "workerinput")
    reporter = Reporter(config)
    if not is_worker:
        config.pluginmanager.register(reporter, "module-state-reporter")
        if trail := config.getoption("trail"):
            config.pluginmanager.register(recording.Trail(trail, reporter.cases), "module-state-trail")
    if config.getoption("record"):
        collected = recording.Collected(config)
        config.pluginmanager.register(collected, "module-state-collected")
        if not is_worker:
            recording.check_options(config)
            recorder = recording.Recorder(config, collected, reporter.cases)
            config.pluginmanager.register(recorder, "module-state-recorder")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if CLAIM in item.stash:
            item.user_properties.append((CASE, vars(case_of(item))))


def case_of(item: pytest.Function) -> Case:
    """The case that a collected claim is about to show."""
    claim = item.stash[CLAIM]
    params = item.callspec.params if hasattr(item, "callspec") else {}
    axes = {name: spell(value) for name, value in params.items() if name != "answer"}
    mark = item.get_closest_marker("answers")
    answers = [
        (question, kind, answer)
        for question in (mark.args if mark else ())
        for answer in ("yes", "no")
        for kind in mark.kwargs[answer]
        if kind == axes.get("kind", kind)
    ]
    mark = item.get_closest_marker("contrast")
    shown = (mark.args[0], *(axes[mark.kwargs[part]] for part in ("rows", "columns", "cell"))) if mark else None
    if mark:
        del axes[mark.kwargs["cell"]]
    device = next((params[name] for name in ("device", "real_device") if name in params), "cpu")
    device = next((params[name].device for name in ("move", "migration", "real_migration") if name in params), device)
    return Case(
        id=claim.id,
        sentence=claim.sentence,
        chapter=item.path.parent.name,
        terms=claim.terms,
        expected=item.stash.get(EXPECTED, claim.guard),
        device=device,
        axes=axes,
        answers=answers,
        contrast=shown,
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Let a failure begin with the sentence that it refutes and end with the command that shows it again."""
    report = yield
    if call.excinfo and CLAIM in item.stash:
        report.user_properties.extend((WHY, name) for name in reasons(call.excinfo.value))
    if report.failed and CLAIM in item.stash:
        case = case_of(item)
        shown = "".join(f"\n  {name}: {value}" for name, value in case.axes.items())
        report.longrepr = f"{case.id}  {case.sentence}{shown}\n\n{report.longrepr}\n\nRun it again: {command(item)}"
    return report


def reasons(error: BaseException) -> list[str]:
    """The name of an exception, or of each one in a group of them."""
    return [name for each in getattr(error, "exceptions", ()) for name in reasons(each)] or [type(error).__name__]


def command(item: pytest.Item) -> str:
    """The command that runs one case again."""
    config = item.config
    options = [f"--device={name}" for name in config.getoption("device")]
    options += [f"--require-device={name}" for name in config.getoption("require_device")]
    options += [f"--model={name}" for name in config.getoption("model")]
    configured = {ANYWHERE, *config.getini("addopts")}
    plugins = [f"-p {name}" for name in config.getoption("plugins") if name not in configured]
    program = PACKAGE if config.pluginmanager.has_plugin(ANYWHERE) else "pytest"
    return " ".join([f"python -m {program}", *plugins, *map(shlex.quote, [*options, item.nodeid])])


class Reporter:
    """Gathers the cases of a run, also from the workers of pytest-xdist, and shows what they say."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.cases: dict[str, Case] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for name, value in item.user_properties:
                if name == CASE:
                    self.cases[item.nodeid] = Case(**value)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == CASE and (report.when == "call" or not report.passed):
                outcome = "excused" if hasattr(report, "wasxfail") else report.outcome
                why = tuple(text for key, text in report.user_properties if key == WHY)
                self.cases[report.nodeid] = Case(**{**value, "outcome": outcome, "why": why})

    @property
    def is_whole(self) -> bool:
        """Whether the cases of each claim were run, all of them: guards can be judged by nothing less."""
        option = self.config.option
        filtered = option.keyword or option.markexpr or any("[" in arg for arg in self.config.args)
        return not filtered and all(case.outcome != NOT_RUN for case in self.cases.values())

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
        if not self.cases:
            return
        if self.config.getoption("claims"):
            terminalreporter.section("claims")
            terminalreporter.write_line(sentences.to_text(verdicts(self.cases.values())))
            for title, contrasted in table.contrast_tables(self.cases.values()).items():
                terminalreporter.section(title)
                terminalreporter.write_line(table.to_text(contrasted))
        if any(case.answers for case in self.cases.values()):
            terminalreporter.section("what module state does with each kind")
            terminalreporter.write_line(table.to_text(table.answer_table(self.cases.values())))
        for line in self.stale():
            terminalreporter.write_line(line, red=True)
