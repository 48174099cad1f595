"""What the methods of a class do to its attributes, read from their code without running it."""

import re
import sys
from collections.abc import Iterator
from functools import cache
from types import FunctionType

from torch import nn

from .bytecode import (
    alters,
    instructions,
    overwrites_first,
    own_names,
    reads,
    sets_by_name,
    sets_to,
    stored,
    writes_into,
    written,
)

BUILDING = {"__init__", "__setstate__", "__post_init__", "extra_repr"}
MOVING = BUILDING | {"_apply"}
SETTING_UP = ("reset", "set_", "init", "_init", "load", "_load", "train", "eval", "_set", "_apply")
MODES = ("train", "eval", "_apply")
FILLING = re.compile(r"reset|init_weights|_init|post_init|init_buffers")


@cache
def methods(owner: type) -> dict[str, FunctionType]:
    """The methods that a class has from a user's or a library's code, overridden ones left out."""
    found: dict[str, FunctionType] = {}
    for each in owner.__mro__:
        if each in (nn.Module, object) or each.__module__.startswith("torch."):
            continue
        for name, value in vars(each).items():
            if isinstance(value, property):
                name, value = f"{name}.setter", value.fset
            function = getattr(value, "__func__", value)
            if isinstance(function, FunctionType):
                found.setdefault(name, function)
    return found


def changing(owner: type, name: str) -> Iterator[str]:
    """The methods of ``owner``, other than those that build or move it, that assign to the attribute ``name``."""
    for method, function in methods(owner).items():
        code = function.__code__
        if method not in MOVING | called_by_moving(owner) and (name in stored(code) or sets_by_name(code, name)):
            yield method


@cache
def called_by_moving(owner: type) -> frozenset[str]:
    """The methods by which ``_apply`` of ``owner`` makes anew what it holds."""
    found, waiting = set(), {"_apply"} & methods(owner).keys()
    while waiting:
        found |= waiting
        called = set().union(*(own_names(methods(owner)[method].__code__) for method in waiting))
        waiting = called & methods(owner).keys() - found
    return frozenset(found)


def counts_batches(owner: type, name: str) -> bool:
    """Whether it is the counter of a BatchNorm, which code of torch's own changes."""
    return name == "num_batches_tracked" and issubclass(owner, nn.modules.batchnorm._NormBase)


@cache
def changes_in_place(owner: type, name: str) -> bool:
    """Whether a method of ``owner`` seems to change the tensor ``name``: assigns to it, or to elements beside it."""
    if counts_batches(owner, name):
        return True
    return any(
        method not in BUILDING
        and name in function.__code__.co_names
        and (name in stored(function.__code__) or writes_into(function.__code__))
        for method, function in methods(owner).items()
    )


@cache
def in_use(owner: type, name: str) -> bool:
    """Whether a method of ``owner`` that is no setting up changes what ``name`` holds: assigns to it or works in place.

    Unlike :func:`changes_in_place`, what is done beside it doesn't count.
    """
    if counts_batches(owner, name):
        return True
    found = methods(owner)
    return any(alters(found[method].__code__, name) for method in found.keys() - setting_up(owner))


@cache
def setting_up(owner: type) -> frozenset[str]:
    """The methods of ``owner`` that set up or move what the others work with: by name, or only called by such ones."""
    calls = {method: own_names(function.__code__) for method, function in methods(owner).items()}
    found = {method for method in calls if method in BUILDING or method.startswith(SETTING_UP)}
    constructors = [vars(each).get("__init__") for each in owner.__mro__]
    building = set().union(*(own_names(each.__code__) for each in constructors if isinstance(each, FunctionType)))
    while True:
        others = set().union(*(calls[method] for method in calls.keys() - found))
        reached = building.union(*(calls[method] for method in found))
        more = {method for method in calls.keys() - found if method in reached and method not in others}
        if not more:
            return frozenset(found)
        found |= more


