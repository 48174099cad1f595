"""What a deep copy and a pickle of a module come by, tried without the values of its tensors."""

import copy
import pickle
import types
import weakref
from collections import deque
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import torch
from torch import nn

from .facts import Facts
from .holding import MACHINERY, children, join, own_attributes
from .memory import is_ordinary
from .words import spelled

DEPTH, WIDTH = 4, 100  # how far a part of the module is looked for in what a function closes over
TORCH = str(Path(torch.__file__).parent)
THEIRS = " (torch refuses it)"


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
    except (pickle.PicklingError, AttributeError):  # which of them depends on Python
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
