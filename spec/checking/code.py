"""What the methods of a class do to its attributes, read from their code without running it."""

import dis
import re
import sys
from collections.abc import Iterator
from functools import cache
from types import CodeType, FunctionType

from torch import nn

BUILDING = {"__init__", "__setstate__", "__post_init__", "extra_repr"}
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


@cache
def stored(code: CodeType) -> frozenset[str]:
    """The attributes that a code object assigns to, on whatever object."""
    return frozenset(step.argval for step in dis.get_instructions(code) if step.opname == "STORE_ATTR")


@cache
def writes_into(code: CodeType) -> bool:
    """Whether it assigns to elements or calls a method that works in place, such as ``copy_``."""
    in_place = any(each.endswith("_") and not each.endswith("__") for each in code.co_names)
    return in_place or any(step.opname == "STORE_SUBSCR" for step in dis.get_instructions(code))


def changing(owner: type, name: str) -> Iterator[str]:
    """The methods of ``owner``, other than those that build it, that assign to the attribute ``name``."""
    for method, function in methods(owner).items():
        if method not in BUILDING and (name in stored(function.__code__) or sets_by_name(function.__code__, name)):
            yield method


def sets_by_name(code: CodeType, name: str) -> bool:
    return name in code.co_consts and bool({"setattr", "__setattr__"} & set(code.co_names))


@cache
def changes_in_place(owner: type, name: str) -> bool:
    """Whether a method of ``owner`` seems to change the tensor ``name``: assigns to it, or to elements beside it."""
    if name == "num_batches_tracked" and issubclass(owner, nn.modules.batchnorm._NormBase):
        return True
    return any(
        method not in BUILDING
        and name in function.__code__.co_names
        and (name in stored(function.__code__) or writes_into(function.__code__))
        for method, function in methods(owner).items()
    )


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
