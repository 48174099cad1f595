"""Looking at a module once, for all that is said about it afterwards."""

import warnings
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import nn

from .code import counts_up
from .copying import refused_by_deepcopy, refused_by_pickle
from .digits import counted_up, lost_digits
from .facts import Facts, tensors_in
from .holding import Held, held_tensors
from .listing import own_listing, passed_over, reached
from .memory import has_values, is_ordinary
from .restoring import Snapshot
from .state import PARAMETER, entries
from .walking import parts as each_once
from .walking import paths as every_path
from .walking import registry
from .words import counted, spelled

OFFLOADING = "_hf_hook"  # where accelerate keeps what brings parameters in for a forward
WRAPPERS = {"OptimizedModule": "_orig_mod.", "DistributedDataParallel": "module.", "DataParallel": "module."}


def look(model: nn.Module, progress: Callable[[str], None] = lambda text: None, home: str = "") -> Facts:
    """Everything about ``model``, which stays as it is; what can't be found out is a note."""
    progress("looking for tensors")
    functions: list[tuple[Held, object]] = []
    paths = every_path(model)
    parts = each_once(paths)
    held = held_tensors(model, functions, parts)
    as_it_was = Snapshot(part for _, part in parts)
    facts = Facts(model, parts, list(entries(model, paths)), held, functions, as_it_was, passed_over(parts), home=home)
    for entry in facts.entries:
        facts.kinds.setdefault(id(entry.tensor), entry.kind)
        if entry.path not in facts.names[id(entry.tensor)]:
            facts.names[id(entry.tensor)].append(entry.path)
        if len(facts.names[id(entry.tensor)]) == 1:
            facts.memory[facts.storage_of(entry.tensor)].append(entry)
    facts.cause = without_state(facts)
    facts.notes += [facts.cause] if facts.cause else []
    facts.notes += said_once(facts)
    progress("asking what it saves, moves and converts")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        facts.listed = own_listing(facts)
        with as_it_was:
            find_saved(facts)
        with as_it_was:
            facts.moved = reached(facts, "Module.to.<locals>.convert")
        with as_it_was:
            facts.converted = reached(facts, "Module.half.<locals>.<lambda>")
        progress("copying and pickling it without its values")
        with as_it_was:
            facts.refused_copy = refused_by_deepcopy(facts)
            facts.refused_pickle = refused_by_pickle(facts)
    progress("rounding its buffers")
    known: dict[tuple, dict[str, str]] = {}
    for entry in facts.entries:
        if entry.kind != PARAMETER and id(entry.tensor) not in facts.digits and has_values(entry.tensor):
            lost = lost_digits(entry.tensor, known)
            if not lost and counts_up(type(entry.owner), entry.name):
                lost = counted_up(entry.tensor)
            facts.digits[id(entry.tensor)] = lost
    return facts


def without_state(facts: Facts) -> str:
    """Why the module has no state of its own to look at, in one line; nothing where it has."""
    lazy = [entry.path for entry in facts.entries if nn.parameter.is_lazy(entry.tensor)]
    if lazy:
        return (
            f"lazy: {counted(len(lazy), 'tensor')} without a shape until the first forward, which is not run here "
            f"(the first is {lazy[0]}); let the factory run it once"
        )
    unread = [entry.path for entry in facts.entries if entry.tensor.device.type == "meta"]
    if not unread:
        return ""
    some = "all tensors are" if len(unread) == len(facts.entries) else f"{counted(len(unread), 'tensor')} are"
    some += f" on meta (the first is {unread[0]})"
    if any(OFFLOADING in vars(part) for _, part in facts.parts):
        return f"offloaded: {some} until a forward needs them; look at the model before it is dispatched"
    return f"{some} and have no values: nothing is said of digits and of what is equal in another instance"


def said_once(facts: Facts) -> Iterator[str]:
    """What is unusual about the whole module, and what that means for what is said of it."""
    model = facts.model
    if prefix := WRAPPERS.get(type(model).__name__):
        name = type(model).__name__
        yield f'wrapped by {name}: every key begins with "{prefix}"; check the module inside for its own names'
    if any(isinstance(part, torch.jit.ScriptModule) for _, part in facts.parts):
        yield "scripted or traced: only parameters and buffers are seen, plain tensors are part of the code"
    subclasses = {type(entry.tensor).__name__ for entry in facts.entries if not is_ordinary(entry.tensor)}
    if subclasses:
        yield f"tensors of {', '.join(sorted(subclasses))}: what these classes do by themselves is not looked into"
    packed = sorted({type(part).__name__ for _, part in facts.parts if is_packed(part)})
    if packed:
        yield f"quantized: the weights of {', '.join(packed)} are packed and no tensors of the module"


def is_packed(part: nn.Module) -> bool:
    inside = vars(part)
    return "_packed_params" in inside or "_packed_params" in registry(part, "_modules")


def find_saved(facts: Facts) -> None:
    """What is in ``state_dict()``, and which tensors those are; in extra state, however deep."""
    try:
        try:
            saved = facts.model.state_dict(keep_vars=True)
        except TypeError:  # an override that doesn't know the argument
            saved = facts.model.state_dict()
        if not isinstance(saved, Mapping):
            facts.unsaved = f"state_dict() returns an object of type {type(saved).__name__}, no mapping"
            facts.cause = facts.cause or facts.unsaved
            return
        facts.saved = {str(key): value for key, value in saved.items()}
    except Exception as error:
        facts.unsaved = f"state_dict() raises {spelled(error)}"
        facts.cause = facts.cause or facts.unsaved
        facts.notes.append(f"{facts.unsaved}: nothing else is said about what is saved")
        return
    for key, value in facts.saved.items():
        for tensor in (value,) if isinstance(value, torch.Tensor) else tensors_in(value):
            facts.saved_names.setdefault(id(tensor), key)
