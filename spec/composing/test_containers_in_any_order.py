"""Each container of ``torch.nn`` and its reference model, driven side by side."""

from collections import OrderedDict

import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from torch import nn

from ..vocabulary import claim
from . import container_reference as reference

POSITIONS = st.integers(-5, 5)
SLICES = st.builds(
    slice, st.none() | st.integers(-4, 4), st.none() | st.integers(-4, 4), st.sampled_from([None, 1, 2, -1])
)
NAMES = st.sampled_from(["a", "b", "c", "d"])
EXAMPLES, STEPS, LONGEST = 10, 30, 7


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))


MODULES = st.sampled_from(["layer", "layer", "nested", "None"]).map(
    {"layer": Layer, "nested": lambda: nn.ModuleList([Layer(), Layer()]), "None": lambda: None}.get
)
SOME_MODULES = st.lists(MODULES, max_size=3).map(lambda makes: [make() for make in makes])
VALUES = st.sampled_from(["parameter", "parameter", "tensor", "value", "None"]).map(
    {
        "parameter": lambda: nn.Parameter(torch.ones(2)),
        "tensor": lambda: torch.ones(2),
        "value": lambda: "text",
        "None": lambda: None,
    }.get
)


def outcome(action):
    """What an action returns, or the type of the error that it raises."""
    try:
        return action()
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        return type(error)


class ListMachine(RuleBasedStateMachine):
    """Does the same to a ``ModuleList`` and to a list."""

    def __init__(self):
        super().__init__()
        self.model = [Layer(), None, Layer()]
        self.real = nn.ModuleList(self.model)
        self.compare()

    def both(self, real_action, model_action):
        assert outcome(real_action) is outcome(model_action)
        self.compare()

    @precondition(lambda self: len(self.model) < LONGEST)
    @rule(make=MODULES)
    def append(self, make):
        module = make()
        assert self.real.append(module) is self.real
        self.model.append(module)
        self.compare()

    @precondition(lambda self: len(self.model) < LONGEST)
    @rule(data=st.data(), make=MODULES)
    def insert(self, data, make):
        position, module = data.draw(st.integers(0, len(self.model))), make()
        self.both(lambda: self.real.insert(position, module), lambda: self.model.insert(position, module))

    @rule(position=POSITIONS, make=MODULES)
    def assign(self, position, make):
        module = make()
        self.both(lambda: self.real.__setitem__(position, module), lambda: self.model.__setitem__(position, module))

    @precondition(lambda self: self.model)
    @rule(position=POSITIONS, data=st.data())
    def tie(self, position, data):
        module = data.draw(st.sampled_from(self.model))
        self.both(lambda: self.real.__setitem__(position, module), lambda: self.model.__setitem__(position, module))

    @rule(position=POSITIONS)
    def read(self, position):
        self.both(lambda: self.real[position], lambda: self.model[position])

    @rule(position=POSITIONS)
    def pop(self, position):
        self.both(lambda: self.real.pop(position), lambda: self.model.pop(position))

    @rule(which=POSITIONS | SLICES)
    def delete(self, which):
        self.both(lambda: self.real.__delitem__(which), lambda: self.model.__delitem__(which))

    @precondition(lambda self: len(self.model) < LONGEST)
    @rule(modules=SOME_MODULES, way=st.sampled_from(["extend", "+=", "+", "generator"]))
    def extend(self, modules, way):
        before = self.real
        if way == "+":
            self.real, self.model = self.real + modules, self.model + modules
        elif way == "+=":
            self.real += modules
            self.model += modules
        else:
            self.real.extend(modules if way == "extend" else iter(modules))
            self.model.extend(modules)
        assert (self.real is before) is (way != "+")
        self.compare()

    @precondition(lambda self: len(self.model) > 3)
    @rule(part=SLICES)
    def slice(self, part):
        before = list(self.real)
        sliced, self.model = self.real[part], self.model[part]
        assert list(self.real) == before
        self.real = sliced
        self.compare()

    def compare(self):
        assert type(self.real) is nn.ModuleList
        assert len(self.real) == len(self.model)
        assert all(module is expected for module, expected in zip(self.real, self.model, strict=True))
        assert list(self.real.state_dict()) == reference.keys(reference.numbered(self.model))


