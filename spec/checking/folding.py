"""What is alike but for numbers in its path, in one: ``layers.{0..31}.attn.inv_freq``."""

import re
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

NUMBER = re.compile(r"(?<=[.\[])\d+(?=[.\]]|$)|^\d+(?=\.|$)")
T = TypeVar("T")


def folded(items: Iterable[T], path: Callable[[T], str], alike: Callable[[T], Hashable]) -> list[tuple[str, list[T]]]:
    """The items by folded path, in the order of their first ones; only items that are ``alike`` are folded."""
    groups: dict[Hashable, list[tuple[tuple[str, ...], T]]] = {}
    for item in items:
        numbers = tuple(NUMBER.findall(path(item)))
        groups.setdefault((NUMBER.sub("\0", path(item)), alike(item)), []).append((numbers, item))
    found = []
    for (template, _), group in groups.items():
        blocks = [(tuple((number,) for number in numbers), [item]) for numbers, item in group]
        for position in range(len(blocks[0][0])):
            blocks = merged(blocks, position)
        found += [(spelled(template, numbers), held) for numbers, held in blocks]
    return found


def merged(blocks: list[tuple], position: int) -> list[tuple]:
    """Blocks that differ in this position alone become one."""
    together: dict[tuple, tuple[list[str], list]] = {}
    for numbers, held in blocks:
        rest = (*numbers[:position], *numbers[position + 1 :])
        values, items = together.setdefault(rest, ([], []))
        values += numbers[position]
        items += held
    return [((*rest[:position], tuple(values), *rest[position:]), items) for rest, (values, items) in together.items()]


def spelled(template: str, numbers: tuple[tuple[str, ...], ...]) -> str:
    parts = template.split("\0")
    return "".join([parts[0], *(span(values) + part for values, part in zip(numbers, parts[1:], strict=True))])


def span(values: tuple[str, ...]) -> str:
    """``3``, ``{0..31}`` or ``{0,2,5..7}``."""
    if len(values) == 1:
        return values[0]
    runs: list[list[int]] = []
    for value in sorted(set(map(int, values))):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return "{" + ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs) + "}"
