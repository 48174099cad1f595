"""What another instance of the same factory is compared with, kept without keeping the instance itself."""

import gc
import weakref
from dataclasses import dataclass, field

import torch
from torch import nn

from .digits import alike, fingerprint
from .holding import held_tensors
from .state import NON_PERSISTENT, entries


@dataclass
class Remembered:
    """What is left of an instance: the shapes of its state dict, fingerprints of what no file has, weak references."""

    shapes: dict[str, tuple | None]
    values: dict[str, tuple | None]
    alive: list[tuple[str, weakref.ref]] = field(default_factory=list)
    kept: list[tuple[str, object]] = field(default_factory=list)

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


def shapes(state: dict[str, object]) -> dict[str, tuple | None]:
    return {key: shape(value) for key, value in state.items()}


def shape(value: object) -> tuple | None:
    if not isinstance(value, torch.Tensor) or nn.parameter.is_lazy(value):
        return None
    return tuple(value.shape)


def remember(model: nn.Module) -> Remembered:
    registered = list(entries(model))
    held = held_tensors(model)
    values = {entry.path: fingerprint(entry.tensor) for entry in registered if entry.kind == NON_PERSISTENT}
    values.update((each.path, fingerprint(each.tensor)) for each in held)
    try:
        found = Remembered(shapes(model.state_dict()), values)
    except Exception:  # said of the other instance
        found = Remembered({}, values)
    for path, part in model.named_modules():
        found.alive.append((path, weakref.ref(part)))
    found.alive += [(entry.path, weakref.ref(entry.tensor)) for entry in registered]
    found.alive += [(each.path, weakref.ref(each.tensor)) for each in held if not each.shared]
    return found