class SequentialMachine(RuleBasedStateMachine):
    """Does the same to a ``Sequential`` and to the reference model."""

    def __init__(self):
        super().__init__()
        layers = OrderedDict(first=Layer(), second=Layer())
        self.real, self.model = nn.Sequential(layers), reference.Sequential(dict(layers))
        self.compare()

    def both(self, real_action, model_action):
        assert (outcome(real_action) in (None, self.real)) is (outcome(model_action) is None)
        self.compare()

    @precondition(lambda self: len(self.model.held) < LONGEST)
    @rule(make=MODULES)
    def append(self, make):
        module = make()
        self.both(lambda: self.real.append(module), lambda: self.model.append(module))

    @precondition(lambda self: self.model.in_order and len(self.model.held) < LONGEST)
    @rule(position=POSITIONS)
    def insert(self, position):
        module = Layer()
        self.both(lambda: self.real.insert(position, module), lambda: self.model.insert(position, module))

    @rule(position=POSITIONS, make=MODULES)
    def assign(self, position, make):
        module = make()
        self.both(lambda: self.real.__setitem__(position, module), lambda: self.model.assign(position, module))

    @rule(position=POSITIONS)
    def read_and_pop(self, position):
        expected = outcome(lambda: self.model.modules[position])
        assert outcome(lambda: self.real[position]) is expected
        assert outcome(lambda: self.real.pop(position)) is expected
        outcome(lambda: self.model.delete(position))
        self.compare()

    @rule(which=POSITIONS | SLICES)
    def delete(self, which):
        self.both(lambda: self.real.__delitem__(which), lambda: self.model.delete(which))

    @precondition(lambda self: len(self.model.held) < LONGEST)
    @rule(modules=SOME_MODULES)
    def extend(self, modules):
        self.both(lambda: self.real.extend(modules), lambda: self.model.extend(modules))

    @precondition(lambda self: len(self.model.held) < LONGEST)
    @rule(modules=SOME_MODULES, in_place=st.booleans())
    def add(self, modules, in_place):
        before = self.real
        if in_place:
            self.real += nn.Sequential(*modules)
            self.model.add_in_place(modules)
        else:
            self.real = self.real + nn.Sequential(*modules)
            self.model = reference.Sequential(reference.numbered(self.model.modules + modules))
        assert (self.real is before) is in_place
        self.compare()

    @precondition(lambda self: len(self.model.held) < LONGEST / 2)
    @rule(times=st.integers(1, 3), side=st.sampled_from(["left", "right", "in place"]))
    def multiply(self, times, side):
        if side == "in place" and self.model.in_order:
            before = self.real
            self.real *= times
            assert self.real is before
        else:
            self.real = times * self.real if side == "left" else self.real * times
        self.model = reference.Sequential(reference.numbered(self.model.modules * times))
        self.compare()

    @precondition(lambda self: len(self.model.held) > 2)
    @rule(part=SLICES)
    def slice(self, part):
        before = list(self.real)
        sliced, self.model = self.real[part], self.model.slice(part)
        assert list(self.real) == before
        self.real = sliced
        self.compare()

    def compare(self):
        assert type(self.real) is nn.Sequential
        assert len(self.real) == len(self.model.modules)
        assert all(module is expected for module, expected in zip(self.real, self.model.modules, strict=True))
        assert list(self.real.state_dict()) == reference.keys(self.model.held)


class DictMachine(RuleBasedStateMachine):
    """Does the same to a ``ModuleDict`` and to a dict."""

    def __init__(self):
        super().__init__()
        self.model = {"b": Layer(), "a": None}
        self.real = nn.ModuleDict(self.model)
        self.compare()

    def both(self, real_action, model_action):
        assert outcome(real_action) is outcome(model_action)
        self.compare()

    @rule(name=NAMES, make=MODULES)
    def assign(self, name, make):
        module = make()
        self.both(lambda: self.real.__setitem__(name, module), lambda: self.model.__setitem__(name, module))

    @rule(name=NAMES)
    def read(self, name):
        assert (name in self.real) is (name in self.model)
        self.both(lambda: self.real[name], lambda: self.model[name])

    @rule(name=NAMES)
    def pop(self, name):
        self.both(lambda: self.real.pop(name), lambda: self.model.pop(name))

    @rule(name=NAMES)
    def delete(self, name):
        self.both(lambda: self.real.__delitem__(name), lambda: self.model.__delitem__(name))

    @rule(names=st.lists(NAMES, max_size=3), form=st.sampled_from([dict, list, OrderedDict, nn.ModuleDict]))
    def update(self, names, form):
        pairs = [(name, Layer()) for name in names]
        self.both(
            lambda: self.real.update(form(pairs)), lambda: self.model.update(dict(pairs) if form is not list else pairs)
        )

    @precondition(lambda self: len(self.model) == 4)
    @rule()
    def clear(self):
        self.both(self.real.clear, self.model.clear)

    def compare(self):
        assert len(self.real) == len(self.model)
        assert list(self.real) == list(self.real.keys()) == list(self.model)
        assert [(name, id(module)) for name, module in self.real.items()] == [
            (name, id(module)) for name, module in self.model.items()
        ]
        assert [id(module) for module in self.real.values()] == [id(module) for module in self.model.values()]
        assert list(self.real.state_dict()) == reference.keys(self.model)


