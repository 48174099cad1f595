"""torch, broken one rule at a time.

A fault is a function that takes a ``pytest.MonkeyPatch`` and breaks one rule of torch with it; its name is the sentence
that says what a user would see. ``pytest --fault NAME`` runs the specification against one of them.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from packaging.version import Version

from ..vocabulary.chapters import CHAPTERS
from ..vocabulary.claim import TORCH, sentence


class UnknownFault(ValueError):
    """A fault that doesn't exist, or not for the installed torch; its message names the nearest ones."""


@dataclass(frozen=True)
class Fault:
    """torch with one rule broken.

    ``name`` is what ``--fault`` takes, ``refutes`` are the ids of the claims that it is aimed at, ``since`` and
    ``until`` are the releases of torch between which the rule exists, and ``inject(patch)`` breaks it.
    """

    name: str
    chapter: str
    refutes: tuple[str, ...]
    inject: Callable[[pytest.MonkeyPatch], None]
    since: str | None = None
    until: str | None = None

    @property
    def sentence(self) -> str:
        """What a user of the broken torch would see."""
        return sentence(self.inject.__name__)

    @property
    def applies(self) -> bool:
        """Whether the installed torch has the rule that this fault breaks."""
        return not (self.since and Version(self.since) > TORCH) and not (self.until and Version(self.until) <= TORCH)

    @contextmanager
    def injected(self) -> Iterator[None]:
        """Break torch, and mend it completely afterwards."""
        with pytest.MonkeyPatch.context() as patch:
            self.inject(patch)
            yield


FAULTS: dict[str, Fault] = {}


def fault(*refutes: str, since: str | None = None, until: str | None = None) -> Callable:
    """Register the function below as a fault that is aimed at the claims ``refutes``."""

    def register(inject: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
        name = inject.__name__.replace("_", "-")
        chapter = inject.__module__.split(".")[-2]
        if name in FAULTS:
            raise ValueError(f"fault {name} is defined twice, in {FAULTS[name].chapter} and in {chapter}")
        FAULTS[name] = Fault(name, chapter, refutes, inject, since, until)
        return inject

    return register


def all_faults() -> dict[str, Fault]:
    """Every fault by its name, chapter by chapter."""
    for chapter in CHAPTERS:
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
        terms = f"since {found.since}" if found.since and Version(found.since) > TORCH else f"until {found.until}"
        raise UnknownFault(f"fault {name!r} breaks a rule that torch has {terms}, and this is torch {TORCH}")
    return found
