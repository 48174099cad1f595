"""What the containers of ``torch.nn`` hold, and under which keys, in plain Python.

A ``ModuleList`` is a list and a ``ModuleDict`` a dict; :func:`numbered` and :func:`keys` give the keys of their state
dicts. The others have rules of their own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn


def numbered(modules: Iterable[nn.Module | None], start: int = 0) -> dict[str, nn.Module | None]:
    """Modules under their positions, counted from ``start``."""
    return {str(position): module for position, module in enumerate(modules, start)}


def keys(held: Mapping[str, nn.Module | None]) -> list[str]:
    """The keys of the state dict of a container that holds these modules by these names; None has no keys."""
    return [f"{name}.{key}" for name, module in held.items() if module is not None for key in module.state_dict()]


@dataclass
class Sequential:
    """Modules by name. A slice keeps the names, a deletion numbers all of them anew, and what is added is called by
    the number of modules, whether another is called so already or not."""

    held: dict[str, nn.Module | None]

    @property
    def modules(self) -> list[nn.Module | None]:
        return list(self.held.values())

    @property
    def in_order(self) -> bool:
        """Whether each module is called by its position: only then can be inserted and multiplied in place."""
        return list(self.held) == list(numbered(self.modules))

    def slice(self, part: slice) -> Sequential:
        return Sequential(dict(list(self.held.items())[part]))

    def assign(self, position: int, module: nn.Module | None) -> None:
        self.held[list(self.held)[position]] = module

    def delete(self, which: int | slice) -> None:
        kept = self.modules
        del kept[which]
        self.held = numbered(kept)

    def append(self, module: nn.Module | None) -> None:
        self.held[str(len(self.held))] = module

    def extend(self, modules: Iterable[nn.Module | None]) -> None:
        for module in modules:
            self.append(module)

    def add_in_place(self, modules: list[nn.Module | None]) -> None:
        """``+=`` counts before it adds, ``extend`` after each module."""
        self.held.update(numbered(modules, len(self.held)))

    def insert(self, position: int, module: nn.Module) -> None:
        """As ``list.insert``, but not beyond the ends."""
        if not -len(self.held) <= position <= len(self.held):
            raise IndexError(position)
        modules = self.modules
        modules.insert(position, module)
        self.held = numbered(modules)


@dataclass
class Parameters:
    """What a module does with parameters and other values that are assigned to it: a name that has had a parameter
    takes a parameter or None, until it is deleted."""

    registered: dict[str, torch.Tensor | None] = field(default_factory=dict)
    plain: dict[str, object] = field(default_factory=dict)

    def set(self, name: str, value: object) -> None:
        if isinstance(value, torch.Tensor):
            self.plain.pop(name, None)
            self.registered[name] = value
        elif name not in self.registered:
            self.plain[name] = value
        elif value is None:
            self.registered[name] = None
        else:
            raise TypeError(name)

    def read(self, name: str) -> object:
        if name not in {**self.registered, **self.plain}:
            raise AttributeError(name)
        return self.registered[name] if name in self.registered else self.plain[name]

    def state_dict(self) -> list[str]:
        """In the order in which names got their parameters."""
        return [name for name, parameter in self.registered.items() if parameter is not None]


@dataclass
class ParameterList(Parameters):
    """A list that only grows."""

    length: int = 0

    def elements(self) -> list[object]:
        return [self.read(str(position)) for position in range(self.length)]

    def assign(self, position: int, value: object) -> None:
        self.set(str(range(self.length)[position]), value)

    def append(self, value: object) -> None:
        self.length += 1
        self.assign(-1, value)

    def slice(self, part: slice) -> ParameterList:
        sliced = ParameterList()
        for value in self.elements()[part]:
            sliced.append(value)
        return sliced


@dataclass
class ParameterDict(Parameters):
    """A dict. Its keys are in the order in which they were first assigned; its state dict may be in another."""

    names: dict[str, None] = field(default_factory=dict)

    def items(self) -> list[tuple[str, object]]:
        return [(name, self.read(name)) for name in self.names]

    def assign(self, name: str, value: object) -> None:
        self.names[name] = None
        self.set(name, value)

    def delete(self, name: str) -> None:
        del self.names[name]
        (self.registered if name in self.registered else self.plain).pop(name)

    def pop(self, name: str) -> object:
        value = self.read(name)
        self.delete(name)
        return value

    def update(self, values: Mapping[str, object] | Iterable[tuple[str, object]]) -> None:
        """A plain dict is sorted; an ``OrderedDict`` and pairs are taken as they come."""
        pairs = values.items() if isinstance(values, Mapping) else values
        for name, value in sorted(pairs) if type(values) is dict else pairs:
            self.assign(name, value)

    def copy(self) -> ParameterDict:
        copied = ParameterDict()
        copied.update(OrderedDict(self.items()))
        return copied
