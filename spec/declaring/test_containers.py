"""``nn.ParameterList`` and ``nn.ParameterDict``, and what stands in for a list of buffers."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, NN_BUFFER, PLAIN_TENSOR, claim
from .registries import MODULE


@claim("CONT-01", source="torch.nn.ParameterList")
@pytest.mark.parametrize("length", [0, 1, 12])
def test_a_ParameterList_registers_its_parameters_under_their_positions(length):
    """A module registers the parameters of an `nn.ParameterList` that it holds as `weights` under their positions,
    `"weights.0"`, `"weights.1"` and so on.
    """
    model, parameters = nn.Module(), [nn.Parameter(torch.ones(3)) for _ in range(length)]
    model.weights = nn.ParameterList(parameters)
    assert list(model.state_dict()) == [f"weights.{i}" for i in range(length)]
    assert [id(parameter) for parameter in model.parameters()] == [id(parameter) for parameter in parameters]
    assert len(model.weights) == length


@claim("CONT-06", source="torch.nn.ParameterDict")
def test_a_ParameterDict_registers_its_parameters_under_their_keys():
    """A module registers the parameters of an `nn.ParameterDict` that it holds as `weights` under their keys, such as
    `"weights.left"`; a parameter is read as `weights["left"]` or `weights.left`.
    """
    model, left, right = nn.Module(), nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    model.weights = nn.ParameterDict({"left": left, "right": right})
    assert list(model.state_dict()) == ["weights.left", "weights.right"]
    assert model.weights["left"] is model.weights.left is left
    assert list(model.weights) == ["left", "right"]


@claim("CONT-02", source="torch.nn.ParameterList")
@pytest.mark.parametrize("kind", [PLAIN_TENSOR, BUFFER])
def test_a_tensor_in_a_ParameterList_or_ParameterDict_becomes_a_trainable_parameter(kind, device):
    """A plain tensor or a buffer of floating dtype that is put into an `nn.ParameterList` or `nn.ParameterDict` becomes
    a trainable `nn.Parameter` there.
    """
    tensor = kind.on(nn.Module(), "x", torch.ones(3, device=device)).x
    model = nn.Module()
    model.listed = nn.ParameterList([tensor]).append(tensor)
    model.listed[0] = tensor
    model.keyed = nn.ParameterDict({"x": tensor})
    assert list(model.state_dict()) == ["listed.0", "listed.1", "keyed.x"]
    assert [(type(p), p.requires_grad) for p in model.parameters()] == [(nn.Parameter, True)] * 3


@claim("CONT-03", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_an_nn_Buffer_in_a_ParameterList_or_ParameterDict_becomes_a_parameter(persistent):
    """A floating-point `nn.Buffer` in an `nn.ParameterList` or `nn.ParameterDict` becomes a parameter there, not a
    buffer.
    """
    buffer = nn.Buffer(torch.ones(3), persistent=persistent)
    model = nn.Module()
    model.listed, model.keyed = nn.ParameterList([buffer]), nn.ParameterDict({"x": buffer})
    assert list(model.buffers()) == []
    assert [name for name, _ in model.named_parameters()] == ["listed.0", "keyed.x"]


@claim("CONT-04", source="torch.nn")
@pytest.mark.parametrize("name", ["BufferList", "BufferDict"])
def test_there_is_a_list_and_a_dict_for_parameters_and_none_for_buffers(name):
    """`torch.nn` has `nn.ParameterList` and `nn.ParameterDict`, but neither a `BufferList` nor a `BufferDict`."""
    assert hasattr(nn, name.replace("Buffer", "Parameter"))
    assert not hasattr(nn, name)


@claim("CONT-05", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize(("persistent", "keys"), [(True, ["cache.0", "cache.1"]), (False, [])])
def test_a_module_with_numbered_buffers_stands_in_for_a_list_of_buffers(persistent, keys, device):
    """A submodule `cache` that registers buffers as `"0"`, `"1"` and so on stands in for a list of buffers: they are
    listed as `"cache.0"` and `"cache.1"`, and saved if persistent.
    """
    model = nn.Module()
    model.cache = nn.Module()
    for i in range(2):
        model.cache.register_buffer(str(i), torch.ones(3, device=device), persistent=persistent)
    assert [name for name, _ in model.named_buffers()] == ["cache.0", "cache.1"]
    assert list(model.state_dict()) == keys
    assert getattr(model.cache, "1") is model.get_buffer("cache.1")


@claim("CONT-07", source="torch.nn.ParameterList")
@pytest.mark.parametrize("value", [3, "relu", None])
def test_a_number_a_string_or_None_stays_as_it_is_in_a_ParameterList_or_ParameterDict(value):
    """A number, a string or None in an `nn.ParameterList` or `nn.ParameterDict` is an element as it is and is not in
    the state dict.
    """
    listed, keyed = nn.ParameterList([value, torch.ones(3)]), nn.ParameterDict({"a": value, "b": torch.ones(3)})
    assert listed[0] is keyed["a"] is value
    assert (len(listed), len(keyed)) == (2, 2)
    assert list(listed.state_dict()) == ["1"]
    assert list(keyed.state_dict()) == ["b"]


@claim("CONT-08", source="torch.nn.ParameterList")
def test_a_ParameterList_is_indexed_and_sliced_as_a_list():
    """An `nn.ParameterList` can be read at negative positions and by slices, as a list can. A slice is an
    `nn.ParameterList` of the same parameters, numbered from 0.
    """
    weights = nn.ParameterList([torch.full((2,), float(i)) for i in range(4)])
    assert [weights[-1].tolist(), weights[-4].tolist()] == [[3, 3], [0, 0]]
    assert [parameter is weights[i] for i, parameter in enumerate(weights)] == [True] * 4
    assert type(weights[1:3]) is nn.ParameterList
    assert [id(parameter) for parameter in weights[::2]] == [id(weights[0]), id(weights[2])]
    assert list(weights[1:3].state_dict()) == ["0", "1"]


@claim("CONT-16", source="torch.nn.ParameterList")
@pytest.mark.parametrize("beyond", [2, -3])
def test_a_position_beyond_the_ends_of_a_ParameterList_raises_IndexError(beyond):
    """Reading or assigning a position beyond the ends of an `nn.ParameterList` raises `IndexError`, and its elements
    stay.
    """
    weights = nn.ParameterList([torch.ones(3), torch.ones(3)])
    with pytest.raises(IndexError, match=f"index {beyond} is out of range"):
        weights[beyond]
    with pytest.raises(IndexError, match=f"index {beyond} is out of range"):
        weights[beyond] = torch.zeros(3)
    assert list(weights.state_dict()) == ["0", "1"]


@claim("CONT-09", source="torch.nn.ParameterList.extend")
def test_a_ParameterList_is_extended_by_lists_and_generators():
    """`weights.extend(values)` and `weights += values` append the tensors of a list or a generator to the
    `nn.ParameterList` `weights` as further parameters.
    """
    weights = nn.ParameterList([torch.ones(3)])
    weights += [torch.ones(3), torch.ones(3)]
    weights.extend(parameter for parameter in [torch.ones(3)])
    assert list(weights.state_dict()) == ["0", "1", "2", "3"]


@claim("CONT-17", source="torch.nn.ParameterList.extend")
def test_extending_a_ParameterList_by_a_tensor_or_a_number_raises_TypeError():
    """For the `nn.ParameterList` `weights`, `weights.extend(tensor)` raises `TypeError` instead of appending the rows,
    and so does `weights += 3`; the elements stay.
    """
    weights = nn.ParameterList([torch.ones(3)])
    with pytest.raises(TypeError, match=r"ParameterList.extend should be called with an iterable, but got Tensor$"):
        weights.extend(torch.ones(3, 3))
    with pytest.raises(TypeError, match=r"but got int$"):
        weights += 3
    assert list(weights.state_dict()) == ["0"]


@claim("CONT-10", source="torch.nn.ParameterDict.update")
def test_a_ParameterDict_sorts_the_keys_of_a_dict_and_keeps_the_order_of_pairs_and_of_an_OrderedDict():
    """An `nn.ParameterDict` made of a `dict` sorts its keys; made of pairs, an `OrderedDict` or another
    `nn.ParameterDict`, it keeps their order.
    """
    pairs = [("b", torch.ones(3)), ("a", torch.ones(3))]
    assert list(nn.ParameterDict(dict(pairs)).state_dict()) == ["a", "b"]
    assert list(nn.ParameterDict(OrderedDict(pairs)).state_dict()) == ["b", "a"]
    assert list(nn.ParameterDict(pairs).state_dict()) == ["b", "a"]
    assert list(nn.ParameterDict(nn.ParameterDict(pairs)).state_dict()) == ["b", "a"]


@claim("CONT-11", source="torch.nn.ParameterDict")
def test_a_parameter_removed_from_a_ParameterDict_is_no_longer_registered():
    """`pop()`, `popitem()`, `clear()` and `del weights[key]` remove parameters from the `nn.ParameterDict` `weights`
    and from its `state_dict()`.
    """
    weights = nn.ParameterDict([(name, torch.ones(3)) for name in "abcde"])
    a, e = weights["a"], weights["e"]
    assert weights.pop("a") is a
    assert weights.popitem() == ("e", e)
    del weights["b"]
    assert list(weights.state_dict()) == list(weights.keys()) == ["c", "d"]
    weights.clear()
    assert (len(weights), list(weights.state_dict())) == (0, [])


@claim("CONT-12", source="torch.nn.ParameterDict")
def test_get_and_setdefault_of_a_ParameterDict_return_what_it_has_and_otherwise_the_default():
    """`get` and `setdefault` of an `nn.ParameterDict` return the element or else the default, and `setdefault` adds the
    default, a tensor as an `nn.Parameter`.
    """
    weights = nn.ParameterDict({"a": torch.ones(3)})
    a = weights["a"]
    assert weights.get("a", 7) is weights.setdefault("a", 7) is a
    assert (weights.get("b"), weights.get("b", 7)) == (None, 7)
    assert "b" not in weights
    assert isinstance(weights.setdefault("b", torch.zeros(3)), nn.Parameter)
    assert [name for name, _ in weights.items()] == list(weights.state_dict()) == ["a", "b"]


@claim("CONT-13", source="torch.nn.ParameterDict")
def test_a_copy_of_a_ParameterDict_and_a_union_hold_the_same_parameters():
    """`left.copy()` and `left | right` of `nn.ParameterDict`s give a new one with the same parameters, not copies of
    them; for a key in both, the right one counts.
    """
    left, right = nn.ParameterDict({"a": torch.ones(3)}), nn.ParameterDict({"a": torch.zeros(3), "b": torch.zeros(3)})
    a = left["a"]
    assert left.copy()["a"] is a
    assert (left | right)["a"] is right["a"]
    assert (right | left)["a"] is a
    assert list(left) == ["a"]
    left |= right
    assert left["a"] is right["a"]
    assert list(left.state_dict()) == ["a", "b"]


@claim("CONT-14", source="torch.nn.ParameterDict")
@pytest.mark.parametrize("key", [0, None])
def test_a_key_of_a_ParameterDict_that_is_no_string_raises_TypeError(key):
    """Assigning to a key of an `nn.ParameterDict` that is not a string, such as 0 or None, raises `TypeError`, and
    nothing is added to its `state_dict()`.
    """
    weights = nn.ParameterDict({"a": torch.ones(3)})
    with pytest.raises(TypeError, match="cannot be used as a key as it is not a string"):
        weights[key] = torch.ones(3)
    assert list(weights.state_dict()) == ["a"]


@claim("CONT-15", source="torch.nn.ParameterList")
@pytest.mark.parametrize("kind", [MODULE, NN_BUFFER])
def test_a_module_or_nn_Buffer_assigned_to_a_ParameterList_is_no_element_of_it(kind):
    """A module or an `nn.Buffer` assigned to an attribute of an `nn.ParameterList` is no element: `len()` and iteration
    leave it out.
    """
    weights = kind.on(nn.ParameterList([torch.ones(3)]), "x", torch.ones(3))
    assert len(weights) == len(list(weights)) == 1
    assert hasattr(weights, "x")
    assert [name for name, _ in weights.named_parameters()] == ["0"]


@claim("CONT-64", source="torch.nn.TransformerEncoder")
def test_the_layers_of_a_TransformerEncoder_begin_equal_and_none_is_the_layer_that_was_given():
    """`nn.TransformerEncoder(layer, num_layers)` holds deep copies of `layer`: they begin with equal parameters, none
    of them is `layer` or shares its memory, and each is trained by itself."""
    layer = nn.TransformerEncoderLayer(4, 1, 4)
    model = nn.TransformerEncoder(layer, 2)
    first, second = model.layers
    assert all(torch.equal(one, other) for one, other in zip(first.parameters(), second.parameters(), strict=True))
    assert torch.equal(first.linear1.weight, layer.linear1.weight)
    nn.init.zeros_(layer.linear1.weight)
    nn.init.ones_(first.linear1.weight)
    assert layer not in list(model.modules())
    assert not second.linear1.weight.detach().eq(0).all()
    assert not second.linear1.weight.detach().eq(1).all()


@claim("CONT-65", source="torch.nn.Sequential")
def test_one_module_given_twice_to_a_Sequential_is_shared_and_not_copied():
    """`nn.Sequential(layer, layer)` and `nn.ModuleList([layer] * 2)` hold `layer` itself twice, tied, where
    `nn.TransformerEncoder` copies: `parameters()` lists its parameters once.
    """
    layer = nn.Linear(1, 1, bias=False)
    sequential, module_list = nn.Sequential(layer, layer), nn.ModuleList([layer] * 2)
    assert sequential[0] is sequential[1] is layer
    assert module_list[0] is module_list[1] is layer
    assert len(list(sequential.parameters())) == len(list(module_list.parameters())) == 1