def same(value, expected):
    """Whether an element is what was given, or the parameter that a plain tensor becomes, over the same memory."""
    if isinstance(expected, torch.Tensor) and not isinstance(expected, nn.Parameter):
        return type(value) is nn.Parameter and value.data_ptr() == expected.data_ptr()
    return value is expected


class ParameterListMachine(RuleBasedStateMachine):
    """Does the same to a ``ParameterList`` and to the reference model."""

    def __init__(self):
        super().__init__()
        self.real, self.model = nn.ParameterList(), reference.ParameterList()

    def both(self, real_action, model_action):
        assert outcome(real_action) is outcome(model_action)
        self.compare()

    @precondition(lambda self: self.model.length < LONGEST)
    @rule(make=VALUES)
    def append(self, make):
        value = make()
        assert self.real.append(value) is self.real
        self.model.append(value)
        self.compare()

    @rule(position=POSITIONS, make=VALUES)
    def assign(self, position, make):
        value = make()
        self.both(lambda: self.real.__setitem__(position, value), lambda: self.model.assign(position, value))

    @rule(position=POSITIONS)
    def read(self, position):
        expected = outcome(lambda: self.model.elements()[position])
        assert same(outcome(lambda: self.real[position]), expected)

    @precondition(lambda self: self.model.length < LONGEST)
    @rule(makes=st.lists(VALUES, max_size=3), way=st.sampled_from(["extend", "+=", "generator"]))
    def extend(self, makes, way):
        values, before = [make() for make in makes], self.real
        if way == "+=":
            self.real += values
        else:
            assert self.real.extend(values if way == "extend" else iter(values)) is self.real
        assert self.real is before
        for value in values:
            self.model.append(value)
        self.compare()

    @precondition(lambda self: self.model.length > 3)
    @rule(part=SLICES)
    def slice(self, part):
        self.real, self.model = self.real[part], self.model.slice(part)
        self.compare()

    def compare(self):
        assert type(self.real) is nn.ParameterList
        assert len(self.real) == self.model.length
        assert all(same(value, expected) for value, expected in zip(self.real, self.model.elements(), strict=True))
        assert list(self.real.state_dict()) == self.model.state_dict()


