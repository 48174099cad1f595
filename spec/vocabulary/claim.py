"""The claim marker, what it carries, and how it is read back from a test."""

import importlib.util
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import torch
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ..wording import sentence
from .kinds import Kind

TORCH = Version(Version(torch.__version__).base_version)
"""The release of torch that is installed; a nightly or release candidate counts as the release that it leads to."""

HOLDS, NOT_YET, NO_LONGER, KNOWN_BUG = "holds", "not yet", "no longer", "known bug"


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
) -> pytest.MarkDecorator:
    """Mark a test as the proof of one claim about module state.

    ``id`` is permanent, ``CHAPTER-NN``. ``source`` is the documented symbol the claim comes from, as it is imported:
    ``"torch.nn.Module.state_dict"``. A guard says on which releases of torch the claim does not hold: those older than
    ``since``, those from ``until`` on, or those in the version range ``broken`` (``">=2.1,<2.5"``) because of the
    issue ``bug`` (``"pytorch/pytorch#188166"``). There the test runs all the same and is expected to fail.
    """
    return pytest.mark.claim(id, source=source, since=since, until=until, bug=bug, broken=broken)


def answers(*questions: str, yes: tuple[Kind, ...] = (), no: tuple[Kind, ...] = ()) -> Callable[[Callable], Callable]:
    """Run a test on each kind in ``yes`` and ``no``, and let its verdicts answer ``questions`` in the answer table.

    The test takes ``kind``, and ``answer`` (a bool) too where both a yes and a no are to be shown. A test about a
    single kind takes neither.
    """
    if len(yes + no) == 1:
        cases = lambda test: test  # noqa: E731
    elif yes and no:
        cases = pytest.mark.parametrize(
            ("kind", "answer"),
            [pytest.param(kind, kind in yes, id=str(kind)) for kind in (*yes, *no)],
        )
    else:
        cases = pytest.mark.parametrize("kind", [*yes, *no])
    mark = pytest.mark.answers(*questions, yes=tuple(map(str, yes)), no=tuple(map(str, no)))
    return lambda test: mark(cases(test))


def contrast(title: str, *, rows: str, columns: str, cell: str) -> pytest.MarkDecorator:
    """Show the cases of a test as a table of their own: each argument names a parameter of the test.

    ``rows`` and ``columns`` say where a case stands in the table, and ``cell`` says what it shows there, such as
    ``"raises TypeError"``.
    """
    return pytest.mark.contrast(title, rows=rows, columns=columns, cell=cell)


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
        found = Claim(mark.args[0], sentence(name), **terms)
        guard = found.guard
    except (TypeError, InvalidVersion, InvalidSpecifier) as error:
        raise InvalidClaim(f"{name}: claim {mark.args[0]} has a guard that can't be read: {error}") from error
    if guard != NOT_YET and not resolves(found.source):
        raise InvalidClaim(
            f"{name}: the source {found.source!r} of claim {found.id} is not in torch {torch.__version__}; "
            'a source is a documented symbol such as "torch.nn.Module.state_dict"'
        )
    return found


def resolves(source: str) -> bool:
    """Whether the installed torch has the dotted name ``source``.

    A module that torch has not imported by itself is read and not imported: that could take longer than all claims.
    """
    module, _, rest = source.partition(".")
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
    text = Path(spec.origin).read_text(encoding="utf-8")
    return all(re.search(rf"\b{name}\b", text) for name in names[1:])
