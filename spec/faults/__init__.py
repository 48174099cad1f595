"""torch, broken one rule at a time.

A fault is a function that stands in the place of one of torch's and breaks one rule of it. Its sentence says what a
user would see: the first paragraph of its docstring, or else its name. ``pytest --fault NAME`` runs the specification
against one of them.
"""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import pytest
from packaging.version import Version

from ..facts import chapters
from ..reporting.catalogue import claims
from ..vocabulary.claim import HOLDS, TORCH, Claim
from ..wording import first_paragraph, sentence


class UnknownFault(ValueError):
    """A fault that doesn't exist, or not for the installed torch; its message names the nearest ones."""


@dataclass(frozen=True)
class Fault:
    """torch with one rule broken.

    ``name`` is what ``--fault`` takes, ``refutes`` are the ids of the claims that it is aimed at, and ``breaks`` the
    dotted names of what ``function`` takes the place of; where there are none, ``function(patch)`` breaks torch by
    itself. ``since`` and ``until`` are the releases between which it does, where its claims don't tell.
    """

    name: str
    chapter: str
    refutes: tuple[str, ...]
    function: Callable
    since: str | None = None
    until: str | None = None
    breaks: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What a user of the broken torch would see."""
        return first_paragraph(self.function.__doc__) or sentence(self.function.__name__)

    @property
    def applies(self) -> bool:
        """Whether the installed torch has the rule that this fault breaks."""
        if self.since or self.until:
            return Claim(self.name, "", "", self.since, self.until).guard == HOLDS
        targets = [claim for claim in self.targets if not claim.absent]
        return not self.targets or any(claim.guard == HOLDS for claim in targets)

    @property
    def targets(self) -> list[Claim]:
        """The claims that this fault is aimed at."""
        return [claim for id in self.refutes if (claim := known(id))]

    @contextmanager
    def injected(self) -> Iterator[None]:
        """Break torch, and mend it completely afterwards."""
        with pytest.MonkeyPatch.context() as patch:
            for target in self.breaks:
                replace(patch, target, self.function)
            if not self.breaks:
                self.function(patch)
            yield


FAULTS: dict[str, Fault] = {}


def fault(
    *refutes: str, breaks: str | tuple[str, ...] = (), since: str | None = None, until: str | None = None
) -> Callable[[Callable], Callable]:
    """Register the function below as a fault that is aimed at the claims ``refutes``.

    It takes the place of ``breaks``, such as ``"torch.nn.Module.to"``, of several in turn, or of the getter of a
    property: it is called with what stood there, and then the arguments. Without ``breaks`` it is called once, with a
    ``pytest.MonkeyPatch``, and breaks torch by itself. It is for the releases on which one of ``refutes`` holds, unless
    ``since`` and ``until`` say otherwise.
    """

    def register(function: Callable) -> Callable:
        name = function.__name__.replace("_", "-")
        chapter = function.__module__.split(".")[-2]
        if name in FAULTS:
            raise ValueError(f"fault {name} is defined twice, in {FAULTS[name].chapter} and in {chapter}")
        places = (breaks,) if isinstance(breaks, str) else breaks
        FAULTS[name] = Fault(name, chapter, refutes, function, since, until, places)
        return function

    return register


def replace(patch: pytest.MonkeyPatch, target: str, broken: Callable) -> None:
    """Let ``broken(original, ...)`` stand where the dotted name ``target`` leads to.

    A special method that is not there yet, such as ``__copy__``, has None as its original.
    """
    path, _, name = target.rpartition(".")
    owner = pkgutil.resolve_name(path)
    found = inspect.getattr_static(owner, name, None)
    if found is None and not name.startswith("__"):
        raise AttributeError(f"there is no {target} to break")
    if isinstance(found, staticmethod | classmethod):
        new = type(found)(instead_of(found.__func__, broken))
    elif isinstance(found, property):
        new = property(instead_of(found.fget, broken), found.fset, found.fdel)
    elif inspect.isgetsetdescriptor(found):
        new = property(instead_of(found.__get__, broken), found.__set__, found.__delete__)
    else:
        new = instead_of(found, broken)
    patch.setattr(owner, name, new, raising=False)


def instead_of(original: Callable | None, broken: Callable) -> Callable:
    """A function that calls ``broken`` with ``original`` and its arguments, and is named like ``original``."""

    def replaced(*args, **kwargs):
        return broken(original, *args, **kwargs)

    for name in ("__module__", "__name__", "__qualname__"):  # what is pickled by its name stays so
        setattr(replaced, name, getattr(original, name, None) or getattr(broken, name))
    signature = inspect.signature(broken, follow_wrapped=False)
    replaced.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])
    return replaced


@cache
def known(id: str) -> Claim | None:
    """The claim ``id`` as it stands in the code, which tells on which releases it holds."""
    written = claims().get(id)
    return written and Claim(id, written.sentence, written.source, **written.terms, needs=written.needs)


def all_faults() -> dict[str, Fault]:
    """Every fault by its name, chapter by chapter; a chapter may have none yet."""
    written = {package.name for package in pkgutil.iter_modules(__path__) if package.ispkg}
    for chapter in (name for name in chapters() if name in written):
        package = importlib.import_module(f"{__name__}.{chapter}")
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return FAULTS


def find(name: str) -> Fault:
    """The fault called ``name``; raises UnknownFault where there is none, or none for the installed torch."""
    found = all_faults().get(name)
    if found is None:
        near = ", ".join(difflib.get_close_matches(name, FAULTS, cutoff=0.3)) or "see --fault list"
        raise UnknownFault(f"there is no fault {name!r}; nearest: {near}")
    if not found.applies:
        if found.since or found.until:
            terms = f"since {found.since}" if found.since and Version(found.since) > TORCH else f"until {found.until}"
            raise UnknownFault(f"fault {name!r} breaks a rule that torch has {terms}, and this is torch {TORCH}")
        if absent := [name for claim in found.targets for name in claim.absent]:
            raise UnknownFault(f"fault {name!r} breaks a rule of {absent[0]}, which is not installed")
        aims = ", ".join(f"{claim.id} ({claim.terms})" for claim in found.targets)
        raise UnknownFault(f"fault {name!r} is aimed at {aims}, and on torch {TORCH} none of it holds")
    return found
