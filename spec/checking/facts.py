"""What is found out about a module once, for all that is said about it afterwards."""

import copy
import pickle
import types
import warnings
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path

import torch
from torch import nn

from .code import counts_up
from .digits import counted_up, lost_digits
from .holding import MACHINERY, Held, children, held_tensors, join, own_attributes
from .restoring import Snapshot
from .state import PARAMETER, Entry, entries
from .walking import children_of, registry
from .walking import parts as each_once
from .walking import paths as every_path

DEPTH, WIDTH = 4, 100  # how far a part of the module is looked for in what a function closes over
TORCH = str(Path(torch.__file__).parent)
THEIRS = " (torch refuses it)"
OFFLOADING = "_hf_hook"  # where accelerate keeps what brings parameters in for a forward
WRAPPERS = {"OptimizedModule": "_orig_mod.", "DistributedDataParallel": "module.", "DataParallel": "module."}


@dataclass
class Facts:
    """A module, what it holds and what its own methods say of it.

    ``parts`` are its modules, each once, by path; ``passed_over`` are those that torch's listings leave out, by their
    ids, with the path of the one that each of them equals; ``listed`` are the ids of what its own ``parameters()``
    gives. Its own methods and hooks are called within ``as_it_was``. Where trials were made: ``dropped`` are tensors
    that a move takes away, ``in_step`` the paths of second references that it renews, ``restored`` and ``computed`` are
    tensors that a load brings back in whatever form, or works out from what it brings back; ``untried`` is why that
    could not be tried.
    """

    model: nn.Module
    parts: list[tuple[str, nn.Module]]
    entries: list[Entry]
    held: list[Held]
    functions: list[tuple[Held, object]]
    as_it_was: Snapshot
    passed_over: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    listed: set[int] | None = None
    cause: str = ""
    unsaved: str = ""
    kinds: dict[int, str] = field(default_factory=dict)
    names: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    storages: dict[int, int] = field(default_factory=dict)
    saved: dict[str, object] | None = None
    saved_names: dict[int, str] = field(default_factory=dict)
    saved_memory: set[tuple] | None = None
    moved: set[int] = field(default_factory=set)
    converted: set[int] = field(default_factory=set)
    refused_copy: str = ""
    refused_pickle: str = ""
    digits: dict[int, dict[str, str]] = field(default_factory=dict)
    home: str = ""
    dropped: set[int] = field(default_factory=set)
    in_step: set[str] = field(default_factory=set)
    restored: set[int] = field(default_factory=set)
    computed: set[int] = field(default_factory=set)
    untried: str = ""

    def is_saved(self, tensor: torch.Tensor) -> bool:
        if id(tensor) in self.saved_names or id(tensor) in self.restored:
            return True
        if self.saved_memory is None:
            values = [each for value in (self.saved or {}).values() for each in tensors_in(value)]
            self.saved_memory = {geometry(each) for each in values}
        return geometry(tensor) in self.saved_memory

    def storage_of(self, tensor: torch.Tensor) -> int:
        if id(tensor) not in self.storages:
            self.storages[id(tensor)] = storage(tensor)
        return self.storages[id(tensor)]

    def kind_of(self, tensor: torch.Tensor) -> str:
        return self.kinds[id(tensor)]

    @property
    def values(self) -> dict[int, torch.Tensor]:
        return {id(entry.tensor): entry.tensor for entry in self.entries}


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
        with as_it_was:
            facts.listed = own_listing(model)
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


def has_values(tensor: torch.Tensor) -> bool:
    return (
        not nn.parameter.is_lazy(tensor)
        and tensor.device.type != "meta"
        and tensor.layout is torch.strided
        and not tensor.is_nested
        and is_ordinary(tensor)
        and not tensor.is_quantized
    )


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


def passed_over(parts: list[tuple[str, nn.Module]]) -> dict[int, str]:
    """The ids of the modules that torch's listings leave out, and which module each of them equals."""
    seen: dict[nn.Module, str] = {}
    found = {}
    for path, part in parts:
        if compares(type(part)):
            try:
                other = seen.setdefault(part, path)
            except Exception:  # it has no hash: every listing raises
                continue
            if other != path:
                found.update((id(each), other) for _, each in every_path(part))
    return found


@cache
def compares(owner: type) -> bool:
    """Whether a class of modules has a say in which of them are equal."""
    if issubclass(owner, torch.jit.ScriptModule):
        return False
    return owner.__eq__ is not object.__eq__ or owner.__hash__ is not object.__hash__


def hashable(part: nn.Module) -> bool:
    """Whether ``hash()`` of the module raises nothing, of whatever kind."""
    try:
        hash(part)
    except Exception:
        return False
    return True


def own_listing(model: nn.Module) -> set[int] | None:
    """The ids of the parameters that an overridden ``parameters()`` lists; None where torch's own lists all."""
    names = ("parameters", "named_parameters")
    if type(model).__module__.startswith("torch.") or all(
        getattr(type(model), name) is getattr(nn.Module, name) for name in names
    ):
        return None
    try:
        return {id(parameter) for parameter in model.parameters()}
    except Exception:
        return None


