"""What a function does to the attributes of objects, read from its code without running it."""

import dis
from functools import cache
from itertools import pairwise
from types import CodeType

ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD"}
LOADED = ("LOAD_FAST", "LOAD_DEREF", "STORE_FAST_LOAD_FAST")
COPIED = ("COPY", "DUP_TOP", "DUP_TOP_TWO")
ELEMENTS = {"STORE_SUBSCR": 1, "STORE_SLICE": 2}  # with how many values for the place
OVERWRITING = frozenset(
    ("copy_", "fill_", "zero_", "normal_", "uniform_", "random_", "bernoulli_", "exponential_", "geometric_")
)


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


def sets_by_name(code: CodeType, name: str) -> bool:
    return name in code.co_consts and bool({"setattr", "__setattr__"} & set(code.co_names))


@cache
def own_names(code: CodeType) -> frozenset[str]:
    """The attributes of its first argument, which is ``self``, that code reads, and so the methods that it calls."""
    found = set()
    for step, following in pairwise(instructions(code)):
        if step.opname.startswith(LOADED) and last_loaded(step) == code.co_varnames[:1]:
            found.update((following.argval,) if following.opname in ATTRIBUTE else ())
    return frozenset(found)


def sets_to(code: CodeType, name: str, value: bool) -> bool:
    """Whether code assigns this value, written out, to the attribute ``name``."""
    steps = instructions(code)
    return any(
        (step.opname, step.argval) == ("STORE_ATTR", name) and steps[at - 2].argval is value
        for at, step in enumerate(steps)
    )


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


def without_data(names: list[str]) -> tuple[str, ...]:
    return tuple(names[:-1] if names[-1:] == ["data"] else names)


def ends_as_out(code: CodeType, step: dis.Instruction) -> bool:
    """Whether an instruction names the arguments of a call, the last one, which is loaded by then, ``out``."""
    if step.opname not in ("KW_NAMES", "LOAD_CONST"):
        return False
    names = code.co_consts[step.arg]
    return isinstance(names, tuple) and names[-1:] == ("out",)
