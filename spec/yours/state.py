"""All tensors that a module holds: those that it registers, and those that it doesn't, wherever they are."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import torch
from torch import nn

REGISTRIES = ("_parameters", "_buffers", "_modules")


def registered(module: nn.Module) -> dict[str, torch.Tensor]:
    """Every parameter and buffer under each of its names, tied ones under all of them."""
    return {
        join(prefix, name): tensor
        for prefix, part in module.named_modules(remove_duplicate=False)
        for name, tensor in {**part._parameters, **part._buffers}.items()
        if tensor is not None
    }


@dataclass(frozen=True)
class Plain:
    """A tensor at ``path`` that nothing registers there; ``hidden`` if it is in a module that no module registers."""

    path: str
    tensor: torch.Tensor
    hidden: bool

    def advice(self, state: dict[str, torch.Tensor]) -> str:
        """What it is and what to do about it, ``state`` being what was registered before it was left behind."""
        shape = ", ".join(map(str, self.tensor.shape))
        what = (
            f"{self.path} is left behind: a {str(self.tensor.dtype).removeprefix('torch.')} tensor of shape ({shape})"
        )
        name = self.path.rpartition(".")[2].partition("[")[0]
        for other, tensor in state.items():
            if tensor is self.tensor:
                return f"{what} that was {other} too; reach it as {other} and hold it nowhere else"
        if self.hidden:
            return f"{what} in a module that no module registers; hold modules in nn.ModuleList or nn.ModuleDict"
        if isinstance(self.tensor, nn.Parameter):
            return f"{what}, a parameter that nobody registers; hold it in nn.ParameterList or nn.ParameterDict"
        return (
            f'{what}; self.register_buffer("{name}", ...) makes it state, persistent=False keeps it out of files, '
            "and nn.Parameter(...) lets it be trained"
        )


def plain_tensors(module: nn.Module) -> list[Plain]:
    """Every tensor that is in a plain attribute of ``module`` or of a submodule, in the order of their paths.

    Lists, tuples, sets and dicts are searched, objects by their attributes, and modules that no module registers.
    A tensor that is reached on two ways has the shorter path.
    """
    seen = {id(part) for part in module.modules()}
    waiting = [
        (join(prefix, name), value, False)
        for prefix, part in module.named_modules()
        for name, value in vars(part).items()
        if name not in REGISTRIES
    ]
    found = []
    for path, value, hidden in waiting:  # it grows meanwhile
        if id(value) in seen:
            continue
        if isinstance(value, torch.Tensor):
            seen.add(id(value))
            found.append(Plain(path, value, hidden))
        elif parts := children(value):
            seen.add(id(value))
            waiting += [(f"{path}{step}", part, hidden or isinstance(value, nn.Module)) for step, part in parts.items()]
    return sorted(found, key=lambda plain: plain.path)


def children(value: object) -> dict[str, object]:
    """What ``value`` holds, each part by the step that leads to it; nothing for what can't hold a tensor."""
    if isinstance(value, Mapping):
        return {f"[{key!r}]": part for key, part in value.items()}
    if isinstance(value, list | tuple | AbstractSet):
        return {f"[{position}]": part for position, part in enumerate(value)}
    if isinstance(value, nn.Module):
        held = {name: part for name, part in vars(value).items() if name not in REGISTRIES}
        for registry in REGISTRIES:
            held.update(vars(value)[registry])
        return {f".{name}": part for name, part in held.items()}
    foreign = isinstance(value, type) or type(value).__module__.partition(".")[0] in ("builtins", "torch")
    return {} if foreign or not hasattr(value, "__dict__") else {f".{name}": part for name, part in vars(value).items()}


def join(prefix: str, name: str) -> str:
    """The path of ``name`` in the submodule ``prefix``."""
    return f"{prefix}.{name}" if prefix else name
