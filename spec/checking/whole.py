"""Findings about the whole module: what it loads, what copies it, what it shares with another instance."""

import copy
import inspect
from collections.abc import Iterator

import torch
from torch import nn

from .code import changes_in_place, in_use, needed
from .copying import THEIRS, copied_already, has_own_copy
from .factories import redrawn
from .facts import Facts
from .finding import Finding
from .holding import REGISTRIES
from .instances import Remembered, memory_of, shapes
from .listing import compares, hashable
from .loading import equals, makes_room, own_state_dict
from .memory import has_values
from .state import PARAMETER, entries

ARGUMENTS = (
    ("_apply", "recurse", "no-recurse", "to_empty()"),
    ("load_state_dict", "assign", "no-assign", "load_state_dict(assign=True)"),
)


def findings(facts: Facts, remembered: Remembered | None) -> Iterator[Finding]:
    yield from compared(facts)
    if facts.unsaved:
        yield Finding(
            "not-saved",
            "",
            facts.unsaved,
            "saving",
            "look for the override or hook that raises; where nothing is to be saved, let it return an empty dict",
        )
    if facts.refused_copy:
        yield Finding(
            "copy-refused",
            "",
            f"copy.deepcopy raises {facts.refused_copy}",
            "an average of the model, a snapshot, a replica",
            "keep what can't be copied outside of the module"
            + ("" if THEIRS in facts.refused_copy else ", or define __deepcopy__"),
        )
    for path, part in facts.parts:
        if what := miscopied(facts, part):
            yield Finding(
                "miscopied",
                path,
                f"copy.deepcopy of {type(part).__name__} gives {what}",
                "an average of the model, a snapshot, a replica",
                "copy.deepcopy each of its attributes in __deepcopy__, or leave out __deepcopy__ and __getstate__",
            )
    if facts.refused_pickle:
        yield Finding(
            "pickle-refused",
            "",
            f"pickle raises {facts.refused_pickle}",
            "torch.save(model) and a spawned process that is given the model",
            "save model.state_dict(): torch has no other way for this one"
            if THEIRS in facts.refused_pickle
            else "save model.state_dict(); a function of a module in place of a lambda or a local one",
        )
    for method, argument, kind, call in ARGUMENTS:
        if not takes(facts.model, method, argument):
            yield Finding(
                kind,
                "",
                f"{method}() of {type(facts.model).__name__} takes no {argument}",
                f"{call}, which raises TypeError",
                f"take {argument} in the override and give it to super().{method}()",
            )
    yield from own_state_dict(facts)
    if remembered:
        yield from another_instance(facts, remembered)


def takes(model: nn.Module, method: str, argument: str) -> bool:
    """Whether a method of a module takes an argument that nn.Module's own takes; False only where it is certain."""
    if argument not in inspect.signature(getattr(nn.Module, method)).parameters:  # both came with torch 2.1
        return True
    try:
        signature = inspect.signature(getattr(model, method))
    except Exception:  # what is called has none
        return True
    try:
        signature.bind(None, **{argument: True})
    except TypeError:
        return False
    return True


def miscopied(facts: Facts, part: nn.Module) -> str:
    """What a deep copy gives where a class has a say in it and the copy is none; the parts are left as they are."""
    if not has_own_copy(type(part)) or type(part).__module__.startswith("torch."):
        return ""
    memo = {key: value for key, value in copied_already(facts).items() if key != id(part)}
    try:
        with facts.as_it_was, redrawn():
            torch.default_generator.seed()  # or what it draws might be what the module drew
            made = copy.deepcopy(part, memo)
    except Exception:  # that is another finding
        return ""
    if made is part:
        return "the module itself"
    if not isinstance(made, nn.Module):
        return f"an object of type {type(made).__name__}"
    there = {entry.path: entry.tensor for entry in entries(made)}
    for entry in entries(part):
        other = there.get(entry.path)
        if other is None:
            return f"a module without {entry.path}"
        if other is not entry.tensor and has_values(entry.tensor) and has_values(other) and differ(other, entry.tensor):
            return f"a module with another {entry.path}"
    lacking = vars(part).keys() - vars(made).keys()
    for name in sorted(each for each in lacking if not hasattr(made, each)):
        if needed(type(part), name):
            return f"a module without {name}, which forward reads"
    return ""


