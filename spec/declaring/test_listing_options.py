"""What the arguments of ``named_parameters()`` and its siblings choose."""

import pytest
import torch
from torch import nn

from ..vocabulary import REGISTERED, NestedModel, TiedModel, claim

TOY = ["body.toy.b1", "body.toy.linear.weight", "body.toy.linear.bias"]


def names(listed):
    return [name for name, _ in listed]


@claim("ENUM-04", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", REGISTERED)
def test_without_recurse_a_module_lists_its_own_state_only(kind):
    model = kind.on(NestedModel(5, 10), "x", torch.ones(3))
    kind.put(model.body, "y", torch.ones(3))
    own = [*model.named_parameters(recurse=False), *model.named_buffers(recurse=False)]
    assert sorted(names(own)) == ["scale", "shift", "x"]
    assert list(map(id, [*model.parameters(recurse=False), *model.buffers(recurse=False)])) == [id(v) for _, v in own]
    assert names(model.body.named_parameters(recurse=False)) + names(model.body.named_buffers(recurse=False)) == ["y"]
    everything = [*model.parameters(), *model.buffers()]
    assert len(everything) == len(own) + 5


@claim("ENUM-05", source="torch.nn.Module.named_parameters")
def test_a_prefix_and_a_dot_stand_before_each_name():
    model = NestedModel(5, 10)
    assert names(model.named_parameters(prefix="net")) == ["net.scale", *[f"net.{name}" for name in TOY]]
    assert names(model.named_buffers(prefix="net")) == ["net.shift", "net.body.toy.c1"]
    assert names(model.named_parameters(prefix="net", recurse=False)) == ["net.scale"]
    assert names(model.named_buffers(prefix="net", recurse=False)) == ["net.shift"]
    assert names(model.named_modules(prefix="net")) == ["net", "net.body", "net.body.toy", "net.body.toy.linear"]


@claim("ENUM-16", source="torch.nn.Module.named_parameters")
def test_a_prefix_comes_first_and_recurse_second_by_position():
    model = NestedModel(5, 10)
    assert names(model.named_parameters("net", False)) == ["net.scale"]
    assert names(model.named_buffers("net", False)) == ["net.shift"]
    assert list(model.parameters(False)) == [model.scale]
    assert list(model.buffers(False)) == [model.shift]


@claim("ENUM-17", source="torch.nn.Module.named_parameters")
def test_what_two_names_share_is_listed_once_under_the_first():
    model = TiedModel(5, 10)
    model.again = model.linear
    assert names(model.named_parameters()) == ["b1", "linear.weight", "linear.bias"]
    assert names(model.named_buffers()) == ["c1"]
    assert names(model.named_modules()) == ["", "linear"]
    assert names(model.named_children()) == ["linear"]
    assert list(model.modules()) == [model, model.linear]
    assert list(model.children()) == [model.linear]


@claim("ENUM-18", source="torch.nn.Module.named_parameters", since="2.0")
def test_without_remove_duplicate_state_is_listed_under_every_name():
    model = TiedModel(5, 10)
    model.again = model.linear
    linear = ["linear.weight", "linear.bias", "again.weight", "again.bias"]
    assert names(model.named_parameters(remove_duplicate=False)) == ["b1", "b2", *linear]
    assert names(model.named_buffers(remove_duplicate=False)) == ["c1", "c2"]
    assert names(model.named_parameters(remove_duplicate=False, recurse=False)) == ["b1", "b2"]
    assert names(model.named_buffers("net", False, False)) == ["net.c1", "net.c2"]


@claim("ENUM-19", source="torch.nn.Module.named_modules")
def test_without_remove_duplicate_a_module_is_listed_under_every_name_with_all_below_it():
    shared = nn.Sequential(nn.Identity())
    model = nn.Sequential(shared, shared)
    assert names(model.named_modules(remove_duplicate=False)) == ["", "0", "0.0", "1", "1.0"]
    assert names(model.named_modules(None, "net", False)) == ["net", "net.0", "net.0.0", "net.1", "net.1.0"]
    assert names(model.named_modules()) == ["", "0", "0.0"]


@claim("ENUM-20", source="torch.nn.Module.modules", since="2.11")
def test_modules_lists_a_shared_module_once_or_as_often_as_it_has_names():
    shared = nn.Identity()
    model = nn.Sequential(shared, shared)
    assert list(model.modules(remove_duplicate=False)) == [model, shared, shared]
    assert list(model.modules(remove_duplicate=True)) == [model, shared]


@claim("ENUM-21", source="torch.nn.Module.named_modules")
def test_named_modules_gives_the_module_itself_first_and_each_child_before_the_next():
    model = nn.Module()
    model.a, model.b = NestedModel(5, 10), nn.Identity()
    assert names(model.named_modules()) == ["", "a", "a.body", "a.body.toy", "a.body.toy.linear", "b"]
    assert dict(model.named_modules())[""] is model
    assert dict(model.named_modules())["a.body"] is model.a.body
    assert names(model.named_children()) == ["a", "b"]


@claim("ENUM-22", source="torch.nn.Module.named_modules")
def test_named_modules_passes_over_what_is_in_memo_and_adds_what_it_lists():
    model = nn.Sequential(nn.Identity(), nn.Sequential(nn.Identity()))
    empty, memo = set(), {model[1]}
    assert names(model[1].named_modules(empty)) == ["", "0"]
    assert empty == {model[1], model[1][0]}
    assert names(model.named_modules(memo)) == ["", "0"]
    assert memo == {model, model[0], model[1]}
    assert names(model.named_modules(memo)) == []
    listing = model.named_modules(growing := set())
    assert next(listing)[1] in growing


@claim("ENUM-23", source="torch.nn.Module.named_parameters")
def test_two_submodules_that_hold_one_parameter_list_it_under_the_first():
    model = nn.Module()
    model.encoder, model.decoder = nn.Linear(5, 10), nn.Linear(5, 10)
    model.decoder.weight = model.encoder.weight
    assert names(model.named_parameters()) == ["encoder.weight", "encoder.bias", "decoder.bias"]
    assert names(model.decoder.named_parameters()) == ["weight", "bias"]


@claim("ENUM-43", source="torch.nn.Module._named_members")
def test_the_walk_of_the_listings_can_be_given_other_members_and_finds_each_once():
    model, shared = nn.Sequential(nn.Identity(), nn.Identity()), object()
    model[0].things = {"none": None, "shared": shared, "own": object()}
    model[1].things = {"shared": shared, "own": object()}
    things = lambda module: vars(module).get("things", {}).items()  # noqa: E731
    assert names(model._named_members(things)) == ["0.shared", "0.own", "1.own"]
    assert dict(model._named_members(things))["0.shared"] is shared
    assert names(model[1]._named_members(things, "net")) == ["net.shared", "net.own"]
