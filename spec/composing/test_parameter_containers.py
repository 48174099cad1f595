"""``nn.ParameterList`` and ``nn.ParameterDict``: where they are neither a list nor a dict."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim


@claim("CONT-55", source="torch.nn.ParameterList")
def test_nothing_is_removed_from_a_ParameterList_or_inserted_into_it():
    """An `nn.ParameterList` only grows at its end: it has neither `insert` nor `pop`, `del weights[0]` raises
    `AttributeError` or `TypeError`, and the sum of two lists raises `TypeError`.
    """
    weights = nn.ParameterList([torch.ones(3)])
    with pytest.raises((AttributeError, TypeError)):
        del weights[0]
    with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for \+"):
        weights + nn.ParameterList([torch.ones(3)])
    assert not hasattr(weights, "insert")
    assert not hasattr(weights, "pop")
    assert hasattr(nn.ModuleList(), "pop")
    assert list(weights.state_dict()) == ["0"]


@claim("CONT-56", source="torch.nn.ParameterList")
def test_where_a_parameter_was_a_ParameterList_or_ParameterDict_takes_only_a_tensor_or_None():
    """Assigning a number over a parameter of an `nn.ParameterList` or `nn.ParameterDict` raises `TypeError`, even if
    None was assigned there in between. A floating-point tensor that is assigned over a number becomes a parameter.
    """
    for held, place, other in (
        (nn.ParameterList([torch.ones(1), 2]), 0, 1),
        (nn.ParameterDict({"a": torch.ones(1), "b": 2}), "a", "b"),
    ):
        with pytest.raises(TypeError, match="cannot assign 'int' as parameter"):
            held[place] = 3
        held[place] = None
        with pytest.raises(TypeError, match="cannot assign 'int' as parameter"):
            held[place] = 3
        held[other] = torch.ones(1)
        assert (held[place], len(held), type(held[other])) == (None, 2, nn.Parameter)
        assert list(held.state_dict()) == [str(other)]


@claim("CONT-57", source="torch.nn.ParameterList")
def test_the_state_dict_of_a_ParameterList_or_ParameterDict_is_in_the_order_in_which_parameters_came():
    """`parameters()` and `state_dict()` of an `nn.ParameterList` or `nn.ParameterDict` are in the order in which
    entries became parameters: a tensor that replaces a number at position 0 comes last, and one that replaces a
    parameter keeps its place.
    """
    listed, keyed = nn.ParameterList([1, torch.ones(1)]), nn.ParameterDict({"a": 1, "b": torch.ones(1)})
    listed[0] = keyed["a"] = torch.zeros(1)
    assert list(listed.state_dict()) == ["1", "0"]
    assert list(keyed.state_dict()) == ["b", "a"]
    assert list(keyed) == ["a", "b"]
    assert [parameter.item() for parameter in listed] == [0, 1]


@claim("CONT-58", source="torch.nn.ParameterDict.pop")
def test_reading_or_popping_a_key_that_a_ParameterDict_lacks_raises_AttributeError():
    """Reading or popping a key that is neither in an `nn.ParameterDict` nor an attribute of it raises `AttributeError`,
    where a dict raises `KeyError`. `del weights[key]`, and `popitem()` of an empty one, do raise `KeyError`.
    """
    weights = nn.ParameterDict({"a": torch.ones(1)})
    for action in (lambda: weights["b"], lambda: weights.pop("b")):
        with pytest.raises(AttributeError, match="no attribute 'b'"):
            action()
    with pytest.raises(KeyError, match="b"):
        del weights["b"]
    assert list(weights) == ["a"]
    with pytest.raises(KeyError, match="empty"):
        nn.ParameterDict().popitem()


@claim("CONT-59", source="torch.nn.ParameterDict")
@pytest.mark.parametrize(("key", "error"), [(0, TypeError), ("keys", KeyError), ("a.b", KeyError)])
def test_a_key_that_a_ParameterDict_raises_for_is_counted_all_the_same(key, error):
    """A key that is not a string raises `TypeError` in an `nn.ParameterDict`, and one that no parameter can have, such
    as `"keys"` or `"a.b"`, raises `KeyError`; either is among its keys all the same, but not in `state_dict()`.
    """
    weights = nn.ParameterDict({"a": torch.ones(1)})
    with pytest.raises(error):
        weights[key] = torch.ones(1)
    assert key in weights
    assert len(weights) == 2
    assert list(weights.state_dict()) == ["a"]


@claim("CONT-60", source="torch.nn.ParameterDict.fromkeys")
def test_fromkeys_of_a_ParameterDict_makes_parameters_over_the_memory_of_one_tensor():
    """For a plain tensor, `nn.ParameterDict().fromkeys(keys, tensor)` makes a new parameter for each key, in the order
    of the keys, and all of them share the memory of `tensor`. Without a default, the elements are None.
    """
    tensor = torch.zeros(2)
    weights = nn.ParameterDict().fromkeys(["b", "a"], tensor)
    assert list(weights.state_dict()) == ["b", "a"]
    assert weights["a"] is not weights["b"]
    tensor.fill_(5)
    assert weights["a"].tolist() == weights["b"].tolist() == [5, 5]
    assert list(nn.ParameterDict().fromkeys("ba").items()) == [("b", None), ("a", None)]


@claim("CONT-61", source="torch.nn.ParameterDict")
def test_a_ParameterDict_on_the_right_of_a_dict_gives_a_dict():
    """For an `nn.ParameterDict` `weights`, `{"b": tensor} | weights` gives a plain `dict`, of which nothing is
    registered; `weights | {"b": tensor}` gives an `nn.ParameterDict`.
    """
    weights, tensor = nn.ParameterDict({"a": torch.ones(1)}), torch.zeros(1)
    left, right = {"b": tensor} | weights, weights | {"b": tensor}
    assert (type(left), type(right)) == (dict, nn.ParameterDict)
    assert left == {"b": tensor, "a": weights["a"]}
    assert list(right.state_dict()) == ["a", "b"]


@claim("CONT-62", source="torch.nn.ParameterList")
def test_a_ParameterList_or_ParameterDict_is_not_called():
    """Calling an `nn.ParameterList` or `nn.ParameterDict` with an input raises `RuntimeError`."""
    with pytest.raises(RuntimeError, match="ParameterList should not be called"):
        nn.ParameterList([torch.ones(1)])()
    with pytest.raises(RuntimeError, match="ParameterDict should not be called"):
        nn.ParameterDict({"a": torch.ones(1)})(torch.ones(1))


@claim("CONT-63", source="torch.nn.ParameterList.append")
def test_appending_an_integer_tensor_to_a_ParameterList_raises_and_leaves_it_too_long():
    """Appending an integer tensor that is no `nn.Parameter` to an `nn.ParameterList` raises `RuntimeError`, since a
    parameter requires grad, and leaves `len()` one too high; iterating over the list then raises `AttributeError`.
    """
    weights = nn.ParameterList([torch.ones(1)])
    with pytest.raises(RuntimeError, match="floating point and complex dtype can require gradients"):
        weights.append(torch.tensor([1]))
    assert len(weights) == 2
    assert list(weights.state_dict()) == ["0"]
    with pytest.raises(AttributeError, match="has no attribute '1'"):
        list(weights)
