"""What the installed torch says of itself: the sentences of its docstrings around module state, each with a hash.

Examples and formulas are left out. How a docstring is indented makes no difference: Python 3.13 and later take the
margin off when they compile it, earlier ones leave it on.
"""

import hashlib
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import load

SECTION = re.compile(
    r"(Args|Arguments|Keyword args|Keyword arguments|Parameters|Returns?|Yields?|Raises|Examples?|Notes?|Warning|Shape|"
    r"Attributes|Variables|Inputs?|Outputs?|References)\s*:{1,2}\s*",
    re.IGNORECASE,
)
"""A line that only names what follows."""

NAMES = r"[\w*\\]+(?:, [\w*\\]+)*"
TYPES = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
ITEM = re.compile(rf"\s*([-*]|\d+[.)]|\([a-z0-9]\)|{NAMES}\s*(?:{TYPES})?\s*:(?!:))\s")
"""A line that begins an item of a list, or what is said of an argument: ``name (type): ...``."""

CODE = re.compile(r"\.\. (code|math|testcode|code-block|doctest)")
NOTE = re.compile(r"\.\. (note|warning|caution|attention|tip|seealso|deprecated|versionadded|_[\w ]+)(::|:)\s*")
END = re.compile(r"[.!?][\"')`*]*\s+(?=[\"'(`*:A-Z0-9])")
ABBREVIATION = re.compile(r"(?:\be\.g|\bi\.e|\betc|\bcf|\bvs|\bal|\bSec|\bFig|\bEq|\bresp)\.$")
NO_SENTENCES = {"cls_to_become", "OptimizerPreHook", "OptimizerPostHook", "profile_hook_step"}
"""Public members of the classes that carry the docstring of something else."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of the installed torch."""

    hash: str
    text: str


def read() -> dict[str, dict[str, Sentence]]:
    """The sentences of every symbol that the installed torch has and says something of, by hash, as they follow."""
    found = {}
    for symbol, value in symbols():
        text = getattr(value, "__doc__", None)
        if isinstance(text, str) and (said := {each.hash: each for each in sentences(text)}):
            found[symbol] = said
    return found


def symbols() -> Iterator[tuple[str, object]]:
    """Every symbol that is read, by its name: classes with their public members, and what is named by itself."""
    listed = load("symbols.json")
    for name in listed["classes with their members"]:
        owner = resolve(name)
        if owner is None:
            continue
        yield name, owner
        for member, value in vars(owner).items():
            plain = getattr(value, "__func__", value)
            is_public = member == "__init__" or not member.startswith("_")
            if is_public and member not in NO_SENTENCES and (callable(plain) or isinstance(plain, property)):
                yield f"{name}.{member}", plain
    for name in listed["by themselves"]:
        value = resolve(name)
        if value is not None:
            yield name, getattr(value, "__func__", value)


def resolve(name: str) -> object | None:
    """What a dotted name leads to, rather a function than a module of the same name; None where there is nothing."""
    found = None
    parts = name.split(".")
    for count, part in enumerate(parts, 1):
        try:
            if found is None or (inspect.ismodule(found) and not hasattr(found, part)):
                found = importlib.import_module(".".join(parts[:count]))
            else:
                found = inspect.getattr_static(found, part) if inspect.isclass(found) else getattr(found, part)
        except Exception:  # old releases have modules that fail on a newer Python when they are imported
            return None
    return found


def sentences(docstring: str) -> list[Sentence]:
    """The sentences of a docstring, in their order."""
    return [Sentence(digest(text), text) for block in blocks(docstring) for text in split(block) if has_a_word(text)]


def digest(text: str) -> str:
    """What stands for a sentence in the map."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def has_a_word(text: str) -> bool:
    return re.search(r"\w{2}", text) is not None


def split(block: str) -> Iterator[str]:
    """The sentences of a block of prose."""
    start = 0
    for end in END.finditer(block):
        text = block[start : end.end()].strip()
        if not ABBREVIATION.search(text):
            yield text
            start = end.end()
    yield block[start:].strip()


def blocks(docstring: str) -> list[str]:
    """The prose of a docstring in one line each: paragraphs, items of lists, arguments. Code is left out."""
    found, now = [], []
    code: int | None = None  # how far the line is indented that began the code that is being passed over

    def end() -> None:
        if now:
            found.append(" ".join(" ".join(now).split()))
        now.clear()

    for line in inspect.cleandoc(docstring).splitlines():
        text = line.strip()
        depth = len(line) - len(line.lstrip())
        if code is not None:
            if not text or depth > code or text.startswith((">>>", "...")):
                continue
            code = None
        if not text:
            end()
            continue
        if text.startswith(">>>") or CODE.match(text):
            end()
            code = depth - text.startswith(">>>")
            continue
        if text.startswith(".. "):
            end()
            text = NOTE.sub("", text)
            if text.startswith(".. "):
                continue
        if SECTION.fullmatch(text):
            end()
            if text.endswith("::") and text.lower().startswith("example"):
                code = depth
            continue
        if ITEM.match(f"{line} "):
            end()
        now.append(text)
        if text.endswith("::"):
            end()
            code = depth
    end()
    return found
