"""What the listings make of state and of modules that have several names."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, PARAMETER, REGISTERED, NestedModel, ToyModel3, claim
from .tying import listed, share


@claim("TIE-01", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", REGISTERED)
@pytest.mark.parametrize("path", [pytest.param("", id="the module itself"), "body.inner"])
def test_tied_state_is_listed_once_and_under_the_first_name(kind, path, real_device):
    """A tied parameter or buffer is listed once, under its first name, by `named_parameters()` or `named_buffers()`,
    and once by `parameters()` or `buffers()`.
    """
    model = kind.on(NestedModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    share(model.x, model.get_submodule(path), "y")
    assert [name for name, tensor in listed(model) if tensor is model.x] == ["x"]
    assert len([t for t in [*model.parameters(), *model.buffers()] if t is model.x]) == 1
    assert len(listed(model)) == 7


@claim("TIE-11", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", REGISTERED)
def test_the_first_name_of_tied_state_is_the_one_on_the_module_that_comes_first(kind, real_device):
    """`named_parameters()` and `named_buffers()` list a tied tensor under its name on the module that comes first in
    `named_modules()`, however late it was registered there.
    """
    model = nn.Module()
    model.first, model.second = nn.Module(), nn.Module()
    kind.on(model.second, "x", torch.ones(3, device=real_device))
    assert [name for name, _ in listed(model)] == ["second.x"]
    share(model.second.x, model.first, "y")
    assert [name for name, _ in listed(model)] == ["first.y"]
    share(model.second.x, model, "z")
    assert [name for name, _ in listed(model)] == ["z"]


@claim("TIE-02", source="torch.nn.Module.named_parameters", since="2.0")
@pytest.mark.parametrize("kind", REGISTERED)
def test_remove_duplicate_False_lists_tied_state_under_every_name(kind, real_device):
    """`named_parameters(remove_duplicate=False)` and `named_buffers(remove_duplicate=False)` list a tied parameter or
    buffer under each of its names.
    """
    model = kind.on(NestedModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    share(model.x, model.body.inner, "y")
    every_name = [name for name, tensor in listed(model, remove_duplicate=False) if tensor is model.x]
    assert every_name == ["x", "body.inner.y"]
    assert listed(model, remove_duplicate=True) == listed(model)
    assert len(listed(model, remove_duplicate=False)) == len(listed(model)) + 1
    model.again = model.body
    everywhere = [name for name, tensor in listed(model, "outer", True, False) if tensor is model.x]
    assert everywhere == ["outer.x", "outer.body.inner.y", "outer.again.inner.y"]


@claim("TIE-12", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_without_recurse_each_module_lists_tied_state_under_its_own_name(kind, real_device):
    """With `recurse=False`, `named_parameters()` and `named_buffers()` of a module and of its submodule each list the
    tensor that the two share, under its name there.
    """
    model = kind.on(NestedModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    share(model.x, model.body, "y")
    assert [name for name, _ in listed(model.body, recurse=False)] == ["y"]
    assert [name for name, tensor in listed(model, recurse=False) if tensor is model.x] == ["x"]


@claim("TIE-09", source="torch.nn.Module.named_modules")
def test_a_module_with_two_names_is_one_module_whose_state_is_saved_twice(real_device):
    """A submodule under two names is listed once by `modules()`, and its parameters and buffers once under the first
    name, but `state_dict()` holds them under both.
    """
    model = nn.Module()
    model.first = model.second = ToyModel3(5, 10).to(real_device)
    assert [name for name, _ in model.named_modules()] == ["", "first", "first.linear"]
    assert list(model.modules()) == [model, model.first, model.first.linear]
    assert [name for name, _ in listed(model)] == ["first.b1", "first.linear.weight", "first.linear.bias", "first.c1"]
    assert list(model.state_dict(keep_vars=True).items()) == [
        ("first.b1", model.first.b1),
        ("first.c1", model.first.c1),
        ("first.linear.weight", model.first.linear.weight),
        ("first.linear.bias", model.first.linear.bias),
        ("second.b1", model.first.b1),
        ("second.c1", model.first.c1),
        ("second.linear.weight", model.first.linear.weight),
        ("second.linear.bias", model.first.linear.bias),
    ]


@claim("TIE-14", source="torch.nn.Module.named_children")
def test_a_child_with_two_names_is_among_the_children_once(real_device):
    """`named_children()` and `children()` list a submodule with two names once, under the first, and leave out a child
    that is None.
    """
    model = nn.Module()
    model.add_module("empty", None)
    model.first = model.second = nn.Linear(5, 10, device=real_device)
    model.third = nn.Linear(5, 10, device=real_device)
    assert list(model.named_children()) == [("first", model.first), ("third", model.third)]
    assert list(model.children()) == [model.first, model.third]


@claim("TIE-15", source="torch.nn.Module.named_modules")
def test_named_modules_with_remove_duplicate_False_lists_a_shared_module_under_every_path():
    """`named_modules(remove_duplicate=False)` lists a shared submodule, and what is inside it, under every path; by
    default each module is listed once, under the first.
    """
    model = nn.Module()
    model.first = model.second = nn.Sequential(nn.ReLU())
    model.add_module("empty", None)
    relu = model.first[0]
    assert list(model.named_modules(remove_duplicate=False)) == [
        ("", model),
        ("first", model.first),
        ("first.0", relu),
        ("second", model.first),
        ("second.0", relu),
    ]
    assert list(model.named_modules(None, "outer")) == [
        ("outer", model),
        ("outer.first", model.first),
        ("outer.first.0", relu),
    ]
    assert [*model.named_modules(None, "outer", False)][-1] == ("outer.second.0", relu)


@claim("TIE-16", source="torch.nn.Module.modules", since="2.11")
def test_modules_with_remove_duplicate_False_lists_a_shared_module_as_often_as_it_has_names():
    """`modules(remove_duplicate=False)` lists a submodule with two names twice, where `modules()` lists it once."""
    model = nn.Module()
    model.first = model.second = nn.ReLU()
    assert list(model.modules()) == list(model.modules(True)) == [model, model.first]
    assert list(model.modules(remove_duplicate=False)) == [model, model.first, model.first]


@claim("TIE-18", source="torch.nn.Module.apply")
def test_apply_reaches_a_module_once_for_each_parent_that_shares_it():
    """`apply(fn)` calls `fn` on a shared submodule, and on those inside it, once for each parent that shares it,
    however many names it has there. It calls `fn` on a parent after its children.
    """
    model = nn.Module()
    model.left, model.right = nn.Module(), nn.Module()
    shared = model.left.first = model.left.second = model.right.first = nn.ReLU()
    reached = []
    assert model.apply(reached.append) is model
    assert reached == [shared, model.left, shared, model.right, model]


@claim("TIE-19", source="torch.nn.Module.named_buffers")
def test_a_parameter_that_is_also_a_buffer_is_in_both_listings_and_saved_twice(real_device):
    """A parameter that is also registered with `register_buffer` is in `named_parameters()` and in `named_buffers()`,
    and in `state_dict()` under both names.
    """
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    model.register_buffer("b", model.p)
    assert list(model.named_parameters()) == [("p", model.p)]
    assert list(model.named_buffers()) == [("b", model.p)]
    assert list(model.state_dict(keep_vars=True).items()) == [("p", model.p), ("b", model.p)]


@claim("TIE-20", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_deleting_one_name_of_tied_state_leaves_the_other(kind, real_device):
    """`del model.x` on one name of a tied parameter or buffer leaves the tensor under its other name, in the listings
    and in `state_dict()`.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    share(model.x, model, "y")
    tensor = model.x
    del model.x
    assert listed(model) == [("y", tensor)]
    assert list(model.state_dict()) == ["y"]
