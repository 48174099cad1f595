"""Findings about tensors that are one at several places, or in one memory."""

from collections.abc import Iterator

from .code import changed_by, overwritten, written_in_use
from .facts import Facts
from .finding import Finding
from .memory import overlap
from .plain import shaped
from .state import BUFFER, FROZEN, NON_PERSISTENT, PARAMETER, Entry


def ties(facts: Facts) -> Iterator[Finding]:
    homes = {}
    for entry in facts.entries:
        if len(facts.names[id(entry.tensor)]) == 1:
            continue
        homes.setdefault(id(entry.tensor), {})[(id(entry.owner), entry.name)] = entry
    for known in homes.values():
        if len(known) < 2:  # a shared submodule has one registry, however many paths lead to it
            continue
        first, *others = known.values()
        also = ", ".join(entry.path for entry in others)
        if first.kind in (BUFFER, NON_PERSISTENT):
            names = {entry.name for entry in known.values()}
            if not any(changed_by(type(part), name) for _, part in facts.parts for name in names):
                continue  # a constant, of which a move makes several equal ones
            yield Finding(
                "tied-buffer",
                first.path,
                f"the same buffer as {also}",
                "to(device), half() and the like: from then on each is changed alone",
                "hold it in one place, and read it from there",
            )
        else:
            yield Finding(
                "tied",
                first.path,
                f"the same parameter as {also}",
                "to_empty() after a meta build, an assigning load, fully_shard of the parts one by one, an empty build",
                "tie them again afterwards, in a method such as tie_weights()",
            )


def memory(facts: Facts) -> Iterator[Finding]:
    for together in facts.memory.values():
        if len(together) == 1:
            continue
        yield from along(facts, together[:50])
        parameters = [entry for entry in together if entry.kind in (PARAMETER, FROZEN)]
        for at, one in enumerate(parameters[:50]):
            for other in parameters[at + 1 : 50]:
                if overlap(one.tensor, other.tensor):
                    yield Finding(
                        "two-parameters",
                        other.path,
                        f"another parameter over the memory of {one.path}",
                        "training: an optimizer steps both; a conversion gives each its own memory",
                        "assign the same nn.Parameter to both names",
                    )


def along(facts: Facts, together: list[Entry]) -> Iterator[Finding]:
    """Buffers that change with a parameter that is trained, or with a buffer that a method changes in place."""
    changed = [each for each in together if each.kind == PARAMETER or written_in_use(type(each.owner), each.name)]
    for entry in together:
        of = next((each for each in changed if each is not entry and overlap(each.tensor, entry.tensor)), None)
        if of is None or entry.kind in (PARAMETER, FROZEN) or entry is changed[0] or entry.path in facts.in_step:
            continue
        if overwritten(type(entry.owner), entry.name):
            continue
        what = "parameter" if of.kind == PARAMETER else "buffer"
        yield Finding(
            "one-memory",
            entry.path,
            f"a buffer{shaped(entry.tensor)} in the memory of the {what} {of.path}",
            "training and in-place changes: it changes along, and no longer after half(), to(device) and the like",
            ".clone() it when it is registered, or compute it where it is used",
        )