@cache
def has_own_children(owner: type) -> bool:
    """Whether a class has a ``children()`` of its own, which torch's loops call too."""
    if issubclass(owner, torch.jit.ScriptModule):
        return False
    return any(getattr(owner, name) is not getattr(nn.Module, name) for name in ("children", "named_children"))


def reached_by(part: nn.Module) -> Iterator[nn.Module]:
    """The children that torch's own loops come by: each once, and none that equals one before."""
    seen: set[object] = set()
    own = part.children() if has_own_children(type(part)) else [child for _, child in children_of(part)]
    for child in own:
        key = child if compares(type(child)) and hashable(child) else id(child)
        if key not in seen:
            seen.add(key)
            yield child


def is_ordinary(tensor: torch.Tensor) -> bool:
    inside = tensor.data if type(tensor) is nn.Parameter else tensor
    return type(inside) in (torch.Tensor, nn.Parameter) or nn.parameter.is_lazy(tensor)


def storage(tensor: torch.Tensor) -> int:
    """What tells which memory a tensor has; its own id where it has none of the usual kind."""
    try:
        if nn.parameter.is_lazy(tensor) or tensor.layout is not torch.strided:
            return id(tensor)
        return untyped_storage(tensor)._cdata
    except Exception:  # a subclass without memory of its own
        return id(tensor)


def untyped_storage(tensor: torch.Tensor) -> torch.UntypedStorage:
    """The memory of a tensor, in bytes, also before torch 2.0."""
    return tensor.untyped_storage() if hasattr(tensor, "untyped_storage") else tensor.storage().untyped()


def stretch(tensor: torch.Tensor) -> range | None:
    """The bytes of its memory that a tensor with strides fills, in whatever order; None where it leaves some out."""
    elements = 1
    for step, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size != 1 and step != elements:
            return None
        elements *= size
    start = tensor.storage_offset() * tensor.element_size()
    return range(start, start + elements * tensor.element_size())


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
            for child in reached_by(self):
                child._apply(fn)
        if isinstance(self, torch.jit.ScriptModule):
            own = [*self.parameters(recurse=False), *self.buffers(recurse=False)]
        else:
            own = [*registry(self, "_parameters").values(), *registry(self, "_buffers").values()]
        for tensor in own:
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
        with facts.as_it_was:
            return copy.deepcopy(part, memo)
    except Exception as error:
        if not facts.refused_copy:  # that is said of the whole module
            note = f"a {type(part).__name__} can't be copied without its values: what its own loading does is not tried"
            facts.notes += [] if f"{note}: {spelled(error)}" in facts.notes else [f"{note}: {spelled(error)}"]
        return None


def without_values(tensor: torch.Tensor, dtype: torch.dtype | None = None) -> torch.Tensor:
    if nn.parameter.is_lazy(tensor) or not is_ordinary(tensor):
        return tensor
    with torch.no_grad():
        empty = torch.empty_strided(tensor.shape, tensor.stride(), dtype=dtype or tensor.dtype, device="meta")
    return registered_like(tensor, empty)


