"""What the arguments of ``named_parameters()`` and its siblings choose."""

import pytest
import torch
from torch import nn

from ..vocabulary import REGISTERED, NestedModel, claim

TOY = ["body.inner.b1", "body.inner.linear.weight", "body.inner.linear.bias"]


def names(listed):
    return [name for name, _ in listed]


@claim("ENUM-04", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", REGISTERED)
def test_with_recurse_False_a_module_lists_its_own_state_only(kind):
    """With `recurse=False`, `parameters()`, `buffers()`, `named_parameters()` and `named_buffers()` list the module's
    own state and not that of its submodules.
    """
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
    """`prefix="net"` puts `"net."` before each name in `named_parameters()`, `named_buffers()` and `named_modules()`,
    where the module itself is called `"net"`.
    """
    model = NestedModel(5, 10)
    assert names(model.named_parameters(prefix="net")) == ["net.scale", *[f"net.{name}" for name in TOY]]
    assert names(model.named_buffers(prefix="net")) == ["net.shift", "net.body.inner.c1"]
    assert names(model.named_parameters(prefix="net", recurse=False)) == ["net.scale"]
    assert names(model.named_buffers(prefix="net", recurse=False)) == ["net.shift"]
    assert names(model.named_modules(prefix="net")) == ["net", "net.body", "net.body.inner", "net.body.inner.linear"]


@claim("ENUM-16", source="torch.nn.Module.named_parameters")
def test_prefix_is_the_first_positional_argument_of_named_listings_and_recurse_the_second():
    """By position, `named_parameters()` and `named_buffers()` take `prefix` first and `recurse` second, while
    `parameters()` and `buffers()` take `recurse` first.
    """
    model = NestedModel(5, 10)
    assert names(model.named_parameters("net", False)) == ["net.scale"]
    assert names(model.named_buffers("net", False)) == ["net.shift"]
    assert list(model.parameters(False)) == [model.scale]
    assert list(model.buffers(False)) == [model.shift]


@claim("ENUM-21", source="torch.nn.Module.named_modules")
def test_named_modules_gives_the_module_itself_first_and_each_child_before_the_next():
    """`named_modules()` gives the module itself first, as `""`, and each submodule with all below it before the next;
    `named_children()` gives the direct submodules.
    """
    model = nn.Module()
    model.a, model.b = NestedModel(5, 10), nn.Identity()
    assert names(model.named_modules()) == ["", "a", "a.body", "a.body.inner", "a.body.inner.linear", "b"]
    assert dict(model.named_modules())[""] is model
    assert dict(model.named_modules())["a.body"] is model.a.body
    assert names(model.named_children()) == ["a", "b"]


@claim("ENUM-22", source="torch.nn.Module.named_modules")
def test_named_modules_leaves_out_the_modules_in_memo_and_adds_those_that_it_lists():
    """`named_modules(memo)` skips the modules in the set `memo` and those that are reached only through them. It adds
    the modules that it lists to `memo`, but none with `remove_duplicate=False`.
    """
    model = nn.Sequential(nn.Identity(), nn.Sequential(nn.Identity()))
    empty, memo = set(), {model[1]}
    assert names(model[1].named_modules(empty)) == ["", "0"]
    assert empty == {model[1], model[1][0]}
    assert names(model.named_modules(memo)) == ["", "0"]
    assert memo == {model, model[0], model[1]}
    assert names(model.named_modules(memo)) == []
    listing = model.named_modules(growing := set())
    assert next(listing)[1] in growing
    kept = {model[1]}
    assert names(model.named_modules(kept, remove_duplicate=False)) == ["", "0"]
    assert kept == {model[1]}


@claim("ENUM-43", source="torch.nn.Module._named_members")
def test_named_members_lists_what_a_function_finds_in_each_module():
    """`_named_members(get_members_fn)` lists what a function finds in a module and its submodules under dotted names,
    each object once and None left out.
    """
    model, shared = nn.Sequential(nn.Identity(), nn.Identity()), object()
    model[0].things = {"none": None, "shared": shared, "own": object()}
    model[1].things = {"shared": shared, "own": object()}
    things = lambda module: vars(module).get("things", {}).items()  # noqa: E731
    assert names(model._named_members(things)) == ["0.shared", "0.own", "1.own"]
    assert dict(model._named_members(things))["0.shared"] is shared
    assert names(model[1]._named_members(things, "net")) == ["net.shared", "net.own"]