class ParameterDictMachine(RuleBasedStateMachine):
    """Does the same to a ``ParameterDict`` and to the reference model."""

    def __init__(self):
        super().__init__()
        self.real, self.model = nn.ParameterDict(), reference.ParameterDict()

    def both(self, real_action, model_action):
        assert same(outcome(real_action), outcome(model_action))
        self.compare()

    @rule(name=NAMES, make=VALUES)
    def assign(self, name, make):
        value = make()
        self.both(lambda: self.real.__setitem__(name, value), lambda: self.model.assign(name, value))

    @rule(name=NAMES)
    def read(self, name):
        self.both(lambda: self.real[name], lambda: self.model.read(name))
        self.both(lambda: self.real.get(name, 7), lambda: dict(self.model.items()).get(name, 7))

    @rule(name=NAMES)
    def pop(self, name):
        self.both(lambda: self.real.pop(name), lambda: self.model.pop(name))

    @rule()
    def popitem(self):
        if not self.model.names:
            assert outcome(self.real.popitem) is KeyError
            return
        last = list(self.model.names)[-1]
        name, value = self.real.popitem()
        assert name == last
        assert same(value, self.model.pop(last))
        self.compare()

    @rule(name=NAMES)
    def delete(self, name):
        self.both(lambda: self.real.__delitem__(name), lambda: self.model.delete(name))

    @rule(name=NAMES, make=VALUES)
    def setdefault(self, name, make):
        value = make()
        if name not in self.model.names:
            self.model.assign(name, value)
        self.both(lambda: self.real.setdefault(name, value), lambda: self.model.read(name))

    @rule(
        names=st.lists(NAMES, max_size=3),
        make=VALUES,
        form=st.sampled_from([dict, list, OrderedDict]),
    )
    def update(self, names, make, form):
        values = form([(name, make()) for name in names])
        self.both(lambda: self.real.update(values), lambda: self.model.update(values))

    @rule(names=st.lists(NAMES, max_size=3, unique=True), side=st.sampled_from(["copy", "|", "|="]))
    def combine(self, names, side):
        other = [(name, nn.Parameter(torch.ones(2))) for name in names]
        before, held = self.real, list(self.real.items())
        if side == "copy":
            self.real, self.model = self.real.copy(), self.model.copy()
        elif side == "|":
            self.real, self.model = self.real | nn.ParameterDict(other), self.model.copy()
            self.model.update(other)
        else:
            self.real |= nn.ParameterDict(other)
            self.model.update(other)
        assert (self.real is before) is (side == "|=")
        assert side == "|=" or list(before.items()) == held
        self.compare()

    @precondition(lambda self: len(self.model.names) == 4)
    @rule()
    def clear(self):
        self.both(self.real.clear, lambda: [self.model.delete(name) for name in list(self.model.names)] and None)

    def compare(self):
        assert type(self.real) is nn.ParameterDict
        assert len(self.real) == len(self.model.names)
        assert list(self.real) == list(self.real.keys()) == list(reversed(self.real))[::-1] == list(self.model.names)
        for (name, value), (expected_name, expected) in zip(self.real.items(), self.model.items(), strict=True):
            assert name == expected_name
            assert same(value, expected)
        assert [id(value) for value in self.real.values()] == [id(value) for _, value in self.real.items()]
        assert list(self.real.state_dict()) == self.model.state_dict()


def drive(machine):
    examples = max(EXAMPLES, settings().max_examples)
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=STEPS))


@claim("CONT-18", source="torch.nn.ModuleList")
def test_a_ModuleList_does_what_a_list_does_in_any_order_of_events():
    """An `nn.ModuleList` holds what a Python list holds after any sequence of `append`, `insert` from 0 to the end,
    `pop`, deletions, `extend` or `+` with a list, slicing and assignments to a position. Its `state_dict()` keys begin
    with the positions.
    """
    drive(ListMachine)


@claim("CONT-19", source="torch.nn.Sequential")
def test_a_Sequential_does_what_the_reference_model_says_in_any_order_of_events():
    """An `nn.Sequential` holds the modules and keys that a model of it, a plain dict from names to modules, predicts
    after any sequence of `append`, `insert`, `pop`, deletions, `extend`, sums, multiples, slices and assignments.
    """
    drive(SequentialMachine)


@claim("CONT-20", source="torch.nn.ModuleDict")
def test_a_ModuleDict_does_what_a_dict_does_in_any_order_of_events():
    """After any sequence of assignments, `update`, `pop`, deletions and `clear` with keys that can name submodules, an
    `nn.ModuleDict` holds what a Python dict would, in the same order. Its `state_dict()` keys begin with these keys.
    """
    drive(DictMachine)


@claim("CONT-21", source="torch.nn.ParameterList")
def test_a_ParameterList_does_what_the_reference_model_says_in_any_order_of_events():
    """An `nn.ParameterList` holds what a Python list would after any sequence of `append`, `extend`, slicing and
    assignments to a position, of parameters and None. Plain tensors become parameters, and a string in the place of a
    parameter raises `TypeError`.
    """
    drive(ParameterListMachine)


@claim("CONT-22", source="torch.nn.ParameterDict")
def test_a_ParameterDict_does_what_the_reference_model_says_in_any_order_of_events():
    """An `nn.ParameterDict` keeps its elements in the order of insertion after any sequence of assignments,
    `setdefault`, `pop`, `popitem`, deletions, `copy`, `clear` and unions with another `nn.ParameterDict`; `update` with
    a plain dict adds new keys in sorted order.
    """
    drive(ParameterDictMachine)
