"""Tables of words, and how they are written."""

from itertools import zip_longest

Table = list[list[str]]
"""Rows of cells; the first row is the heading, the first column says what each row is about."""


def to_text(table: Table) -> str:
    """The table for a terminal, with the heading over two lines."""
    (_, *kinds), *rows = table
    heading = [["", *line] for line in zip_longest(*(kind.split(" ") for kind in kinds), fillvalue="")]
    lines = [*heading, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def to_markdown(table: Table) -> str:
    """The table for the README."""
    heading, *rows = table
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
