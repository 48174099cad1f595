"""``nn.Sequential``: the names of its modules, and what adding, multiplying and slicing make of them."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .test_module_lists import layers


@claim("CONT-37", source="torch.nn.Sequential")
def test_a_Sequential_gives_the_output_of_each_module_to_the_next(real_device):
    """An `nn.Sequential` calls its modules in order, each with the output of the one before; an empty one returns its
    input, and a second argument raises `TypeError`.
    """
    model = nn.Sequential(nn.Flatten(0), nn.Unflatten(0, (2, 3)), nn.Softmax(1)).to(real_device)
    assert model(torch.ones(6, 1, device=real_device)).shape == (2, 3)
    assert nn.Sequential()("anything") == "anything"
    with pytest.raises(TypeError, match="positional argument"):
        model(torch.ones(6, 1, device=real_device), None)


@claim("CONT-38", source="torch.nn.Sequential")
@pytest.mark.parametrize("form", [dict, list])
def test_a_Sequential_takes_names_from_an_OrderedDict_only(form):
    """An `nn.Sequential` made of an `OrderedDict` names its modules by the keys; made of a `dict` or a list, it raises
    `TypeError`.
    """
    names = [("first", layers(1)[0]), ("second", layers(2)[0])]
    model = nn.Sequential(OrderedDict(names))
    assert list(model.state_dict()) == ["first.weight", "second.weight"]
    assert model[1] is model.second
    with pytest.raises(TypeError, match=f"{form.__name__} is not a Module subclass"):
        nn.Sequential(form(names))


@claim("CONT-39", source="torch.nn.Sequential")
def test_a_slice_of_a_Sequential_keeps_the_names(real_device):
    """A slice of an `nn.Sequential`, such as `model[1:]`, keeps the names of its modules, so its state dict begins at
    `"1.weight"`. In contrast, `pop()` and `del model[0]` renumber all modules from 0.
    """
    model = nn.Sequential(*layers(1, 2, 3)).to(real_device)
    tail = model[1:]
    assert tail[0] is model[1]
    assert list(tail.state_dict()) == ["1.weight", "2.weight"]
    model.pop(0)
    assert list(model.state_dict()) == ["0.weight", "1.weight"]


@claim("CONT-40", source="torch.nn.Sequential.append")
def test_appending_to_a_slice_of_a_Sequential_silently_replaces_a_module():
    """`nn.Sequential.append()` names a module by the number of modules before it: on a slice such as `model[1:]` of an
    `nn.Sequential` of three it silently replaces the last one.
    """
    model = nn.Sequential(*layers(1, 2, 3))
    tail = model[1:]
    assert tail.append(layers(4)[0]) is tail
    assert {key: value.item() for key, value in tail.state_dict().items()} == {"1.weight": 2, "2.weight": 4}


@claim("CONT-41", source="torch.nn.Sequential")
def test_deleting_a_module_of_a_Sequential_with_names_replaces_the_names_by_positions():
    """`del model[0]` and `pop(0)` of an `nn.Sequential` with names leave the other modules under positions, `"0"` and
    so on, instead of their names; `append()` keeps the names and adds a position.
    """
    model = nn.Sequential(OrderedDict(zip("abc", layers(1, 2, 3), strict=True)))
    model.append(layers(4)[0])
    assert list(model.state_dict()) == ["a.weight", "b.weight", "c.weight", "3.weight"]
    del model[0]
    assert {key: value.item() for key, value in model.state_dict().items()} == {
        "0.weight": 2,
        "1.weight": 3,
        "2.weight": 4,
    }
    assert not hasattr(model, "b")


@claim("CONT-42", source="torch.nn.Sequential")
@pytest.mark.parametrize("way", ["right", "left", "in place"])
def test_a_multiple_of_a_Sequential_holds_the_same_modules_again(way):
    """`model * 2`, `2 * model` and `model *= 2` of an `nn.Sequential` of numbered layers hold the same modules twice,
    not copies: the state dict has keys for both, and `parameters()` lists each parameter once.
    """
    model = nn.Sequential(*layers(1, 2))
    parameters = list(model.parameters())
    double = {"right": lambda: model * 2, "left": lambda: 2 * model, "in place": lambda: model.__imul__(2)}[way]()
    assert (double is model) is (way == "in place")
    assert [double[i + 2] is double[i] for i in range(2)] == [True, True]
    assert list(double.state_dict()) == ["0.weight", "1.weight", "2.weight", "3.weight"]
    assert [id(parameter) for parameter in double.parameters()] == [id(parameter) for parameter in parameters]


@claim("CONT-43", source="torch.nn.Sequential")
def test_multiplying_a_Sequential_by_something_else_than_a_positive_integer_raises():
    """Multiplying an `nn.Sequential`, in place or not, by 0 or a negative integer raises `ValueError` and by a float
    `TypeError`; its modules stay as they were.
    """
    model = nn.Sequential(*layers(1, 2))
    for multiply in (lambda factor: model * factor, lambda factor: factor * model, model.__imul__):
        with pytest.raises(ValueError, match="Non-positive multiplication factor 0"):
            multiply(0)
        with pytest.raises(ValueError, match="Non-positive multiplication factor -1"):
            multiply(-1)
        with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for \*"):
            multiply(1.5)
    assert list(model.state_dict()) == ["0.weight", "1.weight"]


@claim("CONT-44", source="torch.nn.Sequential")
def test_a_sum_of_Sequentials_numbers_the_same_modules_anew():
    """`model + other` of two `nn.Sequential`s is a new one of the same modules, numbered from 0 whatever their names
    were; adding something else, such as a list or an `nn.ModuleList`, raises `ValueError`.
    """
    model, other = nn.Sequential(OrderedDict(a=layers(1)[0])), nn.Sequential(OrderedDict(b=layers(2)[0]))
    both = model + other
    assert list(both) == [model.a, other.b]
    assert list(both.state_dict()) == ["0.weight", "1.weight"]
    for others in (layers(3), nn.ModuleList(layers(3))):
        with pytest.raises(ValueError, match="add operator supports only objects of Sequential class"):
            model + others
        with pytest.raises(ValueError, match="add operator supports only objects of Sequential class"):
            model += others
    assert list(model.state_dict()) == ["a.weight"]
    model += other
    assert list(model.state_dict()) == ["a.weight", "1.weight"]


@claim("CONT-45", source="torch.nn.Sequential.insert")
def test_inserting_beyond_the_ends_of_a_Sequential_raises():
    """`insert()` of an `nn.Sequential` whose layers are named `"0"`, `"1"` and so on counts a negative position from
    the end, raises `IndexError` beyond the ends and `AssertionError` for None or another non-module, and changes
    nothing then.
    """
    model = nn.Sequential(*layers(1, 2))
    for beyond in (3, -3):
        with pytest.raises(IndexError, match=f"Index out of range: {beyond}"):
            model.insert(beyond, nn.Tanh())
    for value in (None, "relu"):
        with pytest.raises(AssertionError, match="module should be of type"):
            model.insert(0, value)
    assert [value.item() for value in model.state_dict().values()] == [1, 2]
    assert model.insert(-1, layers(3)[0]) is model
    assert model.insert(-3, layers(4)[0]).insert(4, layers(5)[0]) is model
    assert [value.item() for value in model.state_dict().values()] == [4, 1, 3, 2, 5]


@claim("CONT-46", source="torch.nn.Sequential.insert")
def test_inserting_into_a_Sequential_with_names_raises_except_at_the_end():
    """In an `nn.Sequential` all of whose layers have names instead of numbers, such as one made of an `OrderedDict`,
    `insert()` before one of the layers raises `KeyError` and adds nothing; so does `model *= 2`.
    """
    model = nn.Sequential(OrderedDict(a=layers(1)[0], b=layers(2)[0]))
    with pytest.raises(KeyError, match="'1'"):
        model.insert(0, nn.Tanh())
    with pytest.raises(KeyError, match="'0'"):
        model *= 2
    assert list(model.state_dict()) == ["a.weight", "b.weight"]
    model.insert(2, layers(3)[0])
    assert list(model.state_dict()) == ["a.weight", "b.weight", "2.weight"]


@claim("CONT-47", source="torch.nn.Sequential")
def test_a_Sequential_with_None_in_it_raises_when_it_is_called():
    """An `nn.Sequential` with None in it raises `TypeError` when it is called; `nn.Identity()` passes its input on."""
    model = nn.Sequential(nn.Identity(), None)
    with pytest.raises(TypeError, match="'NoneType' object is not callable"):
        model(1)
    model[1] = nn.Identity()
    assert model(1) == 1
