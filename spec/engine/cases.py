"""A case: one claim over one choice of parameters, what is expected of it, and what its report says."""

import re
import shlex
from collections.abc import Iterator

import pytest
import torch

from ..facts import chapters
from ..reporting.verdicts import DEVIATES, Case
from ..vocabulary.claim import HOLDS, Claim, listed
from .axes import concerns_a_backend, device_of
from .deviations import Deviations
from .telling import between, in_one_line

PACKAGE = __package__.rpartition(".")[0]
INSTALLED = f"{__package__}.installed"
CLAIM = pytest.StashKey[Claim]()
SHOWN = pytest.StashKey[Case]()
CASE, WHY, CAUSE, CRASHED = "case", "why", "cause", "crashed"
"""The properties of a report that carry the case, why it went as it did, the error, and how its process ended."""
CUT_SHORT = "timed out"
"""The outcome of a case that was ended for its time: neither torch's success nor its failure."""


def spell(value: object) -> str | None:
    """How a parameter is written in test ids and in claims; ``None`` for what only pytest can spell."""
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, torch.Tensor):
        return None
    return getattr(value, "KIND", None) or getattr(value, "__name__", None) or str(value)


def told_by(item: pytest.Item, name: str, value: object) -> str:
    """How a parameter of a test reads where its claim is shown: by its id where it says nothing by itself."""
    spelled = spell(value)
    if spelled is None or spelled in ("", "<lambda>") or "\n" in spelled:
        return given_id(item, name, value) or ("(empty)" if spelled == "" else type(value).__name__)
    return spelled


def given_id(item: pytest.Item, name: str, value: object) -> str | None:
    """The id that ``parametrize`` gives to a value, by ``pytest.param`` or by ``ids``, if it does."""
    for mark in item.iter_markers("parametrize"):
        names, values, *_ = mark.args
        names = names.replace(" ", "").split(",") if isinstance(names, str) else list(names)
        ids = mark.kwargs.get("ids")
        if names != [name]:
            continue
        for index, each in enumerate(values):
            marked = isinstance(each, type(pytest.param()))
            if (each.values[0] if marked else each) is value:
                return (each.id if marked else None) or (ids[index] if isinstance(ids, list | tuple) else None)
    return None


def params_of(item: pytest.Item) -> dict[str, object]:
    """The parameters of a test by name."""
    return item.callspec.params if hasattr(item, "callspec") else {}


def expectation(claim: Claim, params: dict[str, object], deviations: Deviations) -> str:
    """What is expected of a case: ``holds``, or the reason for which it may fail.

    That is the guard of its claim, or else a listed deviation, in each case that may show what a backend does.
    """
    listed = claim.id in deviations.reasons and claim.guard == HOLDS
    return DEVIATES if listed and concerns_a_backend(params) else claim.guard


def case_of(item: pytest.Function, deviations: Deviations) -> Case:
    """The case that a collected claim is about to show."""
    claim, params = item.stash[CLAIM], params_of(item)
    axes = {name: told_by(item, name, value) for name, value in params.items() if name != "answer"}
    mark = item.get_closest_marker("answers")
    answers = [
        (question, kind, answer)
        for question in (mark.args if mark else ())
        for answer in ("yes", "no")
        for kind in mark.kwargs[answer]
        if kind == axes.get("kind", kind)
    ]
    roads = [
        (mark.args[0], kind, outcome)
        for mark in item.iter_markers("road")
        for kind, outcome in mark.kwargs["cells"]
        if kind == axes.get("kind", kind)
    ]
    if roads:
        axes.pop("outcome", None)
    mark = item.get_closest_marker("contrast")
    shown = (mark.args[0], *(axes[mark.kwargs[part]] for part in ("rows", "columns", "cell"))) if mark else None
    if mark:
        del axes[mark.kwargs["cell"]]
    return Case(
        id=claim.id,
        sentence=claim.sentence,
        chapter=item.path.parent.name,
        terms=claim.terms,
        expected=expectation(claim, params, deviations),
        device=device_of(params),
        axes=axes,
        answers=answers,
        contrast=shown,
        core=item.get_closest_marker("core") is not None,
        roads=roads,
        needs=listed(claim.needs),
        backend=concerns_a_backend(params),
    )


