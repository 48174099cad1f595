"""All tensors that a module holds: those that it registers, and those that it doesn't, wherever they are."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from .holding import Held, held_tensors, join
from .walking import paths, registry

PARAMETER, FROZEN, BUFFER, NON_PERSISTENT, PLAIN = "parameter", "frozen", "buffer", "non-persistent", "plain"


@dataclass(frozen=True)
class Entry:
    """A registered tensor under one of its names."""

    path: str
    tensor: torch.Tensor
    kind: str
    owner: nn.Module
    name: str

    @property
    def persistent(self) -> bool:
        return self.kind != NON_PERSISTENT


def entries(module: nn.Module, every_path: list[tuple[str, nn.Module]] | None = None) -> Iterator[Entry]:
    """Every parameter and buffer under each of its names, tied ones under all of them."""
    for prefix, part in paths(module) if every_path is None else every_path:
        if isinstance(part, torch.jit.ScriptModule):
            parameters, buffers = part.named_parameters(recurse=False), part.named_buffers(recurse=False)
        else:
            parameters, buffers = registry(part, "_parameters").items(), registry(part, "_buffers").items()
        for name, tensor in parameters:
            if tensor is not None:
                yield Entry(join(prefix, name), tensor, PARAMETER if tensor.requires_grad else FROZEN, part, name)
        left_out = vars(part).get("_non_persistent_buffers_set", ())
        for name, tensor in buffers:
            if tensor is not None:
                yield Entry(join(prefix, name), tensor, NON_PERSISTENT if name in left_out else BUFFER, part, name)


def registered(module: nn.Module) -> dict[str, torch.Tensor]:
    """Every parameter and buffer under each of its names, tied ones under all of them."""
    return {entry.path: entry.tensor for entry in entries(module)}


@dataclass(frozen=True)
class Plain:
    """A tensor at ``path`` that nothing registers there; ``hidden`` if it is in a module that no module registers."""

    path: str
    tensor: torch.Tensor
    hidden: bool
    held: Held

    def advice(self, state: dict[str, torch.Tensor]) -> str:
        """What it is and what to do about it, ``state`` being what was registered before it was left behind."""
        shape = ", ".join(map(str, self.tensor.shape))
        what = (
            f"{self.path} is left behind: a {str(self.tensor.dtype).removeprefix('torch.')} tensor of shape ({shape})"
        )
        for other, tensor in state.items():
            if tensor is self.tensor:
                return f"{what} that was {other} too; reach it as {other} and hold it nowhere else"
        if self.hidden:
            return f"{what} in a module that no module registers; hold modules in nn.ModuleList or nn.ModuleDict"
        if isinstance(self.tensor, nn.Parameter):
            return f"{what}, a parameter that nobody registers; hold it in nn.ParameterList or nn.ParameterDict"
        return f"{what}; {register_it(self.held)}"


def register_it(held: Held) -> str:
    """How to make a plain tensor state, by what holds it."""
    if held.shared:
        return (
            f'the body of the class {held.shared} holds it for all instances; self.register_buffer("{held.name}", ...) '
            "in __init__ gives each its own"
        )
    if held.path == join(held.owner_path, held.name):
        return (
            f'self.register_buffer("{held.name}", ...) makes it state, persistent=False keeps it out of files, '
            "and nn.Parameter(...) lets it be trained"
        )
    holder = held.inside[-1] if held.inside else None
    what = f"the {type(holder).__name__} {held.path.rpartition('[')[0] or held.path.rpartition('.')[0]}"
    return f"register a buffer for each tensor in {what}, or move it in the module's own _apply"


def plain_tensors(module: nn.Module) -> list[Plain]:
    """Every tensor that is in a plain attribute of ``module`` or of a submodule, in the order of their paths.

    A tensor that is reached on two ways is named once, with the shorter path.
    """
    return [Plain(held.path, held.tensor, bool(held.module), held) for held in held_tensors(module)]
