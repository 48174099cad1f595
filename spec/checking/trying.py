"""What a module's own ``_apply``, saving and loading do, tried on copies of it without values."""

import contextlib
import copy
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from .bytecode import OVERWRITING, instructions
from .copying import bound_to, registered_like, without_values
from .facts import Facts, tensors_in
from .holding import classes, held_tensors
from .loading import IN_LOADING, has_a_say
from .memory import is_ordinary, storage
from .restoring import CONTAINERS, is_same, refill
from .state import entries
from .walking import parts, paths
from .words import spelled

BEFORE = ""  # the origin of what was there before a load
OF_A_SHAPE = re.compile("_like$|^new_")  # operators that take no value of what they are given


def try_out(facts: Facts) -> None:
    """Correct by trial what was read off the module as it is; what raises is left as it was."""
    own = {type(part)._apply for _, part in facts.parts if not type(part)._apply.__module__.startswith("torch.")}
    if own and not any(assigns_globally(each) for each in own):
        try_moving(facts)
    if facts.saved is not None and any(has_a_say(part) for _, part in facts.parts):
        try_loading(facts)


def try_moving(facts: Facts) -> None:
    """What moves and what is converted, where the module's own ``_apply`` may do it by itself."""
    moved = applied(facts, "cpu", lambda model: nn.Module.to(model, "meta"))
    converted = applied(facts, "meta", nn.Module.half)
    if converted is None:
        return
    trials = [converted] if moved is None else [moved, converted]
    for names, tensor in everything(facts):
        if not all(name in each.before for each in trials for name in names):
            continue  # it was not copied
        if not any(name in each.after for each in trials for name in names):
            facts.dropped.add(id(tensor))
            continue
        half = all(name in converted.after and converted.after[name].dtype is torch.half for name in names)
        if tensor.is_floating_point():
            note(facts.converted, tensor, half)
        if moved is not None:
            there = [moved.after.get(name) for name in names]
            note(facts.moved, tensor, all(each is not None and each.device.type == "meta" for each in there))
        elif half:  # such as by .data, which no tensor on another device can be assigned to
            facts.moved.add(id(tensor))
    for held in facts.held if moved else ():
        first = facts.names.get(id(held.tensor), [""])[0]
        if first and all(held.path in each.after and each.after[held.path] is each.after.get(first) for each in trials):
            facts.in_step.add(held.path)
    for together in facts.memory.values() if moved else ():
        some = [entry.path for entry in together[:50]]
        facts.in_step.update(path for path in some if all(in_one_memory(path, some, each.after) for each in trials))


def in_one_memory(path: str, paths: list[str], after: dict[str, torch.Tensor]) -> bool:
    """Whether a tensor has its memory with another one of these: each of them had one of its own in the copy."""
    others = {storage(after[other]) for other in paths if other != path and other in after}
    return path in after and storage(after[path]) in others


def assigns_globally(function: object) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and any(step.opname == "STORE_GLOBAL" for step in instructions(code))


def note(known: set[int], tensor: torch.Tensor, holds: bool) -> None:
    (known.add if holds else known.discard)(id(tensor))


def everything(facts: Facts) -> Iterator[tuple[list[str], torch.Tensor]]:
    """Each tensor that the module registers, with its paths, and each that it holds elsewhere alone."""
    values = facts.values
    for key, names in facts.names.items():
        yield names, values[key]
    for held in facts.held:
        if id(held.tensor) not in facts.names:
            yield [held.path], held.tensor


@dataclass
class Applied:
    """The tensors of a copy by their paths, before and after something was done to it."""

    before: dict[str, torch.Tensor]
    after: dict[str, torch.Tensor]


def applied(facts: Facts, device: str, do: Callable[[nn.Module], object]) -> Applied | None:
    """What ``do`` makes of a copy; None where there is none, or ``do`` raises."""
    model = copied(facts, device)
    if model is None:
        return None
    before = by_path(model)
    try:
        with facts.as_it_was, classes_as_they_were(facts), within(model), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            do(model)
    except Exception:  # what the copy lacks
        return None
    return Applied(before, by_path(model))


@contextlib.contextmanager
def within(model: nn.Module) -> Iterator[None]:
    """Raise where ``_apply`` of a module is called that is no part of ``model``, such as a global one."""
    every_part = parts(paths(model))
    hidden = (each for held in held_tensors(model, modules=every_part) for each in held.inside)
    known = {id(each) for each in (*(part for _, part in every_part), *hidden)}
    original = nn.Module._apply

    def apply_within(self: nn.Module, *arguments: object, **options: object) -> nn.Module:
        if id(self) not in known:
            raise LookupError(f"a {type(self).__name__} that is no part of the module")
        return original(self, *arguments, **options)

    nn.Module._apply = apply_within
    try:
        yield
    finally:
        nn.Module._apply = original


@contextlib.contextmanager
def classes_as_they_were(facts: Facts) -> Iterator[None]:
    before = [(each, dict(vars(each))) for each, _, _ in classes(facts.parts)]
    held = [each for _, attributes in before for each in attributes.values() if type(each) in CONTAINERS]
    inside = [(each, copy.copy(each)) for each in held]
    try:
        yield
    finally:
        for container, as_it_was in inside:
            if not is_same(container, as_it_was):
                refill(container, as_it_was)
        for each, attributes in before:
            for name, value in attributes.items():
                if vars(each).get(name) is not value:
                    setattr(each, name, value)


