"""What is found out about a module once, for all that is said about it afterwards."""

import copy
import pickle
import types
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import nn

from .digits import lost_digits
from .holding import MACHINERY, Held, children, held_tensors, join, own_attributes
from .state import PARAMETER, Entry, entries

WRAPPERS = {"OptimizedModule": "_orig_mod.", "DistributedDataParallel": "module.", "DataParallel": "module."}


@dataclass
class Facts:
    """A module, what it holds and what its own methods say of it."""

    model: nn.Module
    entries: list[Entry]
    held: list[Held]
    functions: list[tuple[str, object, nn.Module]]
    notes: list[str] = field(default_factory=list)
    kinds: dict[int, str] = field(default_factory=dict)
    names: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    saved: dict[str, object] | None = None
    saved_names: dict[int, str] = field(default_factory=dict)
    saved_memory: set[tuple] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    converted: set[int] = field(default_factory=set)
    refused_copy: str = ""
    refused_pickle: str = ""
    digits: dict[int, dict[str, str]] = field(default_factory=dict)
    home: str = ""

    def is_saved(self, tensor: torch.Tensor) -> bool:
        return id(tensor) in self.saved_names or geometry(tensor) in self.saved_memory

    def kind_of(self, tensor: torch.Tensor) -> str:
        return self.kinds[id(tensor)]

    @property
    def values(self) -> dict[int, torch.Tensor]:
        return {id(entry.tensor): entry.tensor for entry in self.entries}


def look(model: nn.Module, progress: Callable[[str], None] = lambda text: None, home: str = "") -> Facts:
    """Everything about ``model``, which stays as it is; what can't be found out is a note."""
    progress("looking for tensors")
    functions: list[tuple[str, object, nn.Module]] = []
    facts = Facts(model, list(entries(model)), held_tensors(model, functions), functions, home=home)
    for entry in facts.entries:
        facts.kinds.setdefault(id(entry.tensor), entry.kind)
        if entry.path not in facts.names[id(entry.tensor)]:
            facts.names[id(entry.tensor)].append(entry.path)
        if len(facts.names[id(entry.tensor)]) == 1:
            facts.memory[storage(entry.tensor)].append(entry)
    facts.notes += said_once(facts)
    progress("asking what it saves, moves and converts")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        find_saved(facts)
        facts.moved = reached(facts, "Module.to.<locals>.convert")
        facts.converted = reached(facts, "Module.half.<locals>.<lambda>")
        progress("copying and pickling it without its values")
        facts.refused_copy = refused_by_deepcopy(model, facts.held)
        facts.refused_pickle = refused_by_pickle(model)
    progress("rounding its buffers")
    known: dict[tuple, dict[str, str]] = {}
    for entry in facts.entries:
        if entry.kind != PARAMETER and id(entry.tensor) not in facts.digits and has_values(entry.tensor):
            facts.digits[id(entry.tensor)] = lost_digits(entry.tensor, known)
    return facts


def has_values(tensor: torch.Tensor) -> bool:
    return (
        not nn.parameter.is_lazy(tensor)
        and tensor.device.type != "meta"
        and tensor.layout is torch.strided
        and is_ordinary(tensor)
        and not tensor.is_quantized
    )


def said_once(facts: Facts) -> Iterator[str]:
    """What is unusual about the whole module, and what that means for what is said of it."""
    model = facts.model
    if prefix := WRAPPERS.get(type(model).__name__):
        yield f'a {type(model).__name__}: every key begins with "{prefix}"; check the module inside for its own names'
    lazy = [entry.path for entry in facts.entries if nn.parameter.is_lazy(entry.tensor)]
    if lazy:
        yield (
            f"lazy: {counted(len(lazy), 'tensor')} without a shape until the first forward, which is not run here "
            f"(the first is {lazy[0]}); let the factory run it once"
        )
    unread = [entry for entry in facts.entries if entry.tensor.device.type == "meta"]
    if unread:
        some = "all tensors are" if len(unread) == len(facts.entries) else f"{counted(len(unread), 'tensor')} are"
        yield f"{some} on meta and have no values: nothing is said of digits and of what is equal in another instance"
    if any(isinstance(part, torch.jit.ScriptModule) for part in model.modules()):
        yield "scripted or traced: only parameters and buffers are seen, plain tensors are part of the code"
    subclasses = {type(entry.tensor).__name__ for entry in facts.entries if not is_ordinary(entry.tensor)}
    if subclasses:
        yield f"tensors of {', '.join(sorted(subclasses))}: what these classes do by themselves is not looked into"
    packed = sorted({type(part).__name__ for part in model.modules() if hasattr(part, "_packed_params")})
    if packed:
        yield f"quantized: the weights of {', '.join(packed)} are packed and no tensors of the module"