def note(item: pytest.Item, case: Case) -> None:
    """Let a test show a case."""
    item.stash[SHOWN] = case
    item.user_properties.append((CASE, vars(case)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    report = yield
    if SHOWN in item.stash:
        if call.excinfo:
            report.user_properties.extend((WHY, name) for name in names(call.excinfo.value))
            report.user_properties.append((CAUSE, first_line(call.excinfo.value)))
        if report.failed:
            told(report, item)
    return report


def told(report: pytest.TestReport, item: pytest.Item) -> None:
    """Excuse a failure that was expected; let any other begin with the sentence and end with how to see it again.

    That not all cases of an excused claim pass is judged at the end of the run.
    """
    case = item.stash[SHOWN]
    if case.expected != HOLDS:
        report.outcome = "skipped"
        why = ", ".join(text for name, text in report.user_properties if name == WHY)
        report.wasxfail = f"{case.expected} ({case.terms or 'listed'}): {why}"
        return
    shown = "".join(f"\n  {name}: {value}" for name, value in case.axes.items())
    tell(report, item, f"{case.id}  {case.sentence}{shown}")


def tell(report: pytest.TestReport, item: pytest.Item, heading: str) -> None:
    """Show a failure below ``heading``, and above the command that shows it again; or in a line (``--tb=line``)."""
    cause = next(text for name, text in reversed(report.user_properties) if name == CAUSE)
    place = (str(item.path), (item.location[1] or 0) + 1)
    report.longrepr = between(heading, report.longrepr, f"Run it again: {command(item)}", cause, place)
    if item.config.getoption("tbstyle", "auto") == "line":
        report.longrepr = in_one_line(report.longrepr)


def names(error: BaseException) -> list[str]:
    """The name of an exception, or of each one in a group of them."""
    return [name for each in getattr(error, "exceptions", ()) for name in names(each)] or [type(error).__name__]


def first_line(error: BaseException) -> str:
    """What an exception, or the first one in a group of them, says in its first line."""
    while inner := getattr(error, "exceptions", ()):
        error = inner[0]
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {said}".removesuffix(": ")


def command(item: pytest.Item) -> str:
    """The command that shows the claim of a case again."""
    config = item.config
    options = [f"--device={name}" for name in config.getoption("device")]
    options += [f"--require-device={name}" for name in config.getoption("require_device")]
    model = str(params_of(item).get("factory"))
    brought = model in config.getoption("model")
    options += [f"--model={model}"] if brought else []
    configured = {INSTALLED, *config.getini("addopts")}
    plugins = [f"-p {name}" for name in config.getoption("plugins") if name not in configured]
    id = item.stash[CLAIM].id
    program, named = (PACKAGE, [id]) if config.pluginmanager.has_plugin(INSTALLED) else ("pytest", ["-k", id])
    if brought and re.fullmatch(r"[\w.:]+", model):  # arguments are more than -k understands
        id = f"{id} and {model}"
        named = ["-k", id]
    chapter = chapters().get(item.path.parent.name)
    if chapter and chapter.apart:
        named = [chapter.name if program == PACKAGE else f"spec/{chapter.name}", "-k", id]
    return " ".join([f"python -m {program}", *plugins, *map(shlex.quote, [*options, *named])])


def without_an_answer(item: pytest.Item, how: str, why: str, outcome: str = "failed") -> pytest.TestReport:
    """The report of a case that ended its process, or that was ended."""
    said = how.strip().splitlines()[-1]
    ended = CUT_SHORT if outcome == CUT_SHORT else CRASHED
    properties = [*item.user_properties, (WHY, why), (CAUSE, said), (ended, said)]
    report = pytest.TestReport(item.nodeid, item.location, {}, "failed", how, "call", user_properties=properties)
    if outcome != CUT_SHORT:
        told(report, item)
    else:
        tell(report, item, f"{item.stash[SHOWN].id}  {item.stash[SHOWN].sentence}")
    return report