def differ(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape != other.shape or one.dtype != other.dtype or not equals(one, other)


def compared(facts: Facts) -> Iterator[Finding]:
    """Modules with an ``__eq__`` of their own, which torch keeps in sets as it lists them; one of each class."""
    told: set[object] = set()
    mend = "leave __eq__ out (eq=False for a dataclass), or write __hash__ = nn.Module.__hash__"
    for path, part in facts.parts:
        owner = type(part)
        if compares(owner) and not hashable(part) and owner not in told:
            told.add(owner)
            yield Finding(
                "unhashable",
                path,
                f"{owner.__name__} can't be hashed, "
                + ("as it defines __eq__ alone" if owner.__hash__ is None else "its __hash__ raises"),
                "parameters(), buffers(), zero_grad() and, in a module around it, to(), eval() raise TypeError",
                mend,
            )
        root = path.rpartition(".")[0]
        if id(part) in facts.passed_over and root not in told:
            told.add(path)
            other = facts.passed_over[id(part)]
            yield Finding(
                "counts-as-one",
                path,
                f"{owner.__name__} equals {other or 'the module itself'} and hashes like it: it is passed over",
                "an optimizer built from parameters(), and among siblings to(), eval(), requires_grad_()",
                "leave __eq__ and __hash__ out (eq=False for a dataclass), and compare by a method of another name",
            )
        elif id(part) in facts.passed_over:
            told.add(path)


def another_instance(facts: Facts, remembered: Remembered) -> Iterator[Finding]:
    now = shapes(facts.saved or {})
    before = remembered.shapes
    if facts.saved is not None and before:
        differing = [key for key in {**before, **now} if before.get(key, "absent") != now.get(key, "absent")]
        if differing and not makes_room(facts, before):
            some = ", ".join(differing[:3]) + (", ..." if len(differing) > 3 else "")
            yield Finding(
                "other-keys",
                "",
                f"{len(differing)} keys or shapes are others in another instance: {some}",
                "loading: the file of one instance doesn't fit the next",
                "let the arguments decide the architecture, not a random draw or a process-wide counter",
            )
    shared = {id(each): path for path, each in remembered.kept}
    parts = {path: part for path, part in facts.parts if id(part) in shared}
    within: list[str] = []
    for path, part in parts.items():
        if any(path == other or path.startswith(f"{other}.") or other == "" for other in within):
            continue
        if any(True for _ in entries(part)):
            within.append(path)
            yield shared_with(path, f"the same {type(part).__name__} as in another instance")
    told = set()
    for each in [*facts.entries, *(held for held in facts.held if id(held.tensor) in facts.moved)]:
        path, tensor = each.path, each.tensor
        if id(tensor) in shared and id(tensor) not in told and not any(inside(path, other) for other in within):
            told.add(id(tensor))
            if isinstance(tensor, nn.Parameter) or tensor.requires_grad:
                yield shared_with(path, "the same parameter as in another instance")
            elif facts.is_saved(tensor) or in_use(type(each.owner), each.name):  # a constant may be shared
                bites = "a load into one model, or a change in place, changes the other"
                yield shared_with(path, "the same tensor as in another instance", bites)

    yield from shared_registries(facts, remembered, within)
    yield from shared_memory(facts, remembered, told, within)


def shared_registries(facts: Facts, remembered: Remembered, within: list[str]) -> Iterator[Finding]:
    known = {id(each): each for each in remembered.registries}
    for path, part in facts.parts if known else ():
        for name in REGISTRIES:
            if id(vars(part).get(name)) in known and not any(path == each or inside(path, each) for each in within):
                yield shared_with(path, f"{name} of this {type(part).__name__} is that of another instance too")


def shared_memory(facts: Facts, remembered: Remembered, told: set[int], within: list[str]) -> Iterator[Finding]:
    """Tensors of their own in a memory that outlived the other instance, where something writes into them."""
    alive = {each.cdata for each in remembered.memory}
    for together in facts.memory.values() if alive else ():
        for entry in together:
            of = memory_of(entry.tensor)
            written = entry.kind == PARAMETER or changes_in_place(type(entry.owner), entry.name)
            if of is None or of._cdata not in alive or id(entry.tensor) in told:
                continue
            if written and not any(inside(entry.path, other) for other in within):
                kind = "parameter" if isinstance(entry.tensor, nn.Parameter) else "buffer"
                yield shared_with(entry.path, f"a {kind} in the same memory as in another instance")


def inside(path: str, other: str) -> bool:
    return other == "" or path.startswith((f"{other}.", f"{other}["))


def shared_with(
    path: str, what: str, bites: str = "training, moving or loading one model changes the other"
) -> Finding:
    return Finding(
        "shared-instances",
        path,
        what,
        bites,
        "build it for each instance, or .clone() what comes out of a cache",
    )
