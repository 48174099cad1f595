"""What torch's own loops over a module come by."""

from collections.abc import Callable, Iterator
from functools import cache

import torch
from torch import nn

from .facts import Facts
from .walking import children_of, registry
from .walking import paths as every_path
from .words import spelled


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


def own_listing(facts: Facts) -> set[int] | None:
    """The ids of the parameters that an overridden ``parameters()`` lists; None where torch's own lists all."""
    model, names = facts.model, ("parameters", "named_parameters")
    if type(model).__module__.startswith("torch.") or all(
        getattr(type(model), name) is getattr(nn.Module, name) for name in names
    ):
        return None
    try:
        with facts.as_it_was:
            return {id(parameter) for parameter in model.parameters()}
    except Exception:  # it needs what is not there yet: nothing is said of what it lists
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
