"""``nn.ModuleList``: what it has in common with a list, and what it hasn't."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim


def layers(*values):
    """Linear layers with one weight each, of these values."""
    made = [nn.Linear(1, 1, bias=False) for _ in values]
    for layer, value in zip(made, values, strict=True):
        nn.init.constant_(layer.weight, value)
    return made


@claim("CONT-23", source="torch.nn.ModuleList")
@pytest.mark.parametrize(
    "hold", [nn.ModuleList, lambda modules: nn.Sequential(*modules)], ids=["ModuleList", "Sequential"]
)
def test_a_checkpoint_from_before_a_deletion_is_loaded_into_other_layers(hold, real_device):
    """After `del layers[0]` in an `nn.ModuleList` or an `nn.Sequential` made without names, positions shift: with
    `strict=False`, a checkpoint saved before loads the values of the deleted layer into the next one, if that has the
    same shapes.
    """
    model = hold(layers(1, 2, 3)).to(real_device)
    second, checkpoint = model[1], {key: value.clone() for key, value in model.state_dict().items()}
    del model[0]
    assert model[0] is second
    assert list(model.state_dict()) == ["0.weight", "1.weight"]
    assert model.load_state_dict(checkpoint, strict=False).unexpected_keys == ["2.weight"]
    assert second.weight.tolist() == [[1]]


@claim("CONT-24", source="torch.nn.ModuleList.insert")
@pytest.mark.parametrize(
    "hold", [nn.ModuleList, lambda modules: nn.Sequential(*modules)], ids=["ModuleList", "Sequential"]
)
def test_inserting_a_layer_renumbers_those_behind_it(hold, real_device):
    """`layers.insert(1, layer)` in an `nn.ModuleList` or `nn.Sequential` of numbered layers moves each layer from
    position 1 on to the next position, also in the keys of `state_dict()`, and keeps the modules themselves.
    """
    model = hold(layers(1, 2, 3)).to(real_device)
    parameters = list(model.parameters())
    model.insert(1, layers(7)[0].to(real_device))
    assert [value.item() for value in model.state_dict().values()] == [1, 7, 2, 3]
    assert list(model.state_dict()) == ["0.weight", "1.weight", "2.weight", "3.weight"]
    assert [model[i].weight is parameter for i, parameter in zip([0, 2, 3], parameters, strict=True)] == [True] * 3


@claim("CONT-25", source="torch.nn.ModuleList.insert")
def test_inserting_at_a_negative_position_of_a_ModuleList_raises_and_leaves_a_layer_twice():
    """`layers.insert(-1, layer)` in an `nn.ModuleList` raises `KeyError`, where a list counts from the end; afterwards
    `layers` holds its first layer twice.
    """
    model = nn.ModuleList(layers(1, 2))
    first, second = model
    with pytest.raises(KeyError, match="'-1'"):
        model.insert(-1, nn.Linear(1, 1))
    assert [module is first for module in model] == [True, True, False]
    assert model[2] is second


@claim("CONT-26", source="torch.nn.ModuleList.insert")
def test_inserting_beyond_the_end_of_a_ModuleList_leaves_a_gap():
    """`layers.insert(5, layer)` in an `nn.ModuleList` of two layers, where a list would append, files the layer under
    `"5"`: its length is 3, and reading `layers[2]` raises `KeyError`.
    """
    model = nn.ModuleList(layers(1, 2))
    model.insert(5, layers(3)[0])
    assert list(model.state_dict()) == ["0.weight", "1.weight", "5.weight"]
    assert len(model) == 3
    with pytest.raises(KeyError, match="'2'"):
        model[2]


@claim("CONT-27", source="torch.nn.ModuleList.insert")
def test_inserting_something_else_than_a_module_goes_unnoticed_until_the_state_dict_is_asked_for():
    """`nn.ModuleList.insert()` takes a value that is not a module, such as a string, without an error, where `append()`
    raises `TypeError`; then `state_dict()` raises `AttributeError`.
    """
    model = nn.ModuleList(layers(1))
    with pytest.raises(TypeError, match="str is not a Module subclass"):
        model.append("relu")
    model.insert(0, "relu")
    assert model[0] == "relu"
    with pytest.raises(AttributeError, match="'str' object has no attribute 'state_dict'"):
        model.state_dict()


@claim("CONT-28", source="torch.nn.ModuleList.extend")
def test_a_list_with_something_else_than_a_module_is_added_up_to_there():
    """Extending an `nn.ModuleList` by a list in which a value is neither a module nor None raises `TypeError` and adds
    the modules before that value. Extending it by a number also raises `TypeError` and adds nothing.
    """
    model = nn.ModuleList(layers(1))
    with pytest.raises(TypeError, match=r"ModuleList\.extend should be called with an iterable, but got int"):
        model += 3
    assert len(model) == 1
    with pytest.raises(TypeError, match="str is not a Module subclass"):
        model.extend([*layers(2), "relu", *layers(3)])
    assert [value.item() for value in model.state_dict().values()] == [1, 2]


@claim("CONT-29", source="torch.nn.ModuleList")
@pytest.mark.parametrize(
    "hold", [nn.ModuleList, lambda modules: nn.Sequential(*modules)], ids=["ModuleList", "Sequential"]
)
@pytest.mark.parametrize("beyond", [2, -3])
def test_a_position_beyond_the_ends_of_a_ModuleList_or_Sequential_raises(hold, beyond):
    """Reading, assigning, deleting and popping beyond the ends of an `nn.ModuleList` or `nn.Sequential` raises
    `IndexError`; positions from `-len(layers)` to -1 count from the end.
    """
    model = hold(layers(1, 2))
    for action in (
        lambda: model[beyond],
        lambda: model.pop(beyond),
        lambda: model.__delitem__(beyond),
        lambda: model.__setitem__(beyond, layers(3)[0]),
    ):
        with pytest.raises(IndexError, match=f"index {beyond} is out of range"):
            action()
    assert [value.item() for value in model.state_dict().values()] == [1, 2]
    assert model[-2] is model[0] is not model[-1]


@claim("CONT-30", source="torch.nn.ModuleList")
@pytest.mark.parametrize(
    "hold", [nn.ModuleList, lambda modules: nn.Sequential(*modules)], ids=["ModuleList", "Sequential"]
)
def test_assigning_to_a_slice_of_a_ModuleList_or_Sequential_raises(hold):
    """Assigning to a slice of an `nn.ModuleList` or `nn.Sequential` raises `TypeError`, unlike with a list; reading,
    deleting and `pop()` of a slice work.
    """
    model = hold(layers(1, 2, 3))
    with pytest.raises(TypeError, match="'slice' object cannot be interpreted as an integer"):
        model[:2] = layers(4, 5)
    assert [layer.weight.item() for layer in model.pop(slice(0, 2))] == [1, 2]
    assert [value.item() for value in model.state_dict().values()] == [3]


@claim("CONT-31", source="torch.nn.ModuleList")
def test_a_slice_and_a_sum_of_a_ModuleList_share_its_modules(real_device):
    """A slice of an `nn.ModuleList` and `layers + [layer]` are new lists, numbered from 0, of the same modules; a
    slice has the class of the list, a sum is an `nn.ModuleList`.
    """

    class Layers(nn.ModuleList):
        pass

    model = Layers(layers(1, 2, 3)).to(real_device)
    part, both = model[1:], model + layers(4)
    assert (type(part), type(both)) == (Layers, nn.ModuleList)
    assert part[0] is both[1] is model[1]
    assert list(part.state_dict()) == ["0.weight", "1.weight"]
    assert [value.item() for value in both.state_dict().values()] == [1, 2, 3, 4]
    part.append(layers(5)[0])
    assert len(model) == 3


@claim("CONT-32", source="torch.nn.ModuleList")
@pytest.mark.parametrize(
    "hold", [nn.ModuleList, lambda modules: nn.Sequential(*modules)], ids=["ModuleList", "Sequential"]
)
def test_None_in_a_ModuleList_or_Sequential_is_an_element_without_state(hold):
    """None in an `nn.ModuleList` or `nn.Sequential` counts in `len()` and for the positions, and is neither in
    `children()` nor in the state dict; assigning anything else that is not a module raises `TypeError`.
    """
    first, last = layers(1, 2)
    model = hold([first, None, last])
    assert (len(model), model[1], model[2]) == (3, None, last)
    assert list(model.children()) == [first, last]
    assert list(model.state_dict()) == ["0.weight", "2.weight"]
    with pytest.raises(TypeError, match="cannot assign 'int' as child module '1'"):
        model[1] = 3
    model[0] = None
    assert list(model.state_dict()) == ["2.weight"]


@claim("CONT-33", source="torch.nn.ModuleList.extend")
@pytest.mark.parametrize(
    "hold", [nn.ModuleList, lambda modules: nn.Sequential(*modules)], ids=["ModuleList", "Sequential"]
)
def test_extending_a_ModuleList_or_Sequential_by_itself_raises(hold):
    """For an `nn.ModuleList` or `nn.Sequential` of several modules, `layers += layers` adds one module and raises
    `RuntimeError`, whereas a list would double. `layers.extend(list(layers))` works.
    """
    model = hold(layers(1, 2))
    with pytest.raises(RuntimeError, match=r"during iteration"):
        model += model
    assert [value.item() for value in model.state_dict().values()] == [1, 2, 1]
    assert model.extend(list(model)) is model
    assert len(model) == 6


@claim("CONT-34", source="torch.nn.ModuleList")
@pytest.mark.parametrize(
    "container", [nn.ModuleList([nn.Identity()]), nn.ModuleDict({"a": nn.Identity()})], ids=["ModuleList", "ModuleDict"]
)
def test_a_ModuleList_or_ModuleDict_is_not_called(container):
    """Calling an `nn.ModuleList` or `nn.ModuleDict` raises `NotImplementedError`: it has no `forward`, where an
    `nn.Sequential` has one.
    """
    with pytest.raises(NotImplementedError, match=r'missing the required "forward" function'):
        container(torch.ones(1))
    assert nn.Sequential(nn.Identity())(1) == 1


@claim("CONT-35", source="torch.nn.ModuleList")
@pytest.mark.parametrize(
    "container",
    [nn.ModuleList, lambda modules: nn.Sequential(*modules), nn.ParameterList],
    ids=["ModuleList", "Sequential", "ParameterList"],
)
def test_dir_of_a_container_leaves_its_positions_out(container):
    """`dir()` of an `nn.ModuleList`, `nn.Sequential` or `nn.ParameterList` leaves out elements at positions such as 0,
    and lists a submodule that was assigned under a name.
    """
    element = torch.ones(1) if container is nn.ParameterList else nn.Identity()
    held = container([element])
    held.extra = nn.Identity()
    assert "0" not in dir(held)
    assert {"extra", "append"} <= set(dir(held))


@claim("CONT-36", source="torch.nn.ModuleList", since="2.0")
def test_a_ModuleList_shows_equal_neighbours_once():
    """In `repr()` of an `nn.ModuleList`, modules in a row that look the same are shown as one entry, which begins with
    their positions and their count.
    """
    model = nn.ModuleList([nn.Tanh(), nn.Tanh(), nn.ReLU(), nn.Tanh()])
    assert str(model).splitlines() == ["ModuleList(", "  (0-1): 2 x Tanh()", "  (2): ReLU()", "  (3): Tanh()", ")"]
    assert str(nn.ModuleList()) == "ModuleList()"
