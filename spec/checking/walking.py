"""Every module in a module, told apart by identity: torch's own listing hashes modules and passes over equal ones."""

from collections.abc import Iterator

import torch
from torch import nn

OFTEN = 100  # paths to one module; a module that is shared on every level has more of them than anybody reads


def children_of(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The submodules that ``module`` registers, each under its name."""
    if isinstance(module, torch.jit.ScriptModule):
        yield from module.named_children()
        return
    for name, child in registry(module, "_modules").items():
        if child is not None:
            yield name, child


def registry(module: nn.Module, name: str) -> dict:
    """One of the dicts in which a module registers; an empty one for a class that forgot ``super().__init__()``."""
    return vars(module).get(name) or {}


def paths(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Every submodule under each of its paths, ``module`` itself as ``""``; one that holds itself is entered once."""
    found: list[tuple[str, nn.Module]] = []
    visits: dict[int, int] = {}
    waiting: list[tuple[str, nn.Module, tuple[int, ...]]] = [("", module, ())]
    while waiting:
        path, part, above = waiting.pop()
        if id(part) in above or visits.get(id(part), 0) >= OFTEN:
            continue
        visits[id(part)] = visits.get(id(part), 0) + 1
        found.append((path, part))
        inside = list(children_of(part))
        if inside:
            around = (*above, id(part))
            dot = f"{path}." if path else ""
            waiting += [(dot + name, child, around) for name, child in reversed(inside)]
    return found


def parts(every_path: list[tuple[str, nn.Module]]) -> list[tuple[str, nn.Module]]:
    """Each module once, under the first of its paths."""
    first: dict[int, tuple[str, nn.Module]] = {}
    for path, part in every_path:
        first.setdefault(id(part), (path, part))
    return list(first.values())