def by_path(model: nn.Module) -> dict[str, torch.Tensor]:
    every_path = paths(model)
    found = {}
    for held in held_tensors(model, modules=parts(every_path)):
        found.update((path, held.tensor) for path in (held.path, *held.others))
    found.update((entry.path, entry.tensor) for entry in entries(model, every_path))
    return found


def copied(facts: Facts, device: str) -> nn.Module | None:
    """A copy that shares neither a tensor nor a module with the model, or None; half types are float32 in it."""
    memo: dict[int, object] = {}
    for tensor in [*facts.values.values(), *(held.tensor for held in facts.held)]:
        if nn.parameter.is_lazy(tensor) or not (is_ordinary(tensor) and has_elements(tensor)):
            return None
        memo[id(tensor)] = thin(tensor, device)
    if any(isinstance(part, torch.jit.ScriptModule) for _, part in facts.parts) or any(bound_to(facts)):
        return None
    try:
        with facts.as_it_was:
            found = copy.deepcopy(facts.model, memo)
    except Exception:
        return None
    known = {*facts.values, *(id(part) for _, part in facts.parts)}
    every_path = paths(found)
    own = {*(id(part) for _, part in every_path), *(id(entry.tensor) for entry in entries(found, every_path))}
    return None if known & own else found


def has_elements(tensor: torch.Tensor) -> bool:
    return tensor.layout is torch.strided and not tensor.is_nested and not tensor.is_quantized


def thin(tensor: torch.Tensor, device: str) -> torch.Tensor:
    """A tensor of the same shape without values, which on the CPU has the memory of one element."""
    dtype = torch.float32 if tensor.dtype in (torch.half, torch.bfloat16) else tensor.dtype
    if device == "meta":
        return without_values(tensor, dtype)
    return registered_like(tensor, torch.empty((), dtype=dtype).expand(tensor.shape))


class Following(TorchDispatchMode):
    """Notes for each memory from which tensors what is in it was computed. All is done on meta."""

    def __init__(self) -> None:
        super().__init__()
        self.origins: dict[int, frozenset[str]] = {}
        self.kept: list[object] = []  # a memory that is given back would be given away again

    def of(self, tensors: Iterable[torch.Tensor]) -> frozenset[str]:
        return frozenset().union(*(self.origins.get(storage(each), ()) for each in tensors))

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if any(argument.name == "device" for argument in func._schema.arguments):
            kwargs["device"] = torch.device("meta")
        result = func(*args, **kwargs)
        name = func._schema.name.partition("::")[2]
        given = args[1:] if name in OVERWRITING else () if OF_A_SHAPE.search(name) else args
        came = self.of([*tensors_in(given), *tensors_in(kwargs)])
        self.kept.append(result)
        self.origins.update((storage(each), came) for each in tensors_in(result))
        return result


def try_loading(facts: Facts) -> None:
    """Which tensors come back from what the module itself saves, in whatever form, and which are computed from it."""
    source, target = copied(facts, "meta"), copied(facts, "meta")
    if source is None or target is None:
        facts.untried = "no copy without its values can be made that is apart from it"
        return
    following = Following()
    for path, tensor in by_path(source).items():
        following.origins[storage(tensor)] = following.of([tensor]) | {path}
    following.origins.update((storage(tensor), frozenset({BEFORE})) for tensor in by_path(target).values())
    facts.untried = loaded(facts, source, target, following)
    if facts.untried:
        return
    after = {path: following.of([tensor]) for path, tensor in by_path(target).items()}
    for names, tensor in everything(facts):
        came = [after.get(name, frozenset()) for name in names]
        if all(set(names) & each for each in came):
            facts.restored.add(id(tensor))
        elif all(each and BEFORE not in each for each in came):
            facts.computed.add(id(tensor))


def loaded(facts: Facts, source: nn.Module, target: nn.Module, following: Following) -> str:
    """Load the state dict of a copy into another copy; what raises for lack of values, or nothing."""
    inside = torch.device("meta") if hasattr(torch.device, "__enter__") else contextlib.nullcontext()
    try:
        with facts.as_it_was, warnings.catch_warnings(), inside, following:
            warnings.simplefilter("ignore")
            target.load_state_dict(source.state_dict())
    except Exception as error:
        if not isinstance(error, RuntimeError) or IN_LOADING not in str(error):  # torch has loaded what it could
            return spelled(error)
    return ""


def returning(facts: Facts, numbers: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which plain numbers, each given by the path of its module and its name, the module itself saves and loads."""
    if facts.saved is None or not any(has_a_say(part) for _, part in facts.parts):
        return set()
    source, target = copied(facts, "meta"), copied(facts, "meta")
    if source is None or target is None:
        return set()
    held, after = ({path: vars(part) for path, part in parts(paths(model))} for model in (source, target))
    numbers = [(path, name) for path, name in numbers if name in held.get(path, ()) and path in after]
    for path, name in numbers:
        before = held[path][name]
        held[path][name] = not before if isinstance(before, bool) else before + 1
    if loaded(facts, source, target, Following()):
        return set()
    return {(path, name) for path, name in numbers if after[path].get(name) == held[path][name]}
