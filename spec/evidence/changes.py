"""What the installed torch says anew, otherwise or no longer, and the claims that stood on it."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from . import GONE, Judgement, Map
from .coverage import UNJUDGED, Read, paragraph
from .reader import Sentence


@dataclass(frozen=True)
class Change:
    """A place in the text of a symbol: what stood there and what stands there now, one of them maybe nothing.

    ``old`` are the judgements of what is gone, by hash, ``new`` are sentences with their judgements, and ``is_judged``
    says whether somebody has judged all of it already.
    """

    symbol: str
    old: dict[str, Judgement]
    new: dict[Sentence, Judgement]
    is_judged: bool


def changes(read: Read, old: Map, known: Map, later: dict) -> list[Change]:
    """Where the installed torch says something else than the release of the map; what only moved is no change.

    ``old`` is the map of its own release, ``known`` with what was judged of later releases too, which is in ``later``.
    """
    gone = {
        (symbol, hash)
        for symbols in later.values()
        for symbol, said in symbols.items()
        for hash, judgement in said.items()
        if judgement.status == GONE
    }
    found = []
    for symbol in [*old.symbols, *(symbol for symbol in read if symbol not in old.symbols)]:
        before, now = old.symbols.get(symbol, {}), read.get(symbol, {})
        both, judged = before.keys() & now.keys(), known.symbols.get(symbol, {})
        for _, first, last, begin, end in SequenceMatcher(None, [*before], [*now], autojunk=False).get_opcodes():
            lost = {hash: before[hash] for hash in [*before][first:last] if hash not in both}
            new = {now[hash]: judged.get(hash, UNJUDGED) for hash in [*now][begin:end] if hash not in both}
            if lost or new:
                is_judged = UNJUDGED not in new.values() and all((symbol, hash) in gone for hash in lost)
                found.append(Change(symbol, lost, new, is_judged))
    return found


def report(places: list[Change], release: str, torch: str, *, unjudged: bool = False) -> str:
    """What changed, what nobody has judged yet first; or only that."""
    pairs = sum(min(len(place.old), len(place.new)) for place in places)
    new, lost = (sum(len(getattr(place, side)) for place in places) - pairs for side in ("new", "old"))
    due = sum(not place.is_judged for place in places)
    lines = [
        f"torch {torch} against {release}: {new} sentences new, {lost} gone, {pairs} changed; {due} places not judged"
    ]
    for place in sorted(places, key=lambda place: place.is_judged):
        if unjudged and place.is_judged:
            break
        lines += ["", f"{place.symbol}{'  (judged)' if place.is_judged else ''}"]
        lines += [f"  {'was' if place.new else 'gone'}  {hash}  {said_of(each)}" for hash, each in place.old.items()]
        for sentence, each in place.new.items():
            lines.append(f"  {'now' if place.old else 'new'}  {sentence.hash}  {said_of(each)}")
            lines.append(paragraph(sentence.text))
    return "\n".join(lines)


def said_of(judgement: Judgement) -> str:
    """A judgement in a line: its claims, and what it says in its own words."""
    ids = f": {', '.join(judgement.claims)}" if judgement.claims else ""
    return f"{judgement.status}{ids}{f' ({judgement.note})' if judgement.note else ''}"
