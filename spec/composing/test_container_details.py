"""What containers do with a default, with the order of a dict, with another container, and how they show themselves."""

from collections import OrderedDict
from types import MappingProxyType

import pytest
import torch
from torch import nn

from ..vocabulary import claim


@claim("CONT-66", source="torch.nn.ParameterDict.setdefault")
def test_setdefault_without_a_default_puts_None_under_the_key():
    """`nn.ParameterDict.setdefault(key)` puts None under a key that is absent: it counts in `len()` and `keys()`, and
    is not in `state_dict()`.
    """
    model = nn.ParameterDict({"a": nn.Parameter(torch.ones(1))})
    assert model.setdefault("b") is None
    assert model["b"] is None
    assert list(model.keys()) == ["a", "b"]
    assert len(model) == 2
    assert list(model.state_dict()) == ["a"]


ORDERED = [dict, OrderedDict, lambda pairs: MappingProxyType(dict(pairs)), list]


@claim("CONT-67", source="torch.nn.ModuleDict.update")
@pytest.mark.parametrize("make", ORDERED, ids=["dict", "OrderedDict", "MappingProxyType", "pairs"])
def test_a_ModuleDict_keeps_the_order_of_what_it_is_given(make):
    """`nn.ModuleDict` keeps the order of the dict, `OrderedDict`, other mapping or pairs that it is made of or updated
    with, where `nn.ParameterDict` sorts the keys of a plain dict.
    """
    model = nn.ModuleDict(make([("c", nn.ReLU()), ("b", nn.ReLU())]))
    model.update(make([("d", nn.ReLU()), ("a", nn.ReLU())]))
    assert list(model) == ["c", "b", "d", "a"]
    assert list(nn.ParameterDict({"b": torch.ones(1), "a": torch.ones(1)})) == ["a", "b"]


@claim("CONT-68", source="torch.nn.Sequential.extend")
def test_a_Sequential_that_is_extended_by_another_shares_its_modules():
    """Where two `nn.Sequential`s are numbered from 0 (a slice such as `model[1:]` is not), `model.extend(other)`
    appends the same module objects of `other` under the next numbers. It returns `model` and leaves `other` unchanged.
    """
    model, other = nn.Sequential(nn.ReLU()), nn.Sequential(nn.Linear(1, 1), nn.Tanh())
    assert model.extend(other) is model
    assert [name for name, _ in model.named_children()] == ["0", "1", "2"]
    assert model[1] is other[0]
    assert model[2] is other[1]
    assert list(model.state_dict()) == ["1.weight", "1.bias"]
    assert len(other) == 2


@claim("CONT-69", source="torch.nn.ParameterList.extra_repr")
def test_parameter_containers_show_type_and_size_of_each_parameter():
    """`repr()` of an `nn.ParameterList` or `nn.ParameterDict` has a line for each element: type and size of a
    parameter, and the type of any other object.
    """
    listed = repr(nn.ParameterList([torch.ones(2, 3), 3])).splitlines()
    named = repr(nn.ParameterDict({"a": torch.ones(2, 3), "b": 3})).splitlines()
    assert listed[1].strip() == "(0): Parameter containing: [torch.float32 of size 2x3]"
    assert listed[2].strip() == "(1): Object of type: int"
    assert named[1].strip() == "(a): Parameter containing: [torch.FloatTensor of size 2x3]"
    assert named[2].strip() == "(b): Object of type: int"


@claim("CONT-70", source="torch.nn.ModuleList")
def test_the_repr_of_a_ModuleList_indents_the_lines_of_its_modules():
    """`repr()` of an `nn.ModuleList` indents each line that is not blank of a module of several lines by two blanks, as
    `repr()` of an `nn.Sequential` does.
    """
    model = nn.Sequential(nn.Sequential(nn.ReLU()))
    assert repr(model) == "Sequential(\n  (0): Sequential(\n    (0): ReLU()\n  )\n)"
    assert repr(nn.ModuleList(model)) == "ModuleList(\n  (0): Sequential(\n    (0): ReLU()\n  )\n)"
