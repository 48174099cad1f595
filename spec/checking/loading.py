"""Findings about what modules that have a say in it make of their own state dict, tried without values."""

import warnings
from collections.abc import Iterator, Mapping
from functools import cache

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from .code import in_use
from .copying import skeleton
from .facts import Facts
from .finding import Finding
from .holding import REGISTRIES, join
from .memory import geometry, has_values, storage
from .plain import dtype
from .state import BUFFER, PARAMETER, Entry, entries
from .walking import registry
from .words import spelled


class Noting(TorchDispatchMode):
    """Notes what is written into which memory, and for a copy from where to where."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: dict[int, list[tuple[tuple, tuple] | None]] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        copied = func is torch.ops.aten.copy_.default and isinstance(args[1], torch.Tensor)
        for at, argument in enumerate(func._schema.arguments):
            if argument.alias_info and argument.alias_info.is_write:
                given = args[at] if at < len(args) else kwargs.get(argument.name)
                for value in given if isinstance(given, list | tuple) else (given,):
                    from_to = (geometry(args[1]), geometry(value)) if copied else None
                    self.writes.setdefault(storage(value), []).append(from_to)
        return func(*args, **kwargs)


def others(facts: Facts, part: nn.Module, source: nn.Module, target: nn.Module) -> Iterator[tuple[str, str]]:
    """The tensors of ``part`` that its own state dict doesn't restore, each with what they get.

    ``source`` and ``target`` are copies without values, which this loads into each other. Where a tensor gets what is
    computed from several values, nobody can tell without them, and nothing is said.
    """
    state = source.state_dict()
    keys = {geometry(value): key for key, value in state.items() if on_meta(value)}
    before = {entry.path: geometry(entry.tensor) for entry in entries(target)}
    with Noting() as noting:
        target.load_state_dict(state, strict=False)
    with facts.as_it_was:
        saved = part.state_dict()
    after = {entry.path: entry.tensor for entry in entries(target)}
    for entry in entries(part):
        now = after.get(entry.path)
        if entry.path not in before or not on_meta(now) or not entry.persistent or not has_values(entry.tensor):
            continue
        writes = noting.writes.get(storage(now), [])
        if not writes and geometry(now) == before[entry.path]:
            if entry.path in state and is_learned(entry) and id(entry.tensor) not in facts.restored | facts.computed:
                yield entry.path, "leaves it as it was"
            continue
        if len(writes) == 1 and writes[0] and writes[0][1] == geometry(now):
            key = keys.get(writes[0][0])
        else:
            key = None if writes else keys.get(geometry(now))
        value = saved.get(key) if key is not None else None
        if isinstance(value, torch.Tensor) and has_values(value) and not equals(value, entry.tensor):
            yield entry.path, f"gives it {told(key, value, entry)}"


def on_meta(value: object) -> bool:
    return isinstance(value, torch.Tensor) and not nn.parameter.is_lazy(value) and value.device.type == "meta"


def is_learned(entry: Entry) -> bool:
    """Whether its values are no constant, which a new instance has too."""
    return entry.kind == PARAMETER or (entry.kind == BUFFER and in_use(type(entry.owner), entry.name))


def equals(saved: torch.Tensor, tensor: torch.Tensor) -> bool:
    """Whether a saved value restores a tensor as it is copied into it."""
    if geometry(saved) == geometry(tensor) or saved.shape != tensor.shape:
        return True
    with torch.no_grad():
        copied, own = saved.to(tensor), tensor
        return bool(((copied == own) | ((copied != copied) & (own != own))).all())


def told(key: str, saved: torch.Tensor, entry: Entry) -> str:
    if saved.dtype != entry.tensor.dtype:
        return f"values that were saved as {dtype(saved)}"
    return "other values" if key == entry.path else f"the values of {key}"


CUSTOM = (
    "state_dict",
    "load_state_dict",
    "_save_to_state_dict",
    "_load_from_state_dict",
    "get_extra_state",
    "set_extra_state",
)
IN_LOADING = "Error(s) in loading state_dict"  # how torch begins what it raises after a load
HOOKS = ("_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks")


def own_state_dict(facts: Facts) -> Iterator[Finding]:
    """What happens when modules that have a say in it load their own state dict, tried on a copy without values.

    The whole model is tried too: it does not ask its parts for what they override of ``load_state_dict``.
    """
    tried, told = set(), False
    having = [each for each in facts.parts if has_a_say(each[1])] if facts.saved is not None else []
    for path, part in having:
        if (alike := (type(part), tuple(own_keys(part)))) not in tried:
            tried.add(alike)
            for finding in loading_itself(facts, path, part):
                told = True
                yield finding
    if having and not told and not has_a_say(facts.model):
        yield from loading_itself(facts, "", facts.model)


def own_keys(part: nn.Module) -> Iterator[tuple[str, bool]]:
    """The names that a module has registered, and whether each of them has a value."""
    for registered in REGISTRIES:
        for name, value in registry(part, registered).items():
            yield name, value is not None


def loading_itself(facts: Facts, path: str, part: nn.Module) -> Iterator[Finding]:
    model = skeleton(facts, part)
    if model is None:
        return
    try:
        keys = load(facts, model, strict=False)
    except Exception as error:
        of_torch = isinstance(error, RuntimeError) and IN_LOADING in str(error)
        if (of_torch or isinstance(error, KeyError)) and not valueless(error):
            yield not_loaded(path, f"load_state_dict() of its own state dict raises {spelled(error)}")
        return  # another error may come of the values that the copy lacks
    lenient = type(part).load_state_dict is not nn.Module.load_state_dict and takes(facts, skeleton(facts, part))
    fits = True
    for name in ("missing_keys", "unexpected_keys"):
        if found := list(getattr(keys, name, None) or ()):
            some = ", ".join(map(str, found[:3])) + (", ..." if len(found) > 3 else "")
            fits = False
            if not lenient:
                yield not_loaded(path, f"a strict load of its own state dict has {name.replace('_', ' ')}: {some}")
    if fits and has_a_say(part):
        yield from loading_others(facts, path, part)


def loading_others(facts: Facts, path: str, part: nn.Module) -> Iterator[Finding]:
    source, target = skeleton(facts, part), skeleton(facts, part)
    try:
        with warnings.catch_warnings(), facts.as_it_was:
            warnings.simplefilter("ignore")
            found = list(others(facts, part, source, target))
    except Exception:  # it may come of the values that the copies lack
        return
    for inside, what in found:
        yield not_loaded(
            join(path, inside),
            f"load_state_dict() of its own state dict {what}",
            "saving and loading: nothing raises, and the values are others",
            "let what loads a tensor undo what saves it, and keep its dtype",
        )


def load(facts: Facts, copied: nn.Module, state: Mapping[str, object] | None = None, **options: bool) -> object:
    """What ``load_state_dict()`` of a copy without values returns, of its own state dict or another; what it raises.

    What hooks and overrides change on the module itself meanwhile is put back.
    """
    with warnings.catch_warnings(), facts.as_it_was:
        warnings.simplefilter("ignore")
        return copied.load_state_dict(copied.state_dict() if state is None else state, **options)


def takes(facts: Facts, copied: nn.Module, state: Mapping[str, object] | None = None) -> bool:
    """Whether ``load_state_dict()`` of a copy without values, called without options, raises nothing of any kind."""
    try:
        load(facts, copied, state)
    except Exception:
        return False
    return True


def makes_room(facts: Facts, shapes: dict[str, tuple | None]) -> bool:
    """Whether the model's own loading takes a state dict of these shapes, tried on a copy without values."""
    model = skeleton(facts, facts.model) if any(has_a_say(part) for _, part in facts.parts) else None
    if model is None:
        return False
    state = {}
    for key, shape in shapes.items():
        mine = (facts.saved or {}).get(key)
        dtype = mine.dtype if isinstance(mine, torch.Tensor) else None
        state[key] = mine if shape is None else torch.empty(shape, dtype=dtype, device="meta")
    return takes(facts, model, state)


def has_a_say(part: nn.Module) -> bool:
    """Whether the module's class or hooks on it change what nn.Module would save and load."""
    inside = vars(part)
    return any(inside.get(hooks) for hooks in HOOKS) or class_has_a_say(type(part))


@cache
def class_has_a_say(owner: type) -> bool:
    if owner.__module__.startswith("torch."):
        return False
    return any(getattr(owner, name) is not getattr(nn.Module, name) for name in CUSTOM)


def valueless(error: Exception) -> bool:
    return any(word in str(error) for word in ("meta", "no data", "aten::_local_scalar_dense"))


def not_loaded(
    path: str,
    what: str,
    bites: str = "every strict load of a checkpoint of this model",
    instead: str = "let state_dict() and load_state_dict(), or the hooks on them, name the same keys",
) -> Finding:
    return Finding("not-loaded", path, what, bites, instead)
