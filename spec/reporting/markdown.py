"""The matrix as Markdown: in full where releases disagree, the rest as counts."""

from . import catalogue
from .layout import to_markdown
from .matrix import SIGNS, Matrix


def page(matrix: Matrix) -> str:
    """One table for each chapter, of the claims on which releases disagree, and a count of all others."""
    known = catalogue.claims()
    differing = matrix.differing()
    signs = ", ".join(f"{sign} {word}" for word, sign in SIGNS.items())
    lines = [f"{len(matrix.rows)} claims on torch {matrix.span(range(len(releases(matrix))))}.", "", f"{signs}.", ""]
    for chapter, text in (*catalogue.chapters().items(), ("", "No longer in the specification")):
        ids = [id for id in matrix.rows if (known[id].chapter if id in known else "") == chapter]
        if not ids:
            continue
        lines += [f"### {text.partition(chr(10))[0].rstrip('.')}", ""]
        shown = [id for id in ids if id in differing]
        if shown:
            folds = matrix.folds(shown)
            heading = ["claim", "", *(matrix.span(columns) for columns in folds)]
            rows = [
                [id, known[id].sentence if id in known else "", *(str(matrix.rows[id][fold[0]]) for fold in folds)]
                for id in shown
            ]
            lines += [to_markdown([heading, *rows]), ""]
        lines += [f"{counted(matrix, [id for id in ids if id not in differing])}", ""]
    return "\n".join(lines).rstrip() + "\n"


def releases(matrix: Matrix) -> list[str]:
    """The columns of plain releases: cpu and meta only, where there are any."""
    return [
        name for name, record in zip(matrix.names, matrix.records, strict=True) if not record.beyond
    ] or matrix.names


def counted(matrix: Matrix, ids: list[str]) -> str:
    """``12 claims ✓ hold on all of them``: the claims on which the releases agree, by verdict."""
    counts: dict[str, int] = {}
    for id in ids:
        counts[str(matrix.rows[id][0])] = counts.get(str(matrix.rows[id][0]), 0) + 1
    found = ", ".join(f"{number} {word}" for word, number in sorted(counts.items(), key=lambda item: -item[1]))
    return f"On all of these releases: {found}." if found else "On no other claim do all of these releases agree."
