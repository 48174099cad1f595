"""What can be held of a claim's sentence without reading it: ``python -m spec.reporting.sentence_rules [FILES]``.

Every breach is one line that names the claim, what is wrong and what would be right. Claims are read and not imported,
and torch is imported only where a name in code stands neither in the test nor in its chapter.
"""

import ast
import builtins
import importlib
import inspect
import re
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from . import catalogue

LONGEST = 40
"""Words, each piece of code counted as one."""

CODE = re.compile(r"`([^`]*)`")
ERROR = re.compile(r"\b\w*(?:Error|Warning|Exception|Iteration)\b")

OUTSIDE = {
    r"\b\w*[A-Za-z]_\w*(?:\(\))?|(?<!\w)_\w+(?:\(\))?": "an identifier",
    r"\b(?!e\.g|i\.e)[A-Za-z]\w*\.[A-Za-z_]\w*": "a dotted name",
    r"(?<![\w.])\.[a-z_]\w*": "an attribute",
    r"\b\w+\([^)]*\)": "a call",
    r"\b\w+=\w*": "an argument",
    ERROR.pattern: "an exception",
}
"""What is code and stands outside backticks, and what to call it."""

HOUSE_WORDS = {
    r"thaw(?:s|ed|ing)?": "`trainable`",
    r"overwr(?:ites?|iting|itten|ote)": "`rebind` (the name), `change in place` (the tensor), or `replace mode`",
    r"(?:bind|binds|bound|binding) anew": "`rebind`",
    r"roads?": "the function's name",
    r"bare tensors?": "`plain tensor`",
    r"ordinary": "`initialized`, or the kind that is meant",
    r"what is no": "the thing, such as `anything but a tensor`",
    r"what is (?:handed|registered|put on|kept|said|there)": "the thing, such as `registered state`",
    r"(?:take|takes|took|taking|taken) the place of": "`is assigned to the name of` or `replaces`",
    r"(?:put|puts|putting) on": "`assign`",
    r"history": "`graph`, or `grad_fn`",
    r"complain(?:s|ed|ing)?": "the exception or the warning",
    r"(?:forgive|forgives|forgave|forgiven)": "what happens instead",
    r"misses": "what is absent, and where",
    r"migrat(?:e|es|ed|ion|ions)": "`convert` (a dtype) or `move` (to a device)",
    r"(?:assign|assigns|assigned|assigning) (?:a|the) checkpoint": "`load_state_dict(assign=True)`",
    r"tensors? swap": "`in swap mode`",
    r"\w+ s": "an apostrophe",
    r"(?:don|doesn|didn|isn|aren|wasn|won|can|hasn|haven) t": "an apostrophe",
}
"""Words that only this house uses, or lost their apostrophe, and what to say instead."""

PLACEHOLDERS = frozenset(
    re.findall(
        r"\w+",
        """
        module model submodule child parent value tensor buffer param parameter parameters optimizer loss hook function
        other dtype device name names key keys prefix path index args kwargs self cls file folder checkpoint obj memo fn
        old new cpu cuda meta mps xla xpu
        """,
    )
)
"""What stands for anything in a piece of code, as do single letters and devices."""

STARTS = ("torch.", "torch.nn.", "torch.optim.", "torch.nn.Module.", "torch.Tensor.", "dataclasses.", "functools.")
"""Where a name is looked for that says nothing of it."""

FRAMES = (
    "{}",
    "x{}",
    "f({})",
    "f({}None)",
    "{} pass",
    "{}\n    pass",
    "{}:\n    pass",
    "try:\n    pass\n{}:\n    pass",
)
"""What may be missing around a piece of code."""

SHORT = {
    "nn": "torch.nn",
    "optim": "torch.optim",
    "F": "torch.nn.functional",
    "dist": "torch.distributed",
    "np": "numpy",
}
"""How users abbreviate modules."""


def breaches(claims: Iterable[catalogue.Written]) -> Iterator[str]:
    """Every breach of a rule by one of the claims, one line each."""
    same = defaultdict(list)
    for claim in claims:
        test = ast.parse(claim.text).body[0]
        said = claim.sentence
        same[CODE.sub(r"\1", said).lower()].append(claim)
        found = [*form(said), *words(said), *outside(said), *release(said, claim), *exceptions(said, test, claim)]
        found += [breach for piece in CODE.findall(said) for breach in piece_of_code(piece, claim)]
        yield from (f"{claim.id}  {breach}  ({claim.place})" for breach in found)
    for first, *others in same.values():
        for other in others:
            yield f"{other.id}  says the same as {first.id}: say what is different, or retire one  ({other.place})"


