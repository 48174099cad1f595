"""What ``dir()`` and ``repr()`` tell about the state of a module."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, KINDS, PARAMETER, PLAIN_VALUE, NestedModel, ToyModel, ToyModel3, claim
from .registries import MODULE


class Described(nn.Module):
    """A module that describes itself by what it is given."""

    def __init__(self, description):
        super().__init__()
        self.description = description

    def extra_repr(self):
        return self.description


@claim("ENUM-35", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [*KINDS, MODULE])
def test_dir_lists_state_of_every_kind_among_methods_and_attributes(kind):
    """`dir(model)` lists parameters, buffers, submodules and plain attributes beside methods, except names that begin
    with a digit, such as those in an `nn.Sequential`.
    """
    model = ToyModel3(5, 10)
    before = dir(model)
    kind.put(model, "x", torch.ones(3))
    assert [name for name in dir(model) if name not in before] == ["x"]
    assert {"a1", "b1", "c1", "linear", "training", "forward", "state_dict"} <= set(before)
    assert "0" not in dir(nn.Sequential(model))


@claim("ENUM-36", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, PLAIN_VALUE, MODULE])
def test_dir_leaves_out_names_that_begin_with_a_digit_and_no_others(kind):
    """`dir(model)` leaves out attribute names that begin with a digit, such as `"0"`, and lists other names, even
    `"a b"` or `"class"`.
    """
    model = nn.Module()
    before = dir(model)
    for name in ("0", "1x", "x1", "a-b", "a b", "class"):
        kind.put(model, name, torch.ones(3))
    assert [name for name in dir(model) if name not in before] == ["a b", "a-b", "class", "x1"]


@claim("ENUM-37", source="torch.nn.Module")
def test_dir_is_sorted():
    """`model.__dir__()` returns its names sorted."""
    model = ToyModel3(5, 10)
    names = model.__dir__()
    assert names == sorted(names)
    assert "c1" in names


@claim("ENUM-38", source="torch.nn.Module")
def test_repr_shows_submodules_but_no_parameters_buffers_or_plain_attributes():
    """If a module's class doesn't override `extra_repr`, `repr(model)` shows its submodules, nested, but none of the
    parameters, buffers and plain attributes that the module itself holds.
    """
    linear = "Linear(in_features=5, out_features=10, bias=True)"
    assert repr(nn.Module()) == "Module()"
    assert repr(ToyModel(5, 10)) == f"ToyModel(\n  (linear): {linear}\n)"
    assert repr(ToyModel3(5, 10)) == f"ToyModel3(\n  (linear): {linear}\n)"
    assert repr(NestedModel(5, 10)) == (
        "NestedModel(\n  (body): Module(\n    (inner): ToyModel3(\n      (linear): " + linear + "\n    )\n  )\n)"
    )


@claim("ENUM-39", source="torch.nn.Module.extra_repr")
def test_repr_shows_one_line_of_extra_repr_in_the_brackets_and_more_on_lines_of_their_own():
    """For a module without submodules, `repr()` shows one line of `extra_repr()` in the brackets after the class name,
    and several lines each on its own.
    """
    assert repr(Described("")) == "Described()"
    assert repr(Described("width=3")) == "Described(width=3)"
    assert repr(Described("width=3\ndepth=2")) == "Described(\n  width=3\n  depth=2\n)"


@claim("ENUM-40", source="torch.nn.Module.extra_repr")
def test_repr_shows_extra_repr_before_the_submodules_in_the_order_of_registration():
    """For a module with submodules other than an `nn.ModuleList`, `repr()` shows `extra_repr()` on a line of its own,
    then the submodules in the order of registration, including one that is None.
    """
    model = Described("width=3")
    model.b, model.a = nn.Identity(), Described("depth=2")
    model.add_module("none", None)
    assert repr(model) == "Described(\n  width=3\n  (b): Identity()\n  (a): Described(depth=2)\n  (none): None\n)"


@claim("ENUM-42", source="torch.nn.Module.extra_repr", since="2.11")
def test_repr_leaves_blank_lines_blank_below_the_top():
    """The `repr()` of a module indents the `extra_repr()` of a submodule but leaves its blank lines empty."""
    model = nn.Module()
    model.child = Described("width=3\n\ndepth=2")
    assert repr(model) == "Module(\n  (child): Described(\n    width=3\n\n    depth=2\n  )\n)"


@claim("ENUM-41", source="torch.nn.Module.extra_repr")
def test_extra_repr_is_empty_unless_a_module_defines_it():
    """`extra_repr()` is an empty string unless the class defines it, as `nn.Linear` does."""
    assert ToyModel3(5, 10).extra_repr() == ""
    assert ToyModel3(5, 10).linear.extra_repr() == "in_features=5, out_features=10, bias=True"


@claim("ENUM-46", source="torch.nn.Module")
def test_repr_takes_the_name_of_a_module_from_get_name():
    """The `repr()` of a model shows a submodule under the name that its `_get_name()` returns, where a class overrides
    it.
    """

    class Renamed(nn.Linear):
        def _get_name(self):
            return "Dense"

    assert repr(nn.Sequential(Renamed(5, 10))) == (
        "Sequential(\n  (0): Dense(in_features=5, out_features=10, bias=True)\n)"
    )
