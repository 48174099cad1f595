"""What PyTorch's documentation says about module state, sentence by sentence, and the claims that show it.

The map knows a sentence by the hash of its text and holds no text of PyTorch's. ``documented.json`` judges every
sentence of one release, ``later.json`` what later releases changed, ``symbols.json`` lists what is read. Known without
torch, so that reports can be made in an instant.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from packaging.version import Version

from .. import facts

FOLDER = Path(__file__).parent
DOCUMENTED, OBSERVED, CONTRADICTED = "documented", "observed", "contradicted"

COVERED, PART, MISSING, LEFT_OUT, ACCELERATOR, AGAINST, UNSPECIFIED, NOT_STATE, GONE = (
    "claims",
    "part",
    "missing",
    "left out",
    "accelerator",
    "contradicted",
    "unspecified",
    "not about state",
    "gone",
)
"""How a sentence is judged, in the words of the map."""

ABOUT_STATE = (COVERED, PART, MISSING, LEFT_OUT, ACCELERATOR, AGAINST, UNSPECIFIED)
WITHOUT_CLAIMS = (MISSING, LEFT_OUT, ACCELERATOR)
FIELDS = {
    COVERED: {COVERED, "note"},
    PART: {PART, MISSING},
    MISSING: {MISSING},
    LEFT_OUT: {LEFT_OUT},
    ACCELERATOR: {ACCELERATOR},
    AGAINST: {AGAINST, "erratum"},
    UNSPECIFIED: {UNSPECIFIED, "note"},
}
"""What an entry may say beside its judgement; the first that it has is the judgement."""


class UnreadableMap(ValueError):
    """A file of the map that can't be read: its message says where and what is wrong, in one line."""


@dataclass(frozen=True)
class Judgement:
    """What is known of one sentence.

    ``status`` is how it is judged, ``claims`` the ids that show what is said of it: that it is so, or for
    ``contradicted`` that it isn't, or for ``unspecified`` what it takes no promise for. ``note`` says in own words what
    is missing, why there is no claim, or what machine it wants; ``erratum`` names the script that shows the
    contradiction.
    """

    status: str
    claims: tuple[str, ...] = ()
    note: str = ""
    erratum: str | None = None


@dataclass(frozen=True)
class Map:
    """The judgements of each symbol's sentences, by symbol and hash in the order of the text, on one release."""

    release: str
    symbols: dict[str, dict[str, Judgement]]

    def __iter__(self) -> Iterator[tuple[str, str, Judgement]]:
        """Every sentence once, with the first symbol that has it."""
        seen = set()
        for symbol, said in self.symbols.items():
            for hash, judgement in said.items():
                if hash not in seen:
                    seen.add(hash)
                    yield symbol, hash, judgement

    def part(self, prefixes: tuple[str, ...]) -> "Map":
        """The part of the symbols whose names begin so; all of it where there are no ``prefixes``."""
        return Map(self.release, {name: said for name, said in self.symbols.items() if name.startswith(prefixes or "")})

    @cached_property
    def sentences(self) -> dict[str, Judgement]:
        return {hash: judgement for _, hash, judgement in self}


def standing(id: str, torch: str | None = None) -> str:
    """``documented``, ``observed`` or ``contradicted``: how the claim ``id`` stands to the documentation.

    *documented*: a sentence says so; *contradicted*: a sentence says otherwise; else *observed*. ``torch`` is the
    release that is asked about, such as ``"2.15.0"``, and without it the one that the map is made for. Of releases that
    are older than the map it says what the map says.
    """
    return standings(torch).get(facts.current(id) or id, OBSERVED)


@cache
def standings(torch: str | None = None) -> dict[str, str]:
    """The standing of every claim that is documented or contradicted; all others are observed."""
    judged = judgements(torch).sentences.values()
    ids = {status: {id for each in judged if each.status == status for id in each.claims} for status in ABOUT_STATE}
    documented = (ids[COVERED] | ids[PART]) - ids[UNSPECIFIED]
    return {**dict.fromkeys(documented, DOCUMENTED), **dict.fromkeys(ids[AGAINST], CONTRADICTED)}


@cache
def judgements(torch: str | None = None) -> Map:
    """What is known of the sentences of a release of torch: the map, and what was judged of later releases up to it."""
    found = documented()
    symbols = {symbol: dict(said) for symbol, said in found.symbols.items()}
    for release, changes in later().items():
        if torch is None or Version(release) > Version(Version(torch).base_version):
            continue
        for symbol, said in changes.items():
            symbols.setdefault(symbol, {}).update(said)
            for hash, judgement in said.items():
                if judgement.status == GONE:
                    del symbols[symbol][hash]
    return Map(found.release, symbols)


@cache
def documented() -> Map:
    """The judgements of the sentences of the release that the map is made for."""
    name = "documented.json"
    read = load(name)
    if not isinstance(read, dict) or read.keys() != {"release", "symbols"}:
        raise UnreadableMap(f"{FOLDER / name}: there is no release, or there are no symbols")
    return Map(read["release"], entries(read["symbols"], name, {}))


@cache
def later() -> dict[str, dict[str, dict[str, Judgement]]]:
    """What later releases said anew or no longer, by release, symbol and hash, oldest release first."""
    name = "later.json"
    read, found = load(name), {}
    for release in sorted(read, key=Version):
        found[release] = entries(read[release], name, documented().symbols)
    return found


def entries(written: dict, name: str, known: dict[str, dict[str, Judgement]]) -> dict[str, dict[str, Judgement]]:
    """The judgements of a file; ``as SYMBOL`` stands for what is said of the same sentence there."""
    found = {}
    for symbol, said in written.items():
        found[symbol] = {}
        for hash, entry in said.items():
            where = f"{FOLDER / name}: {symbol}, {hash}"
            if not re.fullmatch(r"[0-9a-f]{12}", hash):
                raise UnreadableMap(f"{where}: a hash has 12 hexadecimal digits")
            if isinstance(entry, str) and entry.startswith("as "):
                other = entry.removeprefix("as ")
                if hash not in (there := {**known.get(other, {}), **found.get(other, {})}):
                    raise UnreadableMap(f"{where}: {other} has no such sentence before this one")
                found[symbol][hash] = there[hash]
            else:
                found[symbol][hash] = judgement(entry, where)
    return found


def judgement(entry: dict | str, where: str) -> Judgement:
    """What an entry of the map says; the ids of claims that retired are those of their successors."""
    if entry in (NOT_STATE, GONE):
        return Judgement(entry)
    status = next((each for each in FIELDS if isinstance(entry, dict) and each in entry), None)
    if status is None or not entry.keys() <= FIELDS[status]:
        raise UnreadableMap(f"{where}: {json.dumps(entry)} is no judgement; see CONTRIBUTING")
    ids = entry[status] if status in (COVERED, PART, AGAINST, UNSPECIFIED) else []
    note = next((entry[field] for field in ("note", MISSING, LEFT_OUT, ACCELERATOR) if entry.get(field)), "")
    return Judgement(status, current(ids), note, entry.get("erratum"))


def current(ids: Iterable[str]) -> tuple[str, ...]:
    """The ids under which claims stand now, each once."""
    return tuple(dict.fromkeys(facts.current(id) or id for id in ids))


def load(name: str) -> dict:
    """What a file beside this one holds; raises UnreadableMap where it is no JSON."""
    try:
        return json.loads((FOLDER / name).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UnreadableMap(f"{FOLDER / name}: {error}") from error
