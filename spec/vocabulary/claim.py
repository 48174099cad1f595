"""The claim marker, what it carries, and how it is read back from a test."""

import importlib.util
import inspect
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest
import torch
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ..facts import libraries
from ..wording import first_paragraph, sentence
from .kinds import Kind

TORCH = Version(Version(torch.__version__).base_version)
"""The release of torch that is installed; a nightly or release candidate counts as the release that it leads to."""

HOLDS, NOT_YET, NO_LONGER, KNOWN_BUG = "holds", "not yet", "no longer", "known bug"


PLUGIN = f"{__package__.rpartition('.')[0]}.engine.plugin"


class InvalidClaim(ValueError):
    """A claim that can't be read: its message says which test, what is wrong and what would be right."""


def claim(
    id: str,
    *,
    source: str,
    since: str | None = None,
    until: str | None = None,
    bug: str | None = None,
    broken: str | None = None,
    needs: str | None = None,
) -> pytest.MarkDecorator:
    """Mark a test as the proof of one claim about module state.

    ``id`` is permanent, ``CHAPTER-NN``. ``source`` is the documented symbol the claim comes from, as it is imported:
    ``"torch.nn.Module.state_dict"``. A guard says on which releases of torch the claim does not hold: those older than
    ``since``, those from ``until`` on, or those in the version range ``broken`` (``">=2.1,<2.5"``) because of the
    issue ``bug`` (``"pytorch/pytorch#188166"``). There the test runs all the same and is expected to fail.

    ``needs`` are the libraries besides torch that the claim is about, as in ``"safetensors"`` or ``"onnx,
    onnxruntime"``. Where one of them is not installed, the claim is not run.

    Raises CollectError where pytest collects the test and knows nothing of the specification, which would be a failure
    for each fixture and marker.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", pytest.PytestUnknownMarkWarning)
        try:
            mark = pytest.mark.claim
        except (pytest.PytestUnknownMarkWarning, pytest.fail.Exception):  # the latter from strict markers
            raise pytest.Collector.CollectError(f"pytest has not loaded the specification: say -p {PLUGIN}") from None
    return mark(id, source=source, since=since, until=until, bug=bug, broken=broken, needs=needs)


def answers(*questions: str, yes: tuple[Kind, ...] = (), no: tuple[Kind, ...] = ()) -> Callable[[Callable], Callable]:
    """Let the verdicts of a test answer ``questions`` in the answer table, for each kind in ``yes`` and ``no``.

    A test that takes ``kind`` is run on each of them; it takes ``answer`` (a bool) too where both a yes and a no are to
    be shown. One that doesn't shows in each of its cases all of them that the installed torch has.
    """

    def decorate(test: Callable) -> Callable:
        if "kind" not in inspect.signature(test).parameters:
            return mark(test, available(yes), available(no))
        if yes and no:
            cases = [pytest.param(kind, kind in yes, id=str(kind)) for kind in (*yes, *no)]
            return mark(pytest.mark.parametrize(("kind", "answer"), cases)(test), yes, no)
        return mark(pytest.mark.parametrize("kind", [*yes, *no])(test), yes, no)

    def mark(test: Callable, yes: Iterable[Kind], no: Iterable[Kind]) -> Callable:
        return pytest.mark.answers(*questions, yes=tuple(map(str, yes)), no=tuple(map(str, no)))(test)

    return decorate


def available(kinds: Iterable[Kind]) -> list[Kind]:
    """Those of ``kinds`` that the installed torch has."""
    return [*filter(is_available, kinds)]


def contrast(title: str, *, rows: str, columns: str, cell: str) -> pytest.MarkDecorator:
    """Show the cases of a test as a table of their own: each argument names a parameter of the test.

    ``rows`` and ``columns`` say where a case stands in the table, and ``cell`` says what it shows there, such as
    ``"raises TypeError"``.
    """
    return pytest.mark.contrast(title, rows=rows, columns=columns, cell=cell)


def road(name: str, **fates: tuple[type, ...]) -> Callable[[Callable], Callable]:
    """Run a test on kinds of state, and let its verdicts say in the road table what becomes of them on this road.

    ``kept=(AParameter, Tied)`` names them by what becomes of them: ``kept``, ``changed``, ``untied``, ``lost``,
    ``raises`` or ``reads_wrong``. The test takes ``kind``, and ``outcome`` too where they differ; a test about a single
    kind takes neither.
    """
    cells = [(kind, outcome.replace("_", " ")) for outcome, kinds in fates.items() for kind in kinds]
    if len(cells) == 1:
        cases = lambda test: test  # noqa: E731
    elif len(fates) == 1:
        cases = pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.KIND) for kind, _ in cells])
    else:
        ids = [kind.KIND for kind, _ in cells]
        cases = pytest.mark.parametrize(("kind", "outcome"), cells, ids=ids)
    mark = pytest.mark.road(name, cells=tuple((kind.KIND, outcome) for kind, outcome in cells))
    return lambda test: mark(cases(test))


def core(test: Callable) -> Callable:
    """Mark a claim as one of those that every user needs: ``pytest -m core`` runs exactly these."""
    return pytest.mark.core(test)


@dataclass(frozen=True)
class Claim:
    """What one test claims: the arguments of its marker and the sentence of its name."""

    id: str
    sentence: str
    source: str
    since: str | None = None
    until: str | None = None
    bug: str | None = None
    broken: str | None = None
    needs: str | None = None

    @cached_property
    def absent(self) -> tuple[str, ...]:
        """The libraries that it needs and that are not installed."""
        return tuple(name for name in listed(self.needs) if not is_installed(name))

    @cached_property
    def guard(self) -> str:
        """What is expected of it on the installed torch: ``holds``, ``not yet``, ``no longer`` or ``known bug``."""
        if self.since and Version(self.since) > TORCH:
            return NOT_YET
        if self.until and Version(self.until) <= TORCH:
            return NO_LONGER
        if self.broken and TORCH in SpecifierSet(self.broken):
            return KNOWN_BUG
        return HOLDS

    @cached_property
    def terms(self) -> str:
        """The guard as it is written, such as ``since=2.5``; empty for a claim without one."""
        named = {"since": self.since, "until": self.until, "bug": self.bug, "broken": self.broken}
        return ", ".join(f"{name}={value}" for name, value in named.items() if value)


def read(test: pytest.Function) -> Claim:
    """The claim of a collected test; raises InvalidClaim where there is none or where it is not well formed."""
    mark = test.get_closest_marker("claim")
    name = test.originalname
    if mark is None or len(mark.args) != 1 or not re.fullmatch(r"[A-Z]+-\d\d+", str(mark.args[0])):
        written = mark.args[0] if mark and mark.args else None
        raise InvalidClaim(f'{name}: a claim needs an id such as "SD-03", not {written!r}')
    terms = dict(mark.kwargs)
    if not isinstance(terms.get("source"), str):
        raise InvalidClaim(f'{name}: claim {mark.args[0]} needs a source such as "torch.nn.Module.state_dict"')
    if bool(terms.get("bug")) != bool(terms.get("broken")):
        raise InvalidClaim(f'{name}: claim {mark.args[0]} needs both or none of bug= and broken=">=2.1,<2.5"')
    try:
        found = Claim(mark.args[0], said(test.function), **terms)
        guard = found.guard
    except (TypeError, InvalidVersion, InvalidSpecifier) as error:
        raise InvalidClaim(f"{name}: claim {mark.args[0]} has a guard that can't be read: {error}") from error
    if unknown := [name for name in listed(found.needs) if name not in libraries()]:
        raise InvalidClaim(
            f"{name}: claim {found.id} needs {unknown[0]!r}, which is not among the libraries in "
            "spec/facts/libraries.json"
        )
    if guard != NOT_YET and not found.absent and not resolves(found.source):
        raise InvalidClaim(
            f"{name}: the source {found.source!r} of claim {found.id} is not in torch {torch.__version__}; "
            'a source is a documented symbol such as "torch.nn.Module.state_dict"'
        )
    return found


def said(function: Callable) -> str:
    """The sentence of a claim: the first paragraph of its docstring, or else what the name of the test spells."""
    return first_paragraph(inspect.getdoc(function)) or sentence(function.__name__)


def is_available(value: object) -> bool:
    """Whether the installed torch has this kind or model."""
    since = getattr(value, "since", None)
    return not (isinstance(since, str) and Version(since) > TORCH)


def listed(needs: str | None) -> tuple[str, ...]:
    """The libraries in ``needs``, a list with commas."""
    return tuple(name.strip() for name in (needs or "").split(",") if name.strip())


@cache
def is_installed(library: str) -> bool:
    """Whether a library is installed, which is found without importing it."""
    return importlib.util.find_spec(libraries()[library].module) is not None


def resolves(source: str) -> bool:
    """Whether the installed torch, or a library that a claim may need, has the dotted name ``source``.

    A module that torch has not imported by itself is read and not imported: that could take longer than all claims.
    """
    module, _, rest = source.partition(".")
    if module in {library.module for library in libraries().values()}:
        return stands_in_a_library(source)
    found = torch if module == "torch" and rest else None
    names = rest.split(".")
    while names and hasattr(found, names[0]):
        module = f"{module}.{names[0]}"
        found = getattr(found, names.pop(0))
    if not names:
        return True
    spec = importlib.util.find_spec(f"{module}.{names[0]}") if inspect.ismodule(found) else None
    if spec is None:
        return False
    path, names = Path(spec.origin), names[1:]
    while names and (inner := path.with_name(f"{names[0]}.py")).exists() and path.name == "__init__.py":
        path, names = inner, names[1:]
    text = path.read_text(encoding="utf-8")
    return all(re.search(rf"\b{name}\b", text) for name in names)


def stands_in_a_library(source: str) -> bool:
    """Whether the module in a library that ``source`` names has the name after it; the library is not imported."""
    first, *names = source.split(".")
    spec = importlib.util.find_spec(first)
    if spec is None or spec.origin is None:
        return False
    file = Path(spec.origin)
    while names and file.name == "__init__.py":
        inner = [file.parent / names[0] / "__init__.py", file.parent / f"{names[0]}.py"]
        found = next((path for path in inner if path.exists()), None)
        if found is None:
            break
        file, names = found, names[1:]
    return not names or re.search(rf"\b{names[0]}\b", file.read_text(encoding="utf-8")) is not None
