"""A model as it was: what its own hooks and overrides change on it while they are asked is put back."""

import copy
from collections import OrderedDict
from collections.abc import Iterable

from torch import nn

CONTAINERS = (dict, OrderedDict, list, set)


class Snapshot:
    """The attributes of modules, and what is in the dicts, lists and sets that they hold; no tensor is copied."""

    def __init__(self, parts: Iterable[nn.Module]):
        self.known: list[tuple[object, object]] = []
        for part in parts:
            attributes = vars(part)
            held = [value for value in attributes.values() if type(value) in CONTAINERS]
            self.known += [(each, copy.copy(each)) for each in (*held, attributes)]

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        for container, before in self.known:
            if not is_same(container, before):
                refill(container, before)


def is_same(one: object, other: object) -> bool:
    """Whether two containers hold the same objects, by identity: their own ``==`` may do anything."""
    if len(one) != len(other):
        return False
    if not len(other):  # as most of them are
        return True
    if isinstance(one, set):
        return {*map(id, one)} == {*map(id, other)}
    if isinstance(one, dict):
        return all(a is b and c is d for (a, c), (b, d) in zip(one.items(), other.items(), strict=True))
    return all(a is b for a, b in zip(one, other, strict=True))


def refill(container: object, before: object) -> None:
    container.clear()
    if isinstance(container, list):
        container.extend(before)
    else:
        container.update(before)
