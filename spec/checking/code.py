"""What the methods of a class do to its attributes, read from their code without running it."""

import dis
import re
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from types import CodeType, FunctionType

from torch import nn

BUILDING = {"__init__", "__setstate__", "__post_init__", "extra_repr"}
MOVING = BUILDING | {"_apply"}
SETTING_UP = ("reset", "set_", "init", "_init", "load", "_load", "train", "eval", "_set", "_apply")
MODES = ("train", "eval", "_apply")
ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD"}
LOADED = ("LOAD_FAST", "LOAD_DEREF", "STORE_FAST_LOAD_FAST")
COPIED = ("COPY", "DUP_TOP", "DUP_TOP_TWO")
ELEMENTS = {"STORE_SUBSCR": 1, "STORE_SLICE": 2}  # with how many values for the place
OVERWRITING = frozenset(
    ("copy_", "fill_", "zero_", "normal_", "uniform_", "random_", "bernoulli_", "exponential_", "geometric_")
)
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
def instructions(code: CodeType) -> tuple[dis.Instruction, ...]:
    return tuple(step for step in dis.get_instructions(code) if step.opname != "EXTENDED_ARG")


@cache
def stored(code: CodeType) -> frozenset[str]:
    """The attributes of its first argument, which is ``self``, or of a class, that a code object assigns to."""
    steps = instructions(code)
    return frozenset(
        step.argval for at, step in enumerate(steps) if step.opname == "STORE_ATTR" and of_itself(steps, at, code)
    )


def of_itself(steps: tuple[dis.Instruction, ...], at: int, code: CodeType) -> bool:
    """Whether the attribute of the instruction ``at`` is not one of another local variable or of a part."""
    at -= 1
    if steps[at].opname in ("SWAP", "ROT_TWO"):  # of ``self.number += 1``, which reads the attribute before
        while at and steps[at].opname not in ("COPY", "DUP_TOP"):
            at -= 1
        at -= 1
    step = steps[at]
    if step.opname.startswith(LOADED):
        return last_loaded(step) == code.co_varnames[:1]
    return step.opname not in ATTRIBUTE or step.argval == "__class__"


def last_loaded(step: dis.Instruction) -> tuple[str, ...]:
    """The variable that an instruction puts on the stack last: Python 3.13 loads two at once."""
    return step.argval[-1:] if isinstance(step.argval, tuple) else (step.argval,)


@cache
def writes_into(code: CodeType) -> bool:
    """Whether it assigns to elements or calls a method that works in place, such as ``copy_``."""
    return any(map(is_in_place, code.co_names)) or any(step.opname == "STORE_SUBSCR" for step in instructions(code))


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
def in_use(owner: type, name: str) -> bool:
    """Whether a method of ``owner`` that is no setting up changes what ``name`` holds: assigns to it or works in place.

    Unlike :func:`changes_in_place`, what is done beside it doesn't count.
    """
    if name == "num_batches_tracked" and issubclass(owner, nn.modules.batchnorm._NormBase):
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
def own_names(code: CodeType) -> frozenset[str]:
    """The attributes of its first argument, which is ``self``, that code reads, and so the methods that it calls."""
    found = set()
    for step, following in pairwise(instructions(code)):
        if step.opname.startswith(LOADED) and last_loaded(step) == code.co_varnames[:1]:
            found.update((following.argval,) if following.opname in ATTRIBUTE else ())
    return frozenset(found)


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


def sets_to(code: CodeType, name: str, value: bool) -> bool:
    """Whether code assigns this value, written out, to the attribute ``name``."""
    steps = instructions(code)
    return any(
        (step.opname, step.argval) == ("STORE_ATTR", name) and steps[at - 2].argval is value
        for at, step in enumerate(steps)
    )


@cache
def by_forward(owner: type, name: str) -> bool:
    """Whether ``forward`` itself changes what ``name`` holds, in evaluation too as far as its code shows."""
    forward = methods(owner).get("forward")
    if forward is None or "training" in forward.__code__.co_names:
        return False
    return alters(forward.__code__, name)


@cache
def alters(code: CodeType, name: str, anywhere: bool = False) -> bool:
    """Whether code assigns to the attribute or to elements, or calls a method of what it holds that works in place.

    It is the attribute of its own object, or ``anywhere`` that of whatever object.
    """
    steps = instructions(code)
    for at, step in enumerate(steps):
        if step.opname == "STORE_ATTR" or (step.opname == "LOAD_ATTR" and called_in_place(steps, at)):
            place = at
        elif step.opname in ELEMENTS:
            place = container_of(steps, at)
        else:
            continue
        if steps[place].argval == name and (anywhere or of_itself(steps, place, code)):
            return True
    return sets_by_name(code, name) or (name,) in written(code)