def form(said: str) -> Iterator[str]:
    """A capital or code first, a full stop last, and no more words than a reader takes in."""
    if not said.endswith("."):
        yield f"ends with {said[-1]!r}: end the sentence with a full stop"
    if not (said[0].isupper() or said[0] == "`"):
        yield f"begins with {said[0]!r}: begin with a capital or with `code`"
    if re.match(r"(?:Beware|Note)\b", said):
        yield "begins with a warning: the first paragraph is the sentence, and the warning the second"
    if said.count("`") % 2:
        yield "has a backtick without its partner: close it"
    if "``" in said:
        yield "has double backticks: code stands in single ones"
    length = len(CODE.sub("code", said).split())
    if length > LONGEST:
        yield f"has {length} words: say it in {LONGEST}, or move a part to a second paragraph"


def words(said: str) -> Iterator[str]:
    """House words, and a refusal that names no exception."""
    prose = CODE.sub("`code`", said)
    for word, better in HOUSE_WORDS.items():
        for found in re.findall(rf"(?<![\w`])(?:{word})\b", prose, re.IGNORECASE):
            yield f'says "{found}": say {better}'
    found = re.search(r"\b(?:refus\w+)\b", prose, re.IGNORECASE)
    if found and not any(ERROR.search(piece) for piece in CODE.findall(said)):
        yield f'says "{found[0]}" and names no exception: say "raises `TypeError`", or what happens'


def outside(said: str) -> Iterator[str]:
    """Code that is not spelled as code."""
    prose, seen = CODE.sub("", said), ""
    for pattern, what in OUTSIDE.items():
        for found in re.finditer(pattern, prose):
            if found[0] not in seen:
                seen += f" {found[0]}"
                yield f"has {what} outside backticks: write `{found[0]}`, as a user types it"


def release(said: str, claim: catalogue.Written) -> Iterator[str]:
    """What held until a release says so."""
    until = claim.terms.get("until")
    if until and not re.search(rf"\b{re.escape(until)}(?![\d])", said):
        yield f'holds until {until} and does not say so: begin with "Before torch {until}," in the past tense'


def exceptions(said: str, test: ast.FunctionDef, claim: catalogue.Written) -> Iterator[str]:
    """Every exception that the test expects is named; neither one that a parameter gives nor the test's own is."""
    pieces = " ".join(CODE.findall(said))
    seen = {node.name for node in ast.walk(test) if isinstance(node, ast.ClassDef)}
    for node in ast.walk(test):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.raises" and node.args:
            names = [name for name in exception_names(node.args[0], file_of(claim)) if name not in seen]
            if names and not re.search(rf"\b(?:{'|'.join(names)})\b", pieces):
                yield f'expects {" or ".join(names)} and does not name it: say "raises `{names[0]}`"'
            seen.update(names)


def exception_names(node: ast.expr, file: Path) -> Iterator[str]:
    """The names of the exceptions in the first argument of ``pytest.raises``."""
    if isinstance(node, ast.Tuple):
        for each in node.elts:
            yield from exception_names(each, file)
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Name) and ERROR.fullmatch(node.id) and node.id != "Exception":
        yield node.id
    elif isinstance(node, ast.Name) and node.id in constants(file):
        yield from exception_names(constants(file)[node.id], file)


def piece_of_code(piece: str, claim: catalogue.Written) -> Iterator[str]:
    """A piece of code is Python, and what it names is known to torch, to Python or to the test."""
    tree = parsed(piece)
    if tree is None:
        yield f"`{piece}` is not Python: write it as a user types it, or in words"
        return
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for name in dict.fromkeys(names_in(tree)):
        if not is_known(name, claim) and not any(name in arguments(call) for call in calls):
            shown = name.removeprefix("x") if piece.startswith(".") else name
            here = "" if shown == piece else f" in `{piece}`"
            yield f"`{shown}`{here} is in neither torch, Python nor the chapter: spell it as it stands there"


@cache
def parsed(piece: str) -> ast.AST | None:
    """The tree of a piece of code; a piece may lack what stands before a dot or around an argument."""
    for frame in FRAMES:
        try:
            return ast.parse(frame.format(piece))
        except SyntaxError:
            continue
    return None


