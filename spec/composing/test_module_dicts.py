"""``nn.ModuleDict``: what it has in common with a dict, and what it hasn't."""

import pytest
from torch import nn

from ..vocabulary import claim
from .test_module_lists import layers


@claim("CONT-48", source="torch.nn.ModuleDict")
@pytest.mark.parametrize("name", ["keys", "pop", "training", "type", "a.b", ""])
def test_a_name_that_every_ModuleDict_has_raises(name):
    """Adding a module to an `nn.ModuleDict` raises `KeyError` and adds nothing for an empty key, a key with a dot, or
    the name of one of its attributes or methods, such as `training` or `keys`.
    """
    model = nn.ModuleDict({"a": layers(1)[0]})
    with pytest.raises(KeyError, match=r"already exists|module name can"):
        model[name] = nn.Tanh()
    assert list(model) == ["a"]
    assert callable(model.keys)


@claim("CONT-49", source="torch.nn.ModuleDict")
def test_a_key_that_is_not_a_string_or_a_value_that_is_not_a_module_raises():
    """Assigning to an `nn.ModuleDict` raises `TypeError` for a key that is not a string and for a value that is neither
    a module nor None, and adds nothing.
    """
    model = nn.ModuleDict({"a": layers(1)[0]})
    with pytest.raises(TypeError, match=r"module name should be a string\. Got int"):
        model[0] = nn.Tanh()
    with pytest.raises(TypeError, match="str is not a Module subclass"):
        model["b"] = "tanh"
    assert list(model) == ["a"]


@claim("CONT-50", source="torch.nn.ModuleDict.update")
@pytest.mark.parametrize("form", [dict, list, nn.ModuleDict])
def test_a_ModuleDict_keeps_the_order_in_which_its_modules_were_added(form):
    """An `nn.ModuleDict` keeps the order in which names were added, whether by a `dict`, pairs or another
    `nn.ModuleDict`, and a replaced module keeps its place. An `nn.ParameterDict` sorts a `dict` that is not an
    `OrderedDict`.
    """
    first, second, third = layers(1, 2, 3)
    model = nn.ModuleDict(form([("b", first), ("a", second)]))
    model["b"] = third
    assert {key: value.item() for key, value in model.state_dict().items()} == {"b.weight": 3, "a.weight": 2}
    assert list(model) == ["b", "a"]
    assert list(nn.ParameterDict({"b": 1, "a": 2})) == ["a", "b"]


@claim("CONT-51", source="torch.nn.ModuleDict.pop")
def test_a_name_that_a_ModuleDict_lacks_raises():
    """Reading, deleting and popping a name that an `nn.ModuleDict` lacks raises `KeyError`, and `pop()` with a default
    raises `TypeError`; an `nn.ModuleDict` has no `get`, `setdefault`, `popitem` or `copy`.
    """
    model = nn.ModuleDict({"a": layers(1)[0]})
    for action in (lambda: model["b"], lambda: model.pop("b"), lambda: model.__delitem__("b")):
        with pytest.raises(KeyError, match="'b'"):
            action()
    with pytest.raises(TypeError, match="positional argument"):
        model.pop("b", None)
    assert not any(hasattr(model, name) for name in ("get", "setdefault", "popitem", "copy"))
    assert list(model.state_dict()) == ["a.weight"]


@claim("CONT-52", source="torch.nn.ModuleDict.update")
@pytest.mark.parametrize(("last", "error"), [(3, TypeError), (("c",), ValueError), (("c", 1, 2), ValueError)])
def test_updating_a_ModuleDict_or_ParameterDict_by_a_broken_pair_keeps_those_before(last, error):
    """`update()` of an `nn.ModuleDict` or `nn.ParameterDict` raises `TypeError` for an element that is not iterable,
    and `ValueError` for a sequence of another length than 2, and keeps the pairs before it.
    """
    modules, parameters = nn.ModuleDict(), nn.ParameterDict()
    with pytest.raises(error, match=r"ModuleDict update sequence element #1 (should be Iterable; isint|has length)"):
        modules.update([("a", nn.Tanh()), last, ("b", nn.Tanh())])
    with pytest.raises(error, match=r"ParameterDict update sequence element #1 (should be Iterable; isint|has length)"):
        parameters.update([("a", 1), last, ("b", 1)])
    assert list(modules) == list(parameters) == ["a"]


@claim("CONT-53", source="torch.nn.ModuleDict.update")
@pytest.mark.parametrize("container", [nn.ModuleDict, nn.ParameterDict])
def test_a_ModuleDict_or_ParameterDict_of_a_number_raises(container):
    """Making an `nn.ModuleDict` or `nn.ParameterDict` from a value that is neither iterable nor None, such as a number,
    raises `TypeError`. Updating one with such a value raises it too.
    """
    with pytest.raises(TypeError, match=r"update should be called with an iterable of key/value pairs, but got int"):
        container(3)
    held = container()
    with pytest.raises(TypeError, match=r"update should be called with an iterable of key/value pairs, but got int"):
        held.update(3)
    assert len(held) == 0


@claim("CONT-54", source="torch.nn.ModuleDict")
def test_None_in_a_ModuleDict_is_an_element_without_state():
    """None in an `nn.ModuleDict` is one of its keys and counts in `len()`, and is neither in `children()` nor in the
    state dict.
    """
    model = nn.ModuleDict({"a": layers(1)[0], "b": None})
    assert (list(model), len(model), model["b"]) == (["a", "b"], 2, None)
    assert "b" in model
    assert list(model.children()) == [model["a"]]
    assert list(model.state_dict()) == ["a.weight"]
