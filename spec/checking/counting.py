"""Findings about plain numbers that belong to a tensor beside them."""

from collections.abc import Iterator

from torch import nn

from .bytecode import own_names, stored, writes_into, written
from .code import SETTING_UP, changing, library, methods, overwritten, setting_up, switches
from .facts import Facts
from .finding import Finding
from .holding import join
from .state import BUFFER, NON_PERSISTENT
from .trying import returning
from .walking import registry


def counters(facts: Facts) -> Iterator[Finding]:
    """Plain numbers that a method changes with a parameter or persistent buffer in place, and that don't come back."""
    found = dict(numbers_beside(facts))
    back = returning(facts, list(found)) if found else ()
    yield from (finding for place, finding in found.items() if place not in back)


def numbers_beside(facts: Facts) -> Iterator[tuple[tuple[str, str], Finding]]:
    """Each of them by the path of its module and its name."""
    for path, owner in facts.parts:
        for name, value in vars(owner).items():
            if type(value) not in (int, bool, float) or name == "training" or overwritten(type(owner), name):
                continue
            for method in changing(type(owner), name):
                if method.startswith(SETTING_UP) and not switches(type(owner), method, name, value):
                    continue
                if beside := next(changed_beside(facts, owner, name, method), ""):
                    found = library(type(owner), facts.home)
                    instead = "an integer buffer, or get_extra_state() and set_extra_state()"
                    instead += f" (a class of {found}: only there can it be mended)" if found else ""
                    yield (
                        (path, name),
                        Finding(
                            "counter",
                            join(path, name),
                            f"a plain {type(value).__name__} that {method}() changes with the {beside}",
                            "saving and loading: the tensor comes back, the number starts anew",
                            instead,
                        ),
                    )
                    break


def changed_beside(facts: Facts, owner: nn.Module, name: str, method: str) -> Iterator[str]:
    """What a method that changes the number ``name`` changes with it, or one that reads the number and calls it."""
    codes = {each: function.__code__ for each, function in methods(type(owner)).items()}
    callers = [each for each, code in codes.items() if {method, name} <= own_names(code)]
    for code in (codes[method], *(codes[each] for each in callers if each not in setting_up(type(owner)))):
        for *inside, last in sorted(written(code)):
            part = owner
            for step in inside:
                part = registry(part, "_modules").get(step) or nn.Module()
            tensor = registry(part, "_parameters").get(last, registry(part, "_buffers").get(last))
            if tensor is not None and facts.kind_of(tensor) != NON_PERSISTENT:
                kind = "parameter" if isinstance(tensor, nn.Parameter) else "buffer"
                yield f"{kind} {'.'.join((*inside, last))}"
        for each, buffer in registry(owner, "_buffers").items():
            persistent = buffer is not None and facts.kind_of(buffer) == BUFFER
            assigned = each in stored(code) or (code is codes[method] and writes_into(code))
            if persistent and each in code.co_names and assigned:
                yield f"buffer {each}"
