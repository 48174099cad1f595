"""Where torch does something else than its documentation says: each with a script that shows it.

The docstring of a script is its title, what the documentation says, in own words, and what torch does. It ends without
an error where torch does so.
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .. import AGAINST, Map
from ..coverage import Read

SCRIPTS = Path(__file__).parent


@dataclass(frozen=True)
class Erratum:
    """One script: ``title``, ``says`` and ``in_fact`` are the paragraphs of its docstring, ``code`` is the rest."""

    name: str
    title: str
    says: str
    in_fact: str
    code: str

    @property
    def path(self) -> Path:
        return SCRIPTS / f"{self.name}.py"


@cache
def errata() -> dict[str, Erratum]:
    """Every erratum by its name."""
    return {path.stem: read(path) for path in sorted(SCRIPTS.glob("[!_]*.py"))}


def read(path: Path) -> Erratum:
    text = path.read_text(encoding="utf-8")
    first = ast.parse(text).body[0]
    title, says, in_fact = (" ".join(part.split()) for part in ast.literal_eval(first.value).strip().split("\n\n"))
    return Erratum(
        path.stem, title.rstrip("."), says, in_fact, "".join(text.splitlines(True)[first.end_lineno :]).strip()
    )


def to_markdown(read: Read, known: Map, torch: str) -> str:
    """The errata that the installed torch still has, as Markdown, each with its sentences as they stand there."""
    found: dict[str, dict[str, list[str]]] = {}
    for symbol, said in read.items():
        for hash, sentence in said.items():
            judgement = known.sentences.get(hash)
            if judgement and judgement.status == AGAINST:
                found.setdefault(judgement.erratum, {}).setdefault(sentence.text, []).append(symbol)
    lines = [
        f"# Where torch {torch} does not do what its documentation says",
        "",
        f"{len(found)} errata. Each script ends without an error where torch does what is said here.",
    ]
    for name, quoted in found.items():
        erratum = errata()[name]
        lines += ["", f"## {erratum.title}", ""]
        for text, symbols in quoted.items():
            lines += [f"{', '.join(f'`{symbol}`' for symbol in symbols)}:", "", f"> {text}", ""]
        lines += [erratum.says, "", erratum.in_fact, "", "```python", erratum.code, "```"]
    return "\n".join(lines)
