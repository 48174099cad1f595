"""What modules that have a say in it make of their values as they load their own state dict, tried without values."""

from collections.abc import Iterator

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from .code import in_use
from .facts import Facts, geometry, has_values, storage
from .plain import dtype
from .state import BUFFER, PARAMETER, Entry, entries


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
