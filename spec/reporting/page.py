"""The page: front door, glossary, chapters and claims over all releases, in one HTML file that needs nothing else."""

import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from .. import evidence, facts
from . import catalogue, roads, search
from .catalogue import Written
from .documentation import address
from .matrix import SIGNS, Cell, Matrix, minor
from .record import Record

NOT_THERE = {"·": "not there"}
"""What is said of a kind that a release does not have."""


@dataclass(frozen=True)
class Chapter:
    """One chapter as the page shows it: ``folds`` are its columns, ranges of the columns of the matrix."""

    name: str
    title: str
    text: str
    claims: list[Written]
    folds: list[range]


def to_html(matrix: Matrix) -> str:
    """The whole page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    shown = {cell.word for cells in matrix.rows.values() for cell in cells}
    known = roads.read(roads.COMMITTED)
    plain = [record for record in matrix.records if not record.beyond] or matrix.records
    return environment.get_template("page.html.j2").render(
        matrix=matrix,
        chapters=[chapter(matrix, name, text) for name, text in catalogue.chapters().items()],
        plain_columns=[index for index, record in enumerate(matrix.records) if not record.beyond],
        table=answers(plain),
        facts=facts,
        roads=roads.table(known.cells),
        versions=known.versions,
        claims=catalogue.claims(),
        standings=[evidence.DOCUMENTED, evidence.OBSERVED, evidence.CONTRADICTED],
        standing=lambda id: evidence.standing(id, plain[-1].release),
        leading_to=leading_to(),
        searched=searched(),
        words=[word for word in SIGNS if word in shown],
        signs=SIGNS,
        address=address,
        guard=guard,
        text=text,
        marked=marked,
        said=said,
        uniform=lambda cells: len(set(cells)) == 1,
        css_class=css_class,
    )


def chapter(matrix: Matrix, name: str, text: str) -> Chapter:
    """One chapter with those of its claims that a record knows or that are in the code."""
    title, _, rest = text.partition("\n")
    claims = [claim for claim in catalogue.claims().values() if claim.chapter == name and claim.id in matrix.rows]
    return Chapter(name, title.rstrip("."), rest.strip(), claims, matrix.folds(claim.id for claim in claims))


def css_class(cell: Cell) -> str:
    """The class that a cell is coloured by: none for what holds."""
    return "" if cell.word == "holds" else cell.word.replace(" ", "-")


def text(words: str) -> Markup:
    """Text between tags, where quotes stand for themselves: half of what escapes a test are its quotes."""
    return Markup(words.replace("&", "&amp;").replace("<", "&lt;"))


def said(sentence: str) -> Markup:
    """A sentence, with what stands in backquotes as code."""
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", str(text(sentence))))


def marked(words: str) -> Markup:
    """A paragraph of a docstring, with what stands between double backquotes as code."""
    return Markup(re.sub(r"``(.+?)``", r"<code>\1</code>", str(text(words))))


def guard(claim: Written) -> Markup:
    """The guard in words, behind the source: ``, since 2.5``, ``, until 2.3`` or ``, known bug in >=2.1``."""
    terms = [escape(f", {name} {claim.terms[name]}") for name in ("since", "until") if claim.terms.get(name)]
    if bug := claim.terms.get("bug"):
        link = f"https://github.com/{bug.replace('#', '/issues/')}"
        terms.append(Markup(", known bug <a href={}>{}</a> in {}").format(link, bug, claim.terms["broken"]))
    return Markup("").join(terms)


def leading_to() -> dict[str, list[str]]:
    """The retired ids of each claim that took over from them: links to those lead there."""
    found: dict[str, list[str]] = {}
    for id in facts.retired():
        if successor := facts.current(id):
            found.setdefault(successor, []).append(id)
    return found


def searched() -> dict[str, object]:
    """What the page needs in order to find claims as ``search`` does."""
    return {
        "unasked": sorted(facts.unasked()),
        "synonyms": facts.synonyms(),
        "endings": search.ENDINGS,
        "few": search.FEW,
        "worth": [search.NAMED, search.CLEAR, search.INSIDE, search.SYMBOL, search.CODE],
    }


def answers(records: list[Record]) -> list[list[tuple[str, str]]]:
    """The answer table of the newest record, each cell with what older ones say where they say something else."""
    heading, *rows = records[-1].table
    older = [(minor(record), cells(record)) for record in records[:-1]]
    found = [[(word, "") for word in heading]]
    for question, *answers in rows:
        found.append([(question, "")])
        for kind, answer in zip(heading[1:], answers, strict=True):
            others = {table[question, kind]: name for name, table in older if (question, kind) in table}
            others.pop(answer, None)
            others = {NOT_THERE.get(word, word): name for word, name in others.items()}
            found[-1].append((answer, ", ".join(f"{word} up to {name}" for word, name in others.items())))
    for column, kind in enumerate(heading[1:], start=1):
        notes = {re.sub("^not yet", NOT_THERE["·"], row[column][1]) for row in found[1:]}
        if len(notes) == 1:  # said once, over the column
            found[0][column] = (kind, *notes)
            for row in found[1:]:
                row[column] = (row[column][0], "")
    return found


def cells(record: Record) -> dict[tuple[str, str], str]:
    """The answer table by question and kind."""
    heading, *rows = record.table
    return {(row[0], kind): word for row in rows for kind, word in zip(heading[1:], row[1:], strict=True)}
