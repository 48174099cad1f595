"""What the listings make of state and of modules that have several names."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, PARAMETER, REGISTERED, NestedModel, ToyModel3, claim
from .tying import listed, share


@claim("TIE-01", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", REGISTERED)
@pytest.mark.parametrize("path", ["", "body.toy"])
def test_state_with_two_names_is_listed_once_and_under_the_first(kind, path, real_device):
    model = kind.on(NestedModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    share(model.x, model.get_submodule(path), "y")
    assert [name for name, tensor in listed(model) if tensor is model.x] == ["x"]
    assert len([t for t in [*model.parameters(), *model.buffers()] if t is model.x]) == 1
    assert len(listed(model)) == 7


@claim("TIE-11", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", REGISTERED)
def test_the_first_name_of_tied_state_is_the_one_on_the_outermost_module(kind, real_device):
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
    model = kind.on(NestedModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    share(model.x, model.body.toy, "y")
    every_name = [name for name, tensor in listed(model, remove_duplicate=False) if tensor is model.x]
    assert every_name == ["x", "body.toy.y"]
    assert listed(model, remove_duplicate=True) == listed(model)
    assert len(listed(model, remove_duplicate=False)) == len(listed(model)) + 1


@claim("TIE-12", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_without_recurse_each_module_lists_tied_state_under_its_own_name(kind, real_device):
    model = kind.on(NestedModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    share(model.x, model.body, "y")
    assert [name for name, _ in listed(model.body, recurse=False)] == ["y"]
    assert [name for name, tensor in listed(model, recurse=False) if tensor is model.x] == ["x"]


@claim("TIE-13", source="torch.nn.Module.named_parameters", since="2.0")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_a_prefix_leads_every_name_of_tied_state(kind, real_device):
    model = nn.Module()
    model.child = nn.Module()
    kind.on(model, "x", torch.ones(3, device=real_device))
    share(model.x, model.child, "y")
    assert [name for name, _ in listed(model, "outer")] == ["outer.x"]
    assert [name for name, _ in listed(model, "outer", False)] == ["outer.x"]
    assert [name for name, _ in listed(model, "outer", True, False)] == ["outer.x", "outer.child.y"]


@claim("TIE-09", source="torch.nn.Module.named_modules")
def test_a_module_with_two_names_is_one_module_whose_state_is_saved_twice(real_device):
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
    model = nn.Module()
    model.add_module("empty", None)
    model.first = model.second = nn.Linear(5, 10, device=real_device)
    model.third = nn.Linear(5, 10, device=real_device)
    assert list(model.named_children()) == [("first", model.first), ("third", model.third)]
    assert list(model.children()) == [model.first, model.third]


@claim("TIE-15", source="torch.nn.Module.named_modules")
def test_named_modules_with_remove_duplicate_False_lists_a_shared_module_under_every_path():
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


@claim("TIE-16", source="torch.nn.Module.modules", since="2.11")
def test_modules_with_remove_duplicate_False_lists_a_shared_module_as_often_as_it_has_names():
    model = nn.Module()
    model.first = model.second = nn.ReLU()
    assert list(model.modules()) == list(model.modules(True)) == [model, model.first]
    assert list(model.modules(remove_duplicate=False)) == [model, model.first, model.first]


@claim("TIE-17", source="torch.nn.Module.named_modules")
def test_named_modules_leaves_out_what_is_in_the_memo_and_adds_what_it_lists():
    model = nn.Module()
    model.seen, model.new = nn.Sequential(nn.ReLU()), nn.ReLU()
    memo = {model.seen}
    assert list(model.named_modules(memo)) == [("", model), ("new", model.new)]
    assert memo == {model, model.seen, model.new}
    memo = {model.seen}
    assert list(model.named_modules(memo, remove_duplicate=False)) == [("", model), ("new", model.new)]
    assert memo == {model.seen}


@claim("TIE-18", source="torch.nn.Module.apply")
def test_apply_reaches_a_module_once_for_each_parent_that_shares_it():
    model = nn.Module()
    model.left, model.right = nn.Module(), nn.Module()
    shared = model.left.first = model.left.second = model.right.first = nn.ReLU()
    reached = []
    assert model.apply(reached.append) is model
    assert reached == [shared, model.left, shared, model.right, model]


@claim("TIE-19", source="torch.nn.Module.named_buffers")
def test_a_parameter_that_is_also_a_buffer_is_in_both_listings_and_saved_twice(real_device):
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    model.register_buffer("b", model.p)
    assert list(model.named_parameters()) == [("p", model.p)]
    assert list(model.named_buffers()) == [("b", model.p)]
    assert list(model.state_dict(keep_vars=True).items()) == [("p", model.p), ("b", model.p)]


@claim("TIE-20", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_deleting_one_name_of_tied_state_leaves_the_other(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    share(model.x, model, "y")
    tensor = model.x
    del model.x
    assert listed(model) == [("y", tensor)]
    assert list(model.state_dict()) == ["y"]