def is_ordinary(tensor: torch.Tensor) -> bool:
    inside = tensor.data if type(tensor) is nn.Parameter else tensor
    return type(inside) in (torch.Tensor, nn.Parameter) or nn.parameter.is_lazy(tensor)


def storage(tensor: torch.Tensor) -> int:
    """What tells which memory a tensor has; its own id where it has none of the usual kind."""
    try:
        if nn.parameter.is_lazy(tensor) or tensor.layout is not torch.strided:
            return id(tensor)
        if hasattr(tensor, "untyped_storage"):
            return tensor.untyped_storage()._cdata
        return tensor.storage()._storage._cdata if hasattr(tensor.storage(), "_storage") else tensor.storage()._cdata
    except Exception:  # a subclass without memory of its own
        return id(tensor)


def geometry(tensor: torch.Tensor) -> tuple:
    """The place of a tensor in memory, the same for itself and its ``detach()``."""
    try:
        if tensor.numel() == 0:
            return ("empty", id(tensor))
        return storage(tensor), tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype
    except Exception:  # sparse, nested, packed
        return ("whole", id(tensor))


def find_saved(facts: Facts) -> None:
    """What is in ``state_dict()``, and which tensors those are; in extra state, however deep."""
    try:
        try:
            facts.saved = dict(facts.model.state_dict(keep_vars=True))
        except TypeError:  # an override that doesn't know the argument
            facts.saved = dict(facts.model.state_dict())
    except Exception as error:
        facts.notes.append(f"state_dict() raises {spelled(error)}: nothing is said about what is saved")
        return
    for key, value in facts.saved.items():
        for tensor in tensors_in(value):
            facts.saved_names.setdefault(id(tensor), key)
            facts.saved_memory.add(geometry(tensor))


def tensors_in(value: object, depth: int = 6) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif depth:
        for _, part in children(value):
            yield from tensors_in(part, depth - 1)


def reached(facts: Facts, called: str) -> set[int]:
    """The tensors that ``_apply`` of the module and of its submodules gives to the function of a move or conversion.

    nn.Module's own is replaced by one that only notes, and the function returns what it gets, so nothing changes. It
    is named like torch's, because overrides tell a conversion from a move by that name.
    """
    seen: set[int] = set()

    def note(tensor: torch.Tensor) -> torch.Tensor:
        seen.add(id(tensor))
        return tensor

    note.__qualname__ = called

    def only_note(self: nn.Module, fn: Callable, recurse: bool = True) -> nn.Module:
        if recurse:
            for child in self.children():
                child._apply(fn)
        for tensor in [*self._parameters.values(), *self._buffers.values()]:
            if tensor is not None:
                fn(tensor)
        return self

    original = nn.Module._apply
    nn.Module._apply = only_note
    try:
        facts.model._apply(note)
    except Exception as error:
        facts.notes.append(f"its _apply raises {spelled(error)}: parameters and buffers are taken to move")
        seen.update(facts.values)
    finally:
        nn.Module._apply = original
    return seen


def skeleton(facts: Facts, part: nn.Module) -> nn.Module | None:
    """A deep copy of ``part`` whose tensors are on meta, or None: nothing is copied but the objects between them."""
    memo: dict[int, object] = {}
    for tensor in [*facts.values.values(), *(held.tensor for held in facts.held)]:
        try:
            memo[id(tensor)] = without_values(tensor)
        except Exception:  # a tensor of a kind that has no empty one: the copy gets the tensor itself
            memo[id(tensor)] = tensor
    try:
        return copy.deepcopy(part, memo)
    except Exception:  # said of the whole module already
        return None


