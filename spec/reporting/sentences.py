"""The claims as sentences, by chapter."""

import importlib
from collections.abc import Iterable
from itertools import groupby

from ..vocabulary.chapters import CHAPTERS
from .verdicts import SIGNS, Verdict

PACKAGE = __package__.rpartition(".")[0]


def to_text(verdicts: Iterable[Verdict]) -> str:
    """Every claim on a line of its own: sign, verdict, id, sentence, and what it was shown over."""
    chapters = groupby(sorted(verdicts, key=lambda found: order(found.chapter)), key=lambda found: found.chapter)
    return "\n\n".join("\n".join([title(chapter), *map(line, found)]) for chapter, found in chapters)


def order(chapter: str) -> tuple[int, str]:
    """Chapters in the order in which a user meets them, others behind."""
    return (CHAPTERS.index(chapter) if chapter in CHAPTERS else len(CHAPTERS), chapter)


def title(chapter: str) -> str:
    """The first line of what the chapter's package says of itself."""
    if chapter not in CHAPTERS:
        return chapter
    return importlib.import_module(f"{PACKAGE}.{chapter}").__doc__.partition("\n")[0].rstrip(".")


def line(found: Verdict) -> str:
    """One claim, such as ``✓ holds  SD-03  A non-persistent buffer is ...  (kind: buffer; device: cpu, meta)``."""
    shown = "; ".join(f"{name}: {', '.join(values)}" for name, values in found.axes.items())
    text = f"  {SIGNS[found.word]} {found.word:<11}  {found.id:<8}  {found.sentence}"
    return text + (f"  ({shown})" if shown else "") + (f"  [{found.terms}]" if found.terms else "")
