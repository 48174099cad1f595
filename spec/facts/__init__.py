"""Facts that stand in one place, as data.

The chapters, the supported releases of torch, the ids that retired; and for readers the front door (which kind to use,
the core claims by question), the glossary, and the everyday words under which claims are searched.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Chapter:
    """A folder of claims; those of a ``heavy`` one need the compiler, which all others do without.

    One that is ``apart`` is about other tools than torch alone: it is run where it is named, and recorded apart.
    """

    name: str
    heavy: bool = False
    apart: bool = False


@dataclass(frozen=True)
class Release:
    """A minor release of torch that the specification supports: its last patch release, and what to install beside."""

    minor: str
    patch: str
    python: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Library:
    """A library that claims need: the module that it is imported as, and the version that the committed record has."""

    name: str
    module: str
    version: str
    light: bool = False
    torch: str = ""


@dataclass(frozen=True)
class Road:
    """A row of the road table: a way out of a module and back, the libraries on it, and what can't be asked there.

    ``how`` is the way as code, and ``unasked`` says by kind of state why there is nothing to ask.
    """

    name: str
    how: str
    needs: tuple[str, ...] = ()
    unasked: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Retired:
    """Why no claim has an id, and the claim that says the same now, if there is one."""

    successor: str | None
    why: str


@dataclass(frozen=True)
class Choice:
    """A line of *which one do I use?*: what one needs, what to use for it, and the claims that say so."""

    need: str
    use: str
    claims: tuple[str, ...]


def load(name: str) -> object:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@cache
def chapters() -> dict[str, Chapter]:
    """The chapters by name, in the order in which a user meets them."""
    return {each["name"]: Chapter(**each) for each in load("chapters.json")}


@cache
def libraries() -> dict[str, Library]:
    """The libraries that claims may need, by the names of their distributions."""
    return {each["name"]: Library(**each) for each in load("libraries.json")}


@cache
def roads() -> dict[str, Road]:
    """The rows of the road table by their names, in the order in which they are shown."""
    return {each["name"]: Road(**{**each, "needs": tuple(each.get("needs", ()))}) for each in load("roads.json")}


@cache
def releases() -> tuple[Release, ...]:
    """The supported releases, oldest first."""
    return tuple(Release(**{**each, "beside": tuple(each.get("beside", ()))}) for each in load("releases.json"))


@cache
def retired() -> dict[str, Retired]:
    """The ids that no claim has any more, or never had; in the file, ``SD-32..SD-101`` stands for all between them."""
    found = {}
    for written, entry in load("retired.json").items():
        found.update(dict.fromkeys(between(written), Retired(**entry)))
    return found


@cache
def choices() -> tuple[Choice, ...]:
    """Which kind of state to use for what, in the order in which a reader asks."""
    return tuple(Choice(**{**each, "claims": tuple(each["claims"])}) for each in load("front_door.json")["choices"])


@cache
def questions() -> dict[str, tuple[str, ...]]:
    """The core claims by the question that they answer; ``pytest -m core`` runs exactly these."""
    return {question: tuple(ids) for question, ids in load("front_door.json")["questions"].items()}


@cache
def glossary() -> dict[str, str]:
    """The terms of the specification, each with what it means."""
    return load("glossary.json")


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """Everyday words in small letters, each with the words and the ids of claims that a search for it finds as well."""
    return {word: tuple(others) for word, others in load("synonyms.json")["words"].items()}


@cache
def unasked() -> frozenset[str]:
    """The words of a question that a search passes over."""
    return frozenset(load("synonyms.json")["unasked"])


def between(written: str) -> list[str]:
    """The ids that a key of the file stands for."""
    span = re.fullmatch(r"([A-Z]+)-(\d+)\.\.\1-(\d+)", written)
    if span is None:
        return [written]
    return [f"{span[1]}-{number:02}" for number in range(int(span[2]), int(span[3]) + 1)]


def current(id: str) -> str | None:
    """The id under which a rule stands now: that of its last successor, or its own; ``None`` where there is none."""
    while id in retired():
        successor = retired()[id].successor
        if successor is None:
            return None
        id = successor
    return id