@cache
def read_by(owner: type, method: str) -> frozenset[str]:
    """The attributes of its first argument that a method reads, or the methods of ``owner`` that it calls."""
    waiting = [vars(each).get(method) for each in owner.__mro__]
    found: set[str] = set()
    while waiting:
        function = waiting.pop()
        if isinstance(function, FunctionType):
            more = own_names(function.__code__) - found
            found |= more
            waiting += [methods(owner).get(each) for each in more]
    return frozenset(found)


def needed(owner: type, name: str) -> bool:
    """Whether ``forward`` reads an attribute that no method on its way asks for, or puts there, before."""
    read = read_by(owner, "forward")
    codes = [function.__code__ for each, function in methods(owner).items() if each in read or each == "forward"]
    guarded = any(name in code.co_consts or name in stored(code) or "__dict__" in code.co_names for code in codes)
    return name in read and not guarded


def switches(owner: type, method: str, name: str, value: object) -> bool:
    """Whether a method that no constructor calls turns the bool ``name``, which forward reads, to what it wasn't."""
    if type(value) is not bool or method.startswith(MODES) or method in read_by(owner, "__init__"):
        return False
    return name in read_by(owner, "forward") and sets_to(methods(owner)[method].__code__, name, not value)


@cache
def by_forward(owner: type, name: str) -> bool:
    """Whether ``forward`` itself changes what ``name`` holds, in evaluation too as far as its code shows."""
    forward = methods(owner).get("forward")
    if forward is None or "training" in forward.__code__.co_names:
        return False
    return alters(forward.__code__, name)


@cache
def changed_by(owner: type, name: str) -> bool:
    """Whether a method of ``owner`` that is no setting up changes an attribute ``name``, of whatever object."""
    if issubclass(owner, nn.modules.batchnorm._NormBase) and name.startswith(("running_", "num_batches")):
        return True
    found = methods(owner)
    return any(alters(found[method].__code__, name, anywhere=True) for method in found.keys() - setting_up(owner))


@cache
def overwritten(owner: type, name: str) -> bool:
    """Whether each method of ``owner`` that reads ``name`` assigns it anew before that, or overwrites all of it."""
    getters = [value.fget for each in owner.__mro__ for value in vars(each).values() if isinstance(value, property)]
    own = [function for method, function in methods(owner).items() if method not in MOVING]
    codes = {each.__code__ for each in (*own, *getters) if isinstance(each, FunctionType)}
    reading = [code for code in codes if reads(code, name)]
    return bool(reading) and all(overwrites_first(code, name) for code in reading)


def written_in_use(owner: type, name: str) -> bool:
    """Whether a method of ``owner`` that is no setting up changes in place what ``name`` holds."""
    return any((name,) in written(methods(owner)[each].__code__) for each in methods(owner).keys() - setting_up(owner))


@cache
def counts_up(owner: type, name: str) -> bool:
    """Whether a method of ``owner`` that is no setting up adds a whole number, written out, to the tensor ``name``."""
    for method in methods(owner).keys() - setting_up(owner):
        code = methods(owner)[method].__code__
        steps = instructions(code)
        for step, first, second in zip(steps, steps[1:], steps[2:], strict=False):
            if not step.opname.startswith("LOAD_ATTR") or step.argval != name:
                continue
            if first.argval == "add_" and type(second.argval) is int:
                return True
            added = second.argrepr in ("+", "+=") or second.opname in ("BINARY_ADD", "INPLACE_ADD")
            if type(first.argval) is int and added and name in stored(code):
                return True
    return False


@cache
def refilling(owner: type, name: str) -> str:
    """The method of ``owner`` that is meant to fill ``name`` again, such as ``reset_parameters``, or nothing."""
    for method, function in methods(owner).items():
        if method not in BUILDING and FILLING.search(method) and name in function.__code__.co_names:
            return method
    return ""


def library(owner: type, home: str = "") -> str:
    """The installed library that a class belongs to; nothing for a user's own class, and for one of ``home``."""
    package = owner.__module__.partition(".")[0]
    file = getattr(sys.modules.get(package), "__file__", None) or ""
    installed = "site-packages" in file or "dist-packages" in file
    return package if installed and package not in ("torch", home) else ""