def without_values(tensor: torch.Tensor) -> torch.Tensor:
    if nn.parameter.is_lazy(tensor) or not is_ordinary(tensor):
        return tensor
    with torch.no_grad():
        empty = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(empty, requires_grad=tensor.requires_grad)
    return empty.requires_grad_(tensor.requires_grad and tensor.is_leaf)


def refused_by_deepcopy(model: nn.Module, held: list[Held]) -> str:
    """What ``copy.deepcopy`` refuses in ``model`` and where, or nothing. No tensor is copied, and no module twice."""
    memo: dict[int, object] = {id(part): part for part in model.modules()}
    memo.update((id(each.tensor), each.tensor) for each in held)
    memo.update((id(entry.tensor), entry.tensor) for entry in entries(model))
    for prefix, part in model.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            continue
        if has_own_copy(type(part)):
            try:
                copy.deepcopy(part, {key: value for key, value in memo.items() if key != id(part)})
            except Exception as error:
                return f"{spelled(error)}, at {prefix or 'the module itself'}"
            continue
        for name, value in own_attributes(part):
            try:
                copy.deepcopy(value, memo)
            except Exception as error:
                return f"{spelled(error)}, at {join(prefix, name)}"
    return ""


def has_own_copy(owner: type) -> bool:
    return any(
        getattr(owner, name, None) is not getattr(nn.Module, name, None)
        for name in ("__deepcopy__", "__reduce_ex__", "__reduce__", "__getstate__", "__setstate__")
    )


class Nowhere:
    """A file that keeps nothing."""

    def write(self, data: bytes) -> int:
        return len(data)


class WithoutValues(pickle.Pickler):
    """A pickler that leaves out the values of tensors, and the modules that are looked at by themselves."""

    apart: frozenset[int] = frozenset()

    def persistent_id(self, value: object) -> int | None:
        return id(value) if isinstance(value, torch.Tensor) or id(value) in self.apart else None


def refused_by_pickle(model: nn.Module) -> str:
    """What pickle refuses in ``model`` and where, or nothing."""
    parts = list(model.named_modules())
    apart = frozenset(id(part) for _, part in parts)
    classes = set()

    def refused(value: object, apart: frozenset[int]) -> str:
        try:
            pickler = WithoutValues(Nowhere())
            pickler.apart = apart
            pickler.dump(value)
        except Exception as error:
            return spelled(error)
        return ""

    for prefix, part in parts:
        if isinstance(part, torch.jit.ScriptModule) or type(part).__module__.startswith(MACHINERY):
            return ""
        if type(part) not in classes:
            classes.add(type(part))
            if why := refused(type(part), apart):
                return f"{why}, at {prefix or 'the module itself'}"
        if has_own_copy(type(part)):
            if why := refused(part, apart - {id(part)}):
                return f"{why}, at {prefix or 'the module itself'}"
            continue
        for name, value in own_attributes(part):
            if why := refused(value, apart):
                return f"{why}, at {join(prefix, name)}"
    return ""


def bound_to(facts: Facts) -> Iterator[tuple[str, str]]:
    """Functions kept on the module that hold a part of it, which a copy goes on using: path, and what they hold.

    Methods are copied with what they are bound to, functions are not: their closures and defaults stay.
    """
    inside = {id(part): prefix or "the module itself" for prefix, part in facts.model.named_modules()}
    inside.update((id(entry.tensor), entry.path) for entry in facts.entries)
    for path, function, owner in facts.functions:
        if has_own_copy(type(owner)):  # it may make the function anew
            continue
        for step, value in children(function):
            if step.startswith(".__wrapped__"):
                continue
            part = value.__self__ if isinstance(value, types.MethodType) else value
            if id(part) in inside:
                yield path, inside[id(part)]
                break


def spelled(error: BaseException) -> str:
    """An exception in one line, no longer than a reader needs."""
    text = " ".join(str(error).split())
    text = text if len(text) <= 200 else text[:197] + "..."
    return f"{type(error).__name__}: {text}".removesuffix(": ")


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
