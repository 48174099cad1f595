"""What is found out about a module, for all that is said about it afterwards."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import nn

from .holding import Held, children
from .memory import geometry, storage
from .restoring import Snapshot
from .state import Entry


@dataclass
class Facts:
    """A module, what it holds and what its own methods say of it.

    ``parts`` are its modules, each once, by path; ``passed_over`` are those that torch's listings leave out, by their
    ids, with the path of the one that each of them equals; ``listed`` are the ids of what its own ``parameters()``
    gives. Its own methods and hooks are called within ``as_it_was``. Where trials were made: ``dropped`` are tensors
    that a move takes away, ``in_step`` the paths of second references that it renews, ``restored`` and ``computed`` are
    tensors that a load brings back in whatever form, or works out from what it brings back; ``untried`` is why that
    could not be tried.
    """

    model: nn.Module
    parts: list[tuple[str, nn.Module]]
    entries: list[Entry]
    held: list[Held]
    functions: list[tuple[Held, object]]
    as_it_was: Snapshot
    passed_over: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    listed: set[int] | None = None
    cause: str = ""
    unsaved: str = ""
    kinds: dict[int, str] = field(default_factory=dict)
    names: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    storages: dict[int, int] = field(default_factory=dict)
    saved: dict[str, object] | None = None
    saved_names: dict[int, str] = field(default_factory=dict)
    saved_memory: set[tuple] | None = None
    moved: set[int] = field(default_factory=set)
    converted: set[int] = field(default_factory=set)
    refused_copy: str = ""
    refused_pickle: str = ""
    digits: dict[int, dict[str, str]] = field(default_factory=dict)
    home: str = ""
    dropped: set[int] = field(default_factory=set)
    in_step: set[str] = field(default_factory=set)
    restored: set[int] = field(default_factory=set)
    computed: set[int] = field(default_factory=set)
    untried: str = ""

    def is_saved(self, tensor: torch.Tensor) -> bool:
        if id(tensor) in self.saved_names or id(tensor) in self.restored:
            return True
        if self.saved_memory is None:
            values = [each for value in (self.saved or {}).values() for each in tensors_in(value)]
            self.saved_memory = {geometry(each) for each in values}
        return geometry(tensor) in self.saved_memory

    def storage_of(self, tensor: torch.Tensor) -> int:
        if id(tensor) not in self.storages:
            self.storages[id(tensor)] = storage(tensor)
        return self.storages[id(tensor)]

    def kind_of(self, tensor: torch.Tensor) -> str:
        return self.kinds[id(tensor)]

    @property
    def values(self) -> dict[int, torch.Tensor]:
        return {id(entry.tensor): entry.tensor for entry in self.entries}


def tensors_in(value: object, depth: int = 6) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif depth:
        for _, part in children(value):
            yield from tensors_in(part, depth - 1)