def registered_like(tensor: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """``values`` as a parameter where ``tensor`` is one, which requires a gradient where that does."""
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(values, requires_grad=tensor.requires_grad)
    return values.requires_grad_(tensor.requires_grad and tensor.is_leaf)


def refused_by_deepcopy(facts: Facts) -> str:
    """What ``copy.deepcopy`` refuses in the module and where, or nothing. No tensor is copied, and no module twice."""
    memo = copied_already(facts)
    for prefix, part in facts.parts:
        if isinstance(part, torch.jit.ScriptModule):
            continue
        if has_own_copy(type(part)):
            try:
                copy.deepcopy(part, {key: value for key, value in memo.items() if key != id(part)})
            except Exception as error:
                return f"{refusal(error)}, at {prefix or 'the module itself'}"
            continue
        for name, value in own_attributes(part):
            try:
                copy.deepcopy(value, memo)
            except Exception as error:
                return f"{refusal(error)}, at {join(prefix, name)}"
    for path, tensor in usual_tensors(facts):
        if isinstance(tensor, nn.Parameter):  # a copy of it has no attributes
            continue
        try:
            if tensor.is_nested or tensor.layout is not torch.strided:
                copy.deepcopy(tensor if tensor.is_nested else torch.zeros_like(tensor))
            copy.deepcopy(vars(tensor), memo)
        except Exception as error:
            return f"{refusal(error)}, at {path}"
    return ""


def copied_already(facts: Facts) -> dict[int, object]:
    """What tells ``copy.deepcopy`` that tensors and modules are copied, as what they are."""
    memo: dict[int, object] = {id(part): part for _, part in facts.parts}
    memo.update((id(each.tensor), each.tensor) for each in [*facts.held, *facts.entries])
    return memo


def usual_tensors(facts: Facts) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of torch's own classes, each once, where no module has a say in how it is copied."""
    found = [(each.path, each.tensor, each.owner) for each in [*facts.entries, *facts.held]]
    for path, tensor, owner in {id(each[1]): each for each in reversed(found)}.values():
        if isinstance(owner, torch.jit.ScriptModule) or has_own_copy(type(owner)):
            continue
        if is_ordinary(tensor) and not nn.parameter.is_lazy(tensor):
            yield path, tensor


def refusal(error: Exception) -> str:
    """An exception in one line, and whether it was code of torch's that raised it."""
    step = error.__traceback__
    while step and step.tb_next:
        step = step.tb_next
    theirs = step and step.tb_frame.f_code.co_filename.startswith(TORCH)
    return spelled(error) + (THEIRS if theirs else "")


@cache
def has_own_copy(owner: type) -> bool:
    """Whether a class of modules, or of what they hold, has a say in how it is copied."""
    usual = nn.Module if issubclass(owner, nn.Module) else object
    if owner.__module__ in ("builtins", "collections"):
        return False
    return any(
        getattr(owner, name, None) is not getattr(usual, name, None)
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


def refused_by_pickle(facts: Facts) -> str:
    """What pickle refuses in the module and where, or nothing."""
    apart = frozenset(id(part) for _, part in facts.parts)
    classes = set()

    def refused(value: object, apart: frozenset[int]) -> str:
        try:
            pickler = WithoutValues(Nowhere())
            pickler.apart = apart
            pickler.dump(value)
        except Exception as error:
            return refusal(error)
        return ""

    for prefix, part in facts.parts:
        if isinstance(part, torch.jit.ScriptModule) or type(part).__module__.startswith(MACHINERY):
            return ""
        if has_own_copy(type(part)):
            if why := refused(part, apart - {id(part)}):
                return f"{why}, at {prefix or 'the module itself'}"
            continue
        if type(part) not in classes:
            classes.add(type(part))
            if why := refused(type(part), apart):
                return f"{why}, at {prefix or 'the module itself'}"
        for name, value in own_attributes(part):
            if why := refused(value, apart):
                return f"{why}, at {join(prefix, name)}"
    for path, tensor in usual_tensors(facts) if pickles_attributes() else ():
        if vars(tensor) and (why := refused(vars(tensor), apart)):
            return f"{why}, at {path}"
    return ""


@cache
def pickles_attributes() -> bool:
    """Whether the Python attributes of a tensor are pickled with it, as from torch 2.0 on."""
    tensor = nn.Parameter(torch.zeros(0))
    tensor.attribute = lambda: None
    try:
        pickle.dumps(tensor)
    except Exception:
        return True
    return False


def bound_to(facts: Facts) -> Iterator[tuple[str, str]]:
    """Functions and weak references kept on the module that lead to a part of it, which a copy goes on using.

    Methods are copied with what they are bound to, functions are not: their closures and defaults stay.
    """
    inside = {id(part): prefix or "the module itself" for prefix, part in facts.parts}
    inside.update((id(entry.tensor), entry.path) for entry in facts.entries)
    for where, shared in facts.functions:
        if any(has_own_copy(type(each)) for each in (where.owner, *where.inside)):  # it may make it anew
            continue
        if isinstance(shared, weakref.ref):
            part = shared()
            part = getattr(part, "__self__", part) if isinstance(shared, weakref.WeakMethod) else part
            if id(part) in inside:
                yield where.path, f"a weak reference to {inside[id(part)]}"
        elif what := led_to(shared, inside):
            yield where.path, f"a function that leads to {what}"


def led_to(function: object, inside: dict[int, str]) -> str:
    """The part of the module that a function comes by in what it closes over or has as defaults, or nothing."""
    waiting = deque((child, 0) for step, child in own_steps(function))
    seen = {id(function)}
    while waiting:
        value, depth = waiting.popleft()
        if id(value) in inside:
            return inside[id(value)]
        if id(value) in seen or depth > DEPTH or isinstance(value, torch.Tensor | nn.Module | type(torch)):
            continue
        seen.add(id(value))
        waiting += ((child, depth + 1) for _, child in islice(own_steps(value), WIDTH))
    return ""


def own_steps(value: object) -> Iterator[tuple[str, object]]:
    """What a value holds, but for what a wrapper notes of the function that it was made from."""
    for step, child in children(value):
        if step != ".__wrapped__" or not isinstance(value, types.FunctionType):
            yield step, child


def spelled(error: BaseException) -> str:
    """An exception in one line, no longer than a reader needs."""
    return f"{type(error).__name__}: {one_line(error)}".removesuffix(": ")


def one_line(value: object) -> str:
    """What a value says of itself, without what a terminal would obey."""
    try:
        text = str(value)
    except Exception as error:
        text = f"({type(error).__name__} where it is shown)"
    text = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return text if len(text) <= 200 else text[:197] + "..."


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
