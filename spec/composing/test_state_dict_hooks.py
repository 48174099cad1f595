"""What the hooks of ``state_dict()`` are given, when they run, and what they can change."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from ..vocabulary import NestedModel, ToyModel3, claim

REGISTER = {
    "pre": "register_state_dict_pre_hook",
    "post": "register_state_dict_post_hook",
    "private": "_register_state_dict_hook",
}


@claim("HOOK-21", source="torch.nn.Module.register_state_dict_pre_hook", since="2.0")
@pytest.mark.parametrize("keep_vars", [True, False])
def test_a_state_dict_pre_hook_is_given_the_module_its_prefix_and_keep_vars(keep_vars):
    """`state_dict(prefix, keep_vars)` calls each `register_state_dict_pre_hook` hook with its module, the prefix of
    that module's keys, and `keep_vars`.
    """
    model, given = NestedModel(5, 10), []
    model.register_state_dict_pre_hook(lambda *args: given.append(args))
    model.body.inner.register_state_dict_pre_hook(lambda *args: given.append(args))
    model.state_dict(prefix="outer.", keep_vars=keep_vars)
    assert given == [(model, "outer.", keep_vars), (model.body.inner, "outer.body.inner.", keep_vars)]


@claim("HOOK-22", source="torch.nn.Module.register_state_dict_pre_hook", since="2.0")
def test_a_state_dict_pre_hook_may_change_the_state_that_is_about_to_be_saved(real_device):
    """A `register_state_dict_pre_hook` hook may replace and register state of its module, and this is then saved. What
    it returns is ignored, and a `_version` that it sets isn't in the metadata of this state dict.
    """
    model = ToyModel3(5, 10).to(real_device)

    def replace(module, prefix, keep_vars):
        module.c1, module._version = torch.full((10,), 7.0, device=real_device), 9
        module.register_buffer("late", torch.ones(1, device=real_device))
        return {}

    model.register_state_dict_pre_hook(replace)
    checkpoint = model.state_dict()
    assert list(checkpoint) == ["b1", "c1", "late", "linear.weight", "linear.bias"]
    assert checkpoint["c1"].tolist() == [7] * 10
    assert checkpoint._metadata[""] == {"version": 1}


@claim("HOOK-23", source="torch.nn.Module.state_dict", since="2.0")
def test_state_dict_hooks_run_before_the_own_state_is_saved_and_after_that_of_the_children(real_device):
    """`state_dict()` runs a module's `register_state_dict_pre_hook` hooks before its own state is saved, and its
    `_register_state_dict_hook` hooks after its own state and that of its submodules is saved.
    """
    model, order, checkpoint = NestedModel(5, 10).to(real_device), [], OrderedDict()
    for module, name in [(model, "model"), (model.body.inner, "inner")]:
        module.register_state_dict_pre_hook(lambda *args, name=name: order.append(f"{name} before {len(checkpoint)}"))
        module._register_state_dict_hook(lambda *args, name=name: order.append(f"{name} after {len(checkpoint)}"))
    model.state_dict(destination=checkpoint)
    assert order == ["model before 0", "inner before 2", "inner after 6", "model after 6"]


@claim("HOOK-24", source="torch.nn.Module.register_state_dict_post_hook", since="2.5")
def test_a_state_dict_post_hook_is_given_the_module_the_state_dict_its_prefix_and_its_metadata():
    """A `register_state_dict_post_hook` hook gets its module, the state dict of the whole call, the prefix of the
    module's keys, and the module's metadata in that state dict.
    """
    model, given = NestedModel(5, 10), []
    model.body._version = 3
    model.body.register_state_dict_post_hook(lambda *args: given.append(args))
    checkpoint = model.state_dict(prefix="outer.")
    [(module, state, prefix, metadata)] = given
    assert module is model.body
    assert state is checkpoint
    assert prefix == "outer.body."
    assert metadata == {"version": 3}
    assert metadata is checkpoint._metadata["outer.body"]


@claim("HOOK-25", source="torch.nn.Module._register_state_dict_hook")
def test_a_private_state_dict_hook_is_given_the_module_the_state_dict_its_prefix_and_its_metadata():
    """A `_register_state_dict_hook` hook gets its module, the state dict of the whole call, the prefix of the module's
    keys, and the module's metadata.
    """
    model, given = NestedModel(5, 10), []
    model._register_state_dict_hook(lambda *args: given.append(args))
    model.body._register_state_dict_hook(lambda *args: given.append(args))
    checkpoint = model.state_dict()
    assert [(module, prefix, metadata) for module, _, prefix, metadata in given] == [
        (model.body, "body.", {"version": 1}),
        (model, "", {"version": 1}),
    ]
    assert given[0][1] is given[1][1] is checkpoint


@claim("HOOK-04", source="torch.nn.Module.register_state_dict_post_hook", since="2.5")
@pytest.mark.parametrize("path", [pytest.param("", id="the module itself"), "body.inner"])
def test_a_state_dict_post_hook_may_drop_and_rename_keys_in_place(path, real_device):
    """A `register_state_dict_post_hook` hook, on the module that is saved or on a submodule, may drop and rename keys
    of the whole state dict in place.
    """
    model = NestedModel(5, 10).to(real_device)

    def edit(module, state, prefix, metadata):
        state["renamed"] = state.pop("body.inner.b1")
        del state["body.inner.linear.bias"]

    model.get_submodule(path).register_state_dict_post_hook(edit)
    checkpoint = model.state_dict()
    assert list(checkpoint) == ["scale", "shift", "body.inner.c1", "body.inner.linear.weight", "renamed"]
    assert checkpoint["renamed"].shape == (10,)


ANSWERS = {"the state dict": lambda state: state, "an empty dict": lambda state: {}, "False": lambda state: False}


@claim("HOOK-26", source="torch.nn.Module.register_state_dict_post_hook", since="2.5")
@pytest.mark.parametrize("path", [pytest.param("", id="the module itself"), "body.inner"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_state_dict_post_hook_that_returns_something_raises(path, answer):
    """`state_dict()` raises `RuntimeError` if a `register_state_dict_post_hook` hook returns anything but None, even an
    empty dict, False or the state dict itself.
    """
    model = NestedModel(5, 10)
    handle = model.get_submodule(path).register_state_dict_post_hook(
        lambda module, state, *rest: ANSWERS[answer](state)
    )
    with pytest.raises(RuntimeError, match="state_dict post-hook must return None"):
        model.state_dict()
    handle.remove()
    assert len(model.state_dict()) == 6


@claim("HOOK-27", source="torch.nn.Module._register_state_dict_hook")
def test_a_private_state_dict_hook_may_return_another_state_dict_for_the_module_that_is_saved_alone():
    """What a `_register_state_dict_hook` hook returns replaces the result where `state_dict()` was called on the hook's
    own module, and is ignored where that module is saved as a submodule.
    """
    model = nn.Module()
    model.child = nn.Linear(2, 3, bias=False)
    other = {"x": 1}
    model.child._register_state_dict_hook(lambda *args: other)
    assert model.child.state_dict() is other
    assert list(model.state_dict()) == ["child.weight"]


@claim("HOOK-28", source="torch.nn.Module._register_state_dict_hook")
def test_each_private_state_dict_hook_is_given_what_the_last_returned_and_None_changes_nothing():
    """Each `_register_state_dict_hook` hook of a module gets the state dict that the hook before it returned; a hook
    that returns None passes on the one that it got.
    """
    model, given, other = nn.Linear(2, 3), [], {}
    model._register_state_dict_hook(lambda module, state, *rest: given.append(list(state)))
    model._register_state_dict_hook(lambda module, state, *rest: other)
    model._register_state_dict_hook(lambda module, state, *rest: given.append(state is other))
    assert model.state_dict() is other
    assert given == [["weight", "bias"], True]


@claim("HOOK-29", source="torch.nn.Module.register_state_dict_post_hook", since="2.5")
def test_registering_a_state_dict_post_hook_with_the_private_method_too_raises():
    """`_register_state_dict_hook(hook)` raises `RuntimeError` for a function that `register_state_dict_post_hook`
    registered before; the other order is possible.
    """
    model = nn.Linear(2, 3)
    hook = lambda *args: None  # noqa: E731
    model._register_state_dict_hook(hook)
    model.register_state_dict_post_hook(hook)
    with pytest.raises(RuntimeError, match="previously registered via register_state_dict_post_hook"):
        model._register_state_dict_hook(hook)
    assert len(model._state_dict_hooks) == 2


@claim("HOOK-30", source="torch.nn.Module.register_state_dict_post_hook", since="2.5")
@pytest.mark.parametrize("register", REGISTER)
def test_state_dict_hooks_run_in_the_order_of_registration_until_they_are_removed(register):
    """`state_dict()` calls the hooks of `register_state_dict_pre_hook`, `register_state_dict_post_hook` and
    `_register_state_dict_hook` each in the order of registration, and none after its `handle.remove()`.
    """
    model, ran = nn.Linear(2, 3), []
    first = getattr(model, REGISTER[register])(lambda *args: ran.append("first"))
    getattr(model, REGISTER[register])(lambda *args: ran.append("second"))
    model.state_dict()
    first.remove()
    model.state_dict()
    assert ran == ["first", "second", "second"]


@claim("HOOK-84", source="torch.nn.Module.register_state_dict_post_hook", since="2.5")
def test_a_bound_method_cannot_be_a_state_dict_post_hook_and_a_function_that_calls_it_can():
    """`register_state_dict_post_hook` raises `AttributeError` for a bound method and registers nothing; a lambda that
    calls the method works.
    """

    class Own(nn.Linear):
        def hook(self, *args):
            ran.append(self)

    model, ran = Own(2, 3), []
    with pytest.raises(AttributeError):
        model.register_state_dict_post_hook(model.hook)
    model.state_dict()
    assert ran == []
    model.register_state_dict_post_hook(lambda *args: model.hook(*args))
    model.state_dict()
    assert ran == [model]