def names_in(tree: ast.AST) -> Iterator[str]:
    """Every dotted name, argument and attribute; strings stand for themselves."""
    inner = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            inner.update(id(each) for each in ast.walk(node.value) if isinstance(each, ast.Attribute | ast.Name))
            base = ast.unparse(node)
            yield from [base] if re.fullmatch(r"[\w.]+", base) else [node.attr, *names_in(node.value)]
        elif isinstance(node, ast.Name) and id(node) not in inner:
            yield node.id
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg


def is_known(name: str, claim: catalogue.Written) -> bool:
    """Whether a dotted name stands in the file of the claim, or is of torch or Python."""
    here = words_of(file_of(claim).parent)
    first, *others = name.split(".")
    if all(part in here or is_free(part) for part in (first, *others)) or look_up(name) is not None:
        return True
    if others and (first in here or is_free(first)):
        return all(part in here or is_free(part) or part in attributes() for part in others)
    return not others and (name in attributes() or name in arguments(claim.source))


def is_free(name: str) -> bool:
    """Whether a name stands for anything, or is Python's own."""
    return len(name) == 1 or name in PLACEHOLDERS or hasattr(builtins, name)


@cache
def words_of(folder: Path) -> frozenset[str]:
    """Every word of code in a folder: names, attributes, arguments, and identifiers in strings, docstrings left out."""
    words = set()
    for file in folder.glob("*.py"):
        prose = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and node.body:
                prose.add(id(getattr(node.body[0], "value", None)))
            for field in ("id", "attr", "arg", "name", "asname", "module"):
                word = getattr(node, field, None)
                words.update(word.split(".") if isinstance(word, str) else ())
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                words.update(re.findall(r"[^\W\d]\w*", node.value))
    return frozenset(words - {"pytest", "claim"})


@cache
def constants(file: Path) -> dict[str, ast.expr]:
    """What the names at the top of a file are bound to."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
    return {node.targets[0].id: node.value for node in assigned}


def file_of(claim: catalogue.Written) -> Path:
    """Where the claim stands."""
    return catalogue.PACKAGE.parent / claim.place.partition("#")[0]


@cache
def look_up(name: str) -> object | None:
    """What a dotted name is in torch, in Python or in NumPy; it may go without ``torch.nn`` and the like."""
    first, *rest = name.split(".")
    first = SHORT.get(first, first)
    known = first.partition(".")[0] in {*sys.stdlib_module_names, "torch", "numpy"}
    for start in ("",) if known else STARTS:
        module, *parts = f"{start}{first}".split(".") + rest
        try:
            thing = importlib.import_module(module)
            for position, part in enumerate(parts, 1):
                thing = getattr(thing, part, None) or importlib.import_module(".".join([module, *parts[:position]]))
        except ImportError:
            continue
        return thing
    return None


@cache
def attributes() -> frozenset[str]:
    """What users call on the things that this specification is about, and the arguments that these calls take."""
    import torch
    from torch import nn

    owners = (torch, nn, nn.Module, nn.Parameter, torch.Tensor, torch.optim.Optimizer, nn.utils, torch.optim)
    calls = [call for owner in owners[2:4] for _, call in inspect.getmembers(owner, callable)]
    names = {name for owner in owners for name in dir(owner)} | set(vars(nn.Module()))
    return frozenset(names | {argument for call in calls for argument in taken(call)})


@cache
def arguments(name: str) -> frozenset[str]:
    """What a function or class takes."""
    return frozenset(taken(look_up(name.lstrip("."))))


def taken(call: object) -> Iterable[str]:
    """The arguments of a function or class; none where it does not tell them."""
    try:
        return inspect.signature(call).parameters
    except (TypeError, ValueError):
        return ()


def main(files: list[str]) -> int:
    """Print what is wrong in these files, or in all chapters; the status is 1 where something is."""
    warnings.filterwarnings("ignore", "Failed to initialize NumPy")
    everything = catalogue.claims().values()
    chosen = {Path(file).resolve() for file in files}
    found = [breach for breach in breaches(everything) if not chosen or chosen & {place_of(breach)}]
    print("\n".join(found) or "every sentence keeps the rules")
    return 1 if found else 0


def place_of(breach: str) -> Path:
    """The file that a breach is in."""
    return catalogue.PACKAGE.parent / breach.rpartition("(")[2].partition("#")[0]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