def called_in_place(steps: tuple[dis.Instruction, ...], at: int) -> bool:
    return steps[at + 1].opname in ATTRIBUTE and is_in_place(steps[at + 1].argval)


def is_in_place(name: object) -> bool:
    """Whether a method of this name changes what it belongs to, such as ``copy_``."""
    return str(name).endswith("_") and not str(name).endswith("__")


def container_of(steps: tuple[dis.Instruction, ...], at: int) -> int:
    """The instruction that loads what the instruction ``at`` puts an element into."""
    index = ELEMENTS[steps[at].opname]
    at -= 1
    if steps[at].opname in ("SWAP", "ROT_THREE"):  # of ``held[0] += 1``, which reads the element before
        while at and steps[at].opname not in ("COPY", "DUP_TOP_TWO"):
            at -= 1
        while steps[at].opname in ("COPY", "DUP_TOP_TWO"):
            at -= 1
    while at and index:  # back over what the index is made of
        index -= dis.stack_effect(steps[at].opcode, steps[at].arg, jump=False)
        at -= 1
    return at


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


@cache
def reads(code: CodeType, name: str) -> bool:
    """Whether code, or a function that it makes, reads an attribute ``name``."""
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return any(step.argval == name and step.opname in ATTRIBUTE for step in instructions(code)) or any(
        reads(each, name) for each in inner
    )


def overwrites_first(code: CodeType, name: str) -> bool:
    """Whether the first thing that code does to its attribute, in any case, is to assign it or to overwrite it."""
    steps = instructions(code)
    for at, step in enumerate(steps):
        if step.opcode in (*dis.hasjrel, *dis.hasjabs) and not step.opname.startswith("SETUP"):
            return False
        if step.argval == name and step.opname in (*ATTRIBUTE, "STORE_ATTR"):
            written = step.opname == "STORE_ATTR" or (
                steps[at + 1].argval in OVERWRITING and not read_in_statement(steps, at + 1, name)
            )
            return written and of_itself(steps, at, code)
    return False


def read_in_statement(steps: tuple[dis.Instruction, ...], at: int, name: str) -> bool:
    """Whether an attribute ``name`` is read behind the instruction ``at`` before its statement ends."""
    for step in steps[at:]:
        if step.opname.startswith(("STORE", "POP_TOP", "RETURN")):
            return False
        if step.argval == name and step.opname in ATTRIBUTE:
            return True
    return False


@cache
def written(code: CodeType) -> frozenset[tuple[str, ...]]:
    """What code changes in place of what its first argument holds, as ``("base", "weight")`` of ``self.base.weight``.

    By a method such as ``add_``, by ``+=``, by an assignment to its ``data`` or to elements, or as ``out`` of a call.
    """
    steps = instructions(code)
    filled = {container_of(steps, at) for at, step in enumerate(steps) if step.opname in ELEMENTS}
    found = set()
    for at, step in enumerate(steps):
        if not step.opname.startswith(LOADED) or last_loaded(step) != code.co_varnames[:1]:
            continue
        names, end = [], at + 1
        while steps[end].opname in (*ATTRIBUTE, *COPIED):
            names += [steps[end].argval] if steps[end].opname in ATTRIBUTE else []
            end += 1
        if names and is_in_place(names[-1]):
            found.add(without_data(names[:-1]))
        elif (
            end - 1 in filled
            or (steps[end - 1].opname in ATTRIBUTE and steps[end - 2].opname in COPIED)
            or (steps[end].opname, steps[end].argval) == ("STORE_ATTR", "data")
            or ends_as_out(code, steps[end])
        ):
            found.add(without_data(names))
    return frozenset(found) - {()}


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


def without_data(names: list[str]) -> tuple[str, ...]:
    return tuple(names[:-1] if names[-1:] == ["data"] else names)


def ends_as_out(code: CodeType, step: dis.Instruction) -> bool:
    """Whether an instruction names the arguments of a call, the last one, which is loaded by then, ``out``."""
    if step.opname not in ("KW_NAMES", "LOAD_CONST"):
        return False
    names = code.co_consts[step.arg]
    return isinstance(names, tuple) and names[-1:] == ("out",)


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
