"""Claims found by words: by those of the sentence, the symbol, the test, and by what people say instead.

The page searches in the same way in the reader's browser; both have the same numbers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from .. import facts
from . import catalogue
from .catalogue import Written

NAMED, CLEAR, INSIDE, SYMBOL, CODE, NOWHERE = 12, 8, 6, 4, 2, 0
"""What a word is worth that is the claim's id, that begins a word of the sentence, that stands inside one, in the
symbol, or in the test alone. A word that was meant by another is worth one less."""
FEW = 8
"""So many claims are the nearest to a query, at most; a core claim counts a quarter more."""
ENDINGS = ("ing", "ed", "es", "s")


@dataclass(frozen=True)
class Text:
    """A claim as it is searched, all in small letters."""

    id: str
    sentence: str
    symbol: str
    code: str
    core: bool


@dataclass(frozen=True)
class Found:
    """What a search found: the claims that have ``all`` words, and the ``nearest``, best first."""

    all: list[str]
    nearest: list[str]


def text(claim: Written) -> Text:
    return Text(claim.id.lower(), plain(claim.sentence), claim.source.lower(), claim.test.lower(), claim.core)


def plain(sentence: str) -> str:
    """A sentence in small letters and without marks; ``state dict`` as it is spelled in code."""
    return sentence.replace("`", "").lower().replace("state dict", "state_dict")


def asked(query: str) -> list[str]:
    """The words of a query that a claim may have: without the small ones, unless there are no others."""
    words = [word for word in map(trimmed, plain(query).split()) if word]
    return list(dict.fromkeys([word for word in words if word not in facts.unasked()] or words))


def trimmed(word: str) -> str:
    """A word as it stands in sentences: ``.cuda`` for ``model.cuda()?``, ``optimizer`` for ``optimizer's``."""
    word = re.sub(r"^[\"'`(\[]+|[\"'`?!,;:…]+$|'s$", "", word)
    word = re.sub(r"^(model|module|self|net)(?=\.\w)", "", word)
    if word in facts.synonyms():
        return word
    word = word.rstrip(".").removesuffix("()")
    return word if re.search(r"\w", word) else ""


def meant(word: str) -> list[str]:
    """A word, its stem, and what people may mean by it."""
    found = [word, *facts.synonyms().get(word, ())]
    stem = next((word.removesuffix(end) for end in ENDINGS if word.endswith(end)), "")
    if len(stem) > 2 and re.fullmatch("[a-z]+", word):
        found += [stem, *facts.synonyms().get(stem, ())]
    return list(dict.fromkeys(each.lower() for each in found))


def worth(word: str, claim: Text) -> int:
    """Where in a claim a word stands, as a number."""
    if word == claim.id:
        return NAMED
    if re.fullmatch(r"[a-z]+-\d+", word):
        return NOWHERE
    if word in claim.sentence:
        begins = re.search(rf"(?<![a-z0-9_]){re.escape(word)}", claim.sentence)
        return CLEAR if begins else INSIDE
    if word in claim.symbol:
        return SYMBOL
    return CODE if word in claim.code else NOWHERE


def most(word: str, claim: Text) -> int:
    """The most that a word, or what was meant by it, is worth in a claim."""
    return max(worth(each, claim) - (each != word) for each in meant(word))


@cache
def texts() -> tuple[Text, ...]:
    return tuple(map(text, catalogue.claims().values()))


def search(query: str, claims: Iterable[Text] | None = None) -> Found:
    """The claims that a query finds, by their ids; all of them where it has no word."""
    claims = texts() if claims is None else list(claims)
    words = asked(query)
    if not words:
        return Found([claim.id.upper() for claim in claims], [])
    everywhere = [True] * len(claims)
    sums = [0] * len(claims)
    for word in words:
        values = [most(word, claim) for claim in claims]
        rarity = (len(claims) // (1 + sum(value >= INSIDE for value in values))).bit_length()
        for index, value in enumerate(values):
            everywhere[index] = everywhere[index] and value > NOWHERE
            sums[index] += value * rarity
    sums = [5 * total if claim.core else 4 * total for total, claim in zip(sums, claims, strict=True)]
    best = max(sums)
    order = sorted(range(len(claims)), key=lambda index: -sums[index])
    nearest = [index for index in order[:FEW] if sums[index] * 2 > best]
    return Found(
        [claim.id.upper() for claim, there in zip(claims, everywhere, strict=True) if there],
        [claims[index].id.upper() for index in nearest],
    )
