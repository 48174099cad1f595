"""One row per tensor: what it is, and what becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from .code import refilling
from .digits import ROUNDED
from .facts import Facts
from .folding import folded
from .state import NON_PERSISTENT, PARAMETER, PLAIN, Entry

COLUMNS = {
    "path": "tensor",
    "kind": "kind",
    "shape": "shape",
    "dtype": "dtype",
    "saved": "saved",
    "moves": "moves",
    "converts": "converts",
    "trained": "trained",
    "restored": "after meta",
    "half": "in half",
    "tied": "tied with",
}


@dataclass(frozen=True)
class Row:
    """A tensor, or, ``times`` many alike, the tensors that a folded path stands for."""

    path: str
    kind: str
    shape: str
    dtype: str
    saved: bool
    moves: bool
    converts: bool
    trained: bool
    restored: str
    half: str
    tied: tuple[str, ...]
    times: int = 1

    @property
    def alike(self) -> tuple:
        return (
            self.kind, self.shape, self.dtype, self.saved, self.moves, self.converts, self.trained, self.restored,
            self.half, self.times, len(self.tied),
        )  # fmt: skip


def rows(facts: Facts) -> Iterator[Row]:
    for entry in facts.entries:
        yield registered_row(facts, entry)
    for held in facts.held:
        tensor = held.tensor
        if id(tensor) in facts.names:
            continue
        moves, saved = id(tensor) in facts.moved, facts.is_saved(tensor)
        yield Row(
            held.path,
            PLAIN,
            shape(tensor),
            dtype(tensor),
            saved,
            moves,
            id(tensor) in facts.converted,
            False,
            "yes" if id(tensor) in facts.restored else "no",
            "yes" if not tensor.is_floating_point() or id(tensor) not in facts.converted else ROUNDED,
            tuple(held.others),
        )


def registered_row(facts: Facts, entry: Entry) -> Row:
    tensor = entry.tensor
    saved = entry.path in facts.saved or facts.is_saved(tensor) if facts.saved is not None else entry.persistent
    restored = "yes" if saved or id(tensor) in facts.computed else "no"
    if restored == "no" and entry.kind == NON_PERSISTENT:
        method = refilling(type(entry.owner), entry.name)
        restored = f"by {method}()" if method else "no"
    return Row(
        entry.path,
        entry.kind,
        shape(tensor),
        dtype(tensor),
        saved,
        id(tensor) in facts.moved,
        id(tensor) in facts.converted and tensor.is_floating_point(),
        entry.kind == PARAMETER
        and id(entry.owner) not in facts.passed_over
        and (facts.listed is None or id(tensor) in facts.listed),
        restored,
        half(facts, entry),
        tuple(path for path in facts.names[id(tensor)] if path != entry.path),
    )


def half(facts: Facts, entry: Entry) -> str:
    """Whether the values keep their digits: by the values of buffers, what is trained is rounded by its nature."""
    tensor = entry.tensor
    if not tensor.is_floating_point() or id(tensor) not in facts.converted:
        return "yes"
    if entry.kind == PARAMETER:
        return ROUNDED
    if id(tensor) not in facts.digits:
        return "?"
    lost = set(facts.digits[id(tensor)].values())
    if not lost:
        return "yes"
    return ROUNDED if lost == {ROUNDED} else "no"


def shape(tensor: torch.Tensor) -> str:
    return "?" if nn.parameter.is_lazy(tensor) or tensor.is_nested else "x".join(map(str, tensor.shape)) or "()"


def dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def folded_rows(all_rows: list[Row]) -> list[Row]:
    found = []
    for path, alike in folded(all_rows, lambda row: row.path, lambda row: row.alike):
        first = alike[0]
        tied = first.tied if len(alike) == 1 else tuple(dict.fromkeys(name for row in alike for name in row.tied))[:2]
        found.append(Row(**{**vars(first), "path": path, "times": len(alike), "tied": tied}))
    return found
