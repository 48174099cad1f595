"""Findings that are alike in one: by the numbers in their paths, as parts of one object, by their words."""

import re
from collections.abc import Iterable
from dataclasses import replace

from .finding import Finding
from .folding import folded

NUMBERS = re.compile(r"\d+")
NAMED = 3  # paths of findings that are alike


def fold(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first, those that are alike but for numbers in their path in one."""
    found = []
    ordered = sorted(findings, key=lambda finding: finding.rank)
    for path, alike in folded(ordered, lambda each: each.path, lambda each: (each.kind, generic(each), each.excuse)):
        found.append(replace(alike[0], path=path, times=sum(each.times for each in alike)))
    return sorted(of_one_object(found), key=lambda finding: finding.rank[0])


def gathered(findings: list[Finding]) -> list[Finding]:
    """Those that say the same in the same words, in one: its path is that of the first few, and how many more."""
    together: dict[Finding, list[Finding]] = {}
    for each in findings:
        together.setdefault(replace(each, path="", times=1), []).append(each)
    found = []
    for first, *more in together.values():
        paths = ", ".join(each.path or "the whole module" for each in (first, *more[: NAMED - 1]))
        if len(more) >= NAMED:
            paths += f" and {len(more) + 1 - NAMED} more"
        found.append(replace(first, path=paths, times=sum(each.times for each in (first, *more))) if more else first)
    return found


def of_one_object(findings: list[Finding]) -> list[Finding]:
    """Tensors of one object that nothing registers, for which the same is to be done, in one.

    Such as ``table.{low,high}`` and ``flags['a', 'b']``.
    """
    together: dict[tuple, list[Finding]] = {}
    for each in findings:
        parent, step, _ = last_step(each.path)
        key = (each.kind, parent, step, each.instead, each.excuse)
        together.setdefault(key if step and " of the " in each.instead else (id(each),), []).append(each)
    found = []
    for key, alike in together.items():
        first = alike[0]
        if len(alike) > 1:
            names = [last_step(each.path)[2] for each in alike]
            times = sum(each.times for each in alike)
            path = f"{key[1]}.{{{','.join(names)}}}" if key[2] == "." else f"{key[1]}[{', '.join(names)}]"
            first = replace(first, path=path, what=f"{first.what}, and the like", times=times)
        found.append(first)
    return found


def last_step(path: str) -> tuple[str, str, str]:
    """What a path ends with, by the kind of step: ``("held", "[", "'a'")``; no step where it is a single name."""
    if path.endswith("]") and "[" in path:
        parent, _, last = path[:-1].rpartition("[")
        return parent, "[", last
    parent, dot, last = path.rpartition(".")
    return parent, dot, last


def generic(finding: Finding) -> tuple[str, ...]:
    """The text of a finding without the numbers in it, which are in the paths that it names."""
    return NUMBERS.sub("#", finding.what), finding.instead
