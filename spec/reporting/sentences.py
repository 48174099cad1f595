"""The claims as sentences: the core ones by question, then all others by chapter."""

import importlib
from collections.abc import Iterable
from itertools import groupby

from .. import evidence
from ..facts import chapters, questions
from .verdicts import SIGNS, Verdict

PACKAGE = __package__.rpartition(".")[0]
UNTOLD = {"real_device": ["cpu"]}
"""What an axis shows of every claim, and so tells of none."""


def to_text(verdicts: Iterable[Verdict], torch: str | None = None) -> str:
    """Every claim on a line of its own: sign, verdict, standing on the release ``torch``, id, sentence, axes.

    A core claim stands under its question and not in its chapter again.
    """
    found = {verdict.id: verdict for verdict in verdicts}
    parts = []
    for question, ids in questions().items():
        asked = [found.pop(id) for id in ids if id in found and is_core(found[id])]
        parts += [(f"Core: {question}", asked)] if asked else []
    others = sorted(found.values(), key=lambda verdict: order(verdict.chapter))
    parts += [(title(chapter), list(group)) for chapter, group in groupby(others, key=lambda verdict: verdict.chapter)]
    return "\n\n".join("\n".join([heading, *(line(each, torch) for each in group)]) for heading, group in parts)


def is_core(found: Verdict) -> bool:
    return any(case.core for case in found.cases)


def order(chapter: str) -> tuple[int, str]:
    """Chapters in the order in which a user meets them, others behind."""
    known = list(chapters())
    return (known.index(chapter) if chapter in known else len(known), chapter)


def title(chapter: str) -> str:
    """The first line of what the chapter's package says of itself."""
    if chapter not in chapters():
        return chapter
    return importlib.import_module(f"{PACKAGE}.{chapter}").__doc__.partition("\n")[0].rstrip(".")


def line(found: Verdict, torch: str | None = None) -> str:
    """One claim, such as ``✓ holds  documented  SD-03  A buffer registered with ...  (kind: buffer; path: body)``."""
    axes = {name: values for name, values in found.axes.items() if values != UNTOLD.get(name)}
    shown = "; ".join(f"{name}: {', '.join(values)}" for name, values in axes.items())
    standing = evidence.standing(found.id, torch)
    text = f"  {SIGNS[found.word]} {found.word:<11}  {standing:<12}  {found.id:<8}  {found.sentence}"
    ran = f"  {len(found.ran)} of {len(found.cases)} cases were run" if 0 < len(found.ran) < len(found.cases) else ""
    return text + (f"  ({shown})" if shown else "") + (f"  [{found.terms}]" if found.terms else "") + ran
