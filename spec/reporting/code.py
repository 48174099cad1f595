"""The claims as they stand in the code, read without importing them or torch."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..wording import sentence
from .verdicts import natural

PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Written:
    """One claim as it is written: the arguments of its marker, where it stands, and the test that proves it."""

    id: str
    chapter: str
    sentence: str
    source: str
    terms: dict[str, str]
    place: str
    text: str


@cache
def chapters() -> dict[str, str]:
    """The chapters in the order in which a user meets them, each with the paragraph that its package says of itself."""
    tree = ast.parse((PACKAGE / "vocabulary" / "chapters.py").read_text(encoding="utf-8"))
    names = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign))
    texts = {name: (PACKAGE / name / "__init__.py").read_text(encoding="utf-8") for name in names}
    return {name: ast.get_docstring(ast.parse(text)) or name for name, text in texts.items()}


@cache
def claims() -> dict[str, Written]:
    """Every claim by its id, chapter by chapter and in the order of ids."""
    found = {}
    for chapter in chapters():
        in_chapter = [claim for file in (PACKAGE / chapter).rglob("test_*.py") for claim in claims_in(file, chapter)]
        found.update((claim.id, claim) for claim in sorted(in_chapter, key=lambda claim: natural(claim.id)))
    return found


def claims_in(file: Path, chapter: str) -> list[Written]:
    """The claims of one file."""
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    tree = ast.parse(text)
    named = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }

    def value(node: ast.expr) -> str:
        return ast.literal_eval(named.get(node.id, node) if isinstance(node, ast.Name) else node)

    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "claim":
                terms = {word.arg: value(word.value) for word in mark.keywords}
                first = node.decorator_list[0].lineno
                found.append(
                    Written(
                        value(mark.args[0]),
                        chapter,
                        sentence(node.name),
                        terms.pop("source"),
                        terms,
                        f"{file.relative_to(PACKAGE.parent).as_posix()}#L{first}",
                        "\n".join(lines[first - 1 : node.end_lineno]),
                    )
                )
    return found
