"""The claims as they stand in the code, read without importing them or torch."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .. import facts
from ..wording import first_paragraph, sentence
from .verdicts import natural

PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Written:
    """One claim as it is written: the arguments of its marker, where it stands, and the test that proves it.

    ``needs`` are the libraries that it is about. ``text`` is all of that test, and ``test`` what stands beside the
    sentence: without the marker, the name and the sentence.
    """

    id: str
    chapter: str
    sentence: str
    source: str
    terms: dict[str, str]
    place: str
    text: str
    test: str
    core: bool
    needs: str | None = None

    @property
    def apart(self) -> bool:
        """Whether it stands in a chapter that is recorded apart from torch's releases."""
        return facts.chapters()[self.chapter].apart


@cache
def chapters() -> dict[str, str]:
    """The chapters in the order in which a user meets them, each with the paragraph that its package says of itself."""
    texts = {name: (PACKAGE / name / "__init__.py").read_text(encoding="utf-8") for name in facts.chapters()}
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
                needs = terms.pop("needs", None)
                first = node.decorator_list[0].lineno
                found.append(
                    Written(
                        value(mark.args[0]),
                        chapter,
                        first_paragraph(ast.get_docstring(node)) or sentence(node.name),
                        terms.pop("source"),
                        terms,
                        f"{file.relative_to(PACKAGE.parent).as_posix()}#L{first}",
                        "\n".join(lines[first - 1 : node.end_lineno]),
                        "\n".join(body_of(node, mark, lines)),
                        any(isinstance(each, ast.Name) and each.id == "core" for each in node.decorator_list),
                        needs,
                    )
                )
    return found


def free(prefix: str) -> str:
    """The id that the next claim with this prefix gets: no claim has it, in any chapter, and none had it."""
    numbers = [int(id.partition("-")[2]) for id in {*claims(), *facts.retired()} if id.partition("-")[0] == prefix]
    return f"{prefix}-{max(numbers, default=0) + 1:02}"


def body_of(test: ast.FunctionDef, mark: ast.Call, lines: list[str]) -> list[str]:
    """The lines of a test without what is said beside it: its marker, and the sentence as name and as docstring."""
    marked = range(mark.lineno - 1, mark.end_lineno)
    heading = range(test.decorator_list[0].lineno - 1, test.body[0].lineno - 1)
    kept = [re.sub(r"^def test_\w+", "def test", lines[index]) for index in heading if index not in marked]
    docstring = ast.get_docstring(test, clean=False)
    if docstring is None:
        return kept + lines[test.body[0].lineno - 1 : test.end_lineno]
    rest = docstring.partition("\n\n")[2].strip()
    kept += f'    """{rest}"""'.splitlines() if rest else []
    return kept + lines[test.body[0].end_lineno : test.end_lineno]
