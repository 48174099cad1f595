"""What another instance of the same factory is compared with, kept without keeping the instance itself."""

import gc
import sys
import weakref
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef

from .digits import alike, fingerprint
from .holding import REGISTRIES, held_tensors
from .memory import untyped_storage
from .state import NON_PERSISTENT, entries
from .walking import parts, paths


@dataclass
class Remembered:
    """What is left of an instance: the shapes of its state dict, fingerprints of what no file has, weak references."""

    shapes: dict[str, tuple | None]
    values: dict[str, tuple | None]
    alive: list[tuple[str, weakref.ref]] = field(default_factory=list)
    kept: list[tuple[str, object]] = field(default_factory=list)
    memory: list[StorageWeakRef] = field(default_factory=list)
    registries: list[dict] = field(default_factory=list)

    def same(self, path: str, tensor: torch.Tensor) -> bool | None:
        """Whether the tensor at ``path`` has the same values in both instances; None where nobody can tell."""
        if path not in self.values or self.values[path] is None or tensor.device.type == "meta":
            return None
        return alike(self.values[path], fingerprint(tensor))

    def collect(self) -> None:
        """Note what is alive though the instance is gone: something else holds it, and hands it on."""
        gc.collect()
        self.kept = [(path, each()) for path, each in self.alive if each() is not None]
        self.alive = []
        self.memory = [each for each in self.memory if not each.expired()]


def shapes(state: dict[str, object]) -> dict[str, tuple | None]:
    return {str(key): shape(value) for key, value in state.items()}


def shape(value: object) -> tuple | None:
    if not isinstance(value, torch.Tensor) or nn.parameter.is_lazy(value) or value.is_nested:
        return None
    return tuple(value.shape)


def remember(model: nn.Module) -> Remembered:
    every_path = paths(model)
    modules = parts(every_path)
    registered = list(entries(model, every_path))
    held = held_tensors(model, modules=modules)
    values = {entry.path: fingerprint(entry.tensor) for entry in registered if entry.kind == NON_PERSISTENT}
    values.update((each.path, fingerprint(each.tensor)) for each in held)
    try:
        found = Remembered(shapes(model.state_dict()), values)
    except Exception:  # said of the other instance
        found = Remembered({}, values)
    identity = vars(nn.Identity())
    alone = sys.getrefcount(identity["_buffers"])  # references to a registry that nothing but its module has
    for path, part in modules:
        found.alive.append((path, weakref.ref(part)))
        inside = vars(part)
        for name in REGISTRIES:
            if name in inside and sys.getrefcount(inside[name]) > alone:
                found.registries.append(inside[name])
    found.memory = [StorageWeakRef(of) for of in (memory_of(entry.tensor) for entry in registered) if of is not None]
    found.alive += [(entry.path, weakref.ref(entry.tensor)) for entry in registered]
    found.alive += [(each.path, weakref.ref(each.tensor)) for each in held if not each.shared]
    return found


def memory_of(tensor: torch.Tensor) -> object | None:
    """The storage of a tensor, where it has one that can be shared."""
    try:
        if nn.parameter.is_lazy(tensor) or tensor.device.type == "meta" or not tensor.numel():
            return None
        return untyped_storage(tensor)
    except Exception:  # sparse, packed, a subclass without memory of its own
        return None
