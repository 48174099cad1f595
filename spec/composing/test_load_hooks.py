"""What the hooks of ``load_state_dict()`` are given, when they run, and what they can change."""

import pytest
import torch
from torch import nn

from ..vocabulary import NestedModel, ToyModel, ToyModel2, ToyModel3, claim

REGISTER = {
    "pre": "_register_load_state_dict_pre_hook",
    "post": "register_load_state_dict_post_hook",
}


@claim("HOOK-05", source="torch.nn.Module.register_load_state_dict_pre_hook", since="2.5")
@pytest.mark.parametrize("path", [pytest.param("", id="the module itself"), "body.inner"])
def test_a_load_pre_hook_may_rename_the_key_of_an_old_parameter_to_that_of_a_buffer(path, real_device):
    """A `register_load_state_dict_pre_hook` hook may rename keys of the checkpoint: a strict load then reads what was
    saved as a parameter into what is a buffer now.
    """
    model = NestedModel(5, 10).to(real_device)
    checkpoint = model.state_dict()
    checkpoint[f"{path}.old".lstrip(".")] = nn.Parameter(torch.full((10,), 7.0))

    def rename(module, state, prefix, *rest):
        state[f"{prefix}new"] = state.pop(f"{prefix}old")

    model.get_submodule(path).register_buffer("new", torch.zeros(10, device=real_device))
    model.get_submodule(path).register_load_state_dict_pre_hook(rename)
    assert model.load_state_dict(checkpoint, strict=True) == ([], [])
    assert model.get_submodule(path).new.tolist() == [7] * 10


@claim("HOOK-31", source="torch.nn.Module._register_load_state_dict_pre_hook")
@pytest.mark.parametrize("strict", [True, False])
def test_a_load_pre_hook_is_given_the_entries_of_its_module_and_the_lists_of_errors(strict):
    """A `_register_load_state_dict_pre_hook` hook gets its module's entries of the checkpoint, their prefix, the
    metadata, True even with `strict=False`, and lists of missing keys, unexpected keys and errors.
    """
    model, given = ToyModel2(5, 10), []
    checkpoint = model.state_dict()
    model.linear._register_load_state_dict_pre_hook(lambda *args: given.append(args))
    model.load_state_dict(checkpoint, strict=strict)
    [(state, prefix, metadata, strictly, missing, unexpected, errors)] = given
    assert list(state) == ["linear.weight", "linear.bias"]
    assert state["linear.weight"] is checkpoint["linear.weight"]
    assert (prefix, metadata, strictly) == ("linear.", {"version": 1}, True)
    assert (missing, unexpected, errors) == ([], [], [])


@claim("HOOK-42", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_load_pre_hook_is_given_the_metadata_of_its_own_module_or_an_empty_dict():
    """Without `assign=True`, a `_register_load_state_dict_pre_hook` hook gets the metadata that the checkpoint holds
    for the hook's own module, such as `{"version": 3}`, and an empty dict where the checkpoint is a plain dict.
    """
    model, given = ToyModel(5, 10), []
    model.linear._version = 3
    model.linear._register_load_state_dict_pre_hook(lambda state, prefix, metadata, *rest: given.append(metadata))
    model.load_state_dict(model.state_dict())
    model.load_state_dict(dict(model.state_dict()))
    assert given == [{"version": 3}, {}]


@claim("HOOK-32", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_private_load_pre_hook_is_given_the_module_only_if_registered_so():
    """A `_register_load_state_dict_pre_hook` hook gets its module, before the seven other arguments, only if it was
    registered with `with_module=True`.
    """
    model, given = nn.Linear(2, 3), []
    model._register_load_state_dict_pre_hook(lambda *args: given.append(args), with_module=True)
    model._register_load_state_dict_pre_hook(lambda *args: given.append(args))
    model.load_state_dict(model.state_dict())
    assert [len(args) for args in given] == [8, 7]
    assert given[0][0] is model
    assert given[0][1:] == given[1]


@claim("HOOK-33", source="torch.nn.Module.register_load_state_dict_pre_hook", since="2.5")
def test_a_public_load_pre_hook_is_given_the_module_first():
    """A `register_load_state_dict_pre_hook` hook gets its module first, and then the seven arguments of a
    `_register_load_state_dict_pre_hook` hook.
    """
    model, given = ToyModel(5, 10), []
    model.linear.register_load_state_dict_pre_hook(lambda *args: given.append(args))
    model.load_state_dict(model.state_dict())
    assert given[0][0] is model.linear
    assert given[0][2:] == ("linear.", {"version": 1}, True, [], [], [])


@claim("HOOK-80", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_load_pre_hook_is_listed_with_the_name_the_docstring_and_the_attributes_of_its_function():
    """A `_register_load_state_dict_pre_hook` hook is listed in `_load_state_dict_pre_hooks` as a wrapper, which has the
    name, docstring and attributes of the function, and the function itself as `__wrapped__`.
    """

    def rename(*args):
        """Give the weight its new name."""

    rename.since = "2.0"
    model = nn.Linear(2, 3)
    model._register_load_state_dict_pre_hook(rename)
    [listed] = model._load_state_dict_pre_hooks.values()
    assert (listed.__name__, listed.__doc__) == ("rename", "Give the weight its new name.")
    assert (listed.since, listed.__wrapped__) == ("2.0", rename)


@claim("HOOK-34", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_load_pre_hook_edits_a_copy_of_the_checkpoint(real_device):
    """Entries for the hooked module and its submodules that a `_register_load_state_dict_pre_hook` hook adds or
    replaces in the state dict that it gets are loaded, and the dict of the caller keeps its own entries.
    """
    model = ToyModel2(5, 10).to(real_device)
    checkpoint = model.state_dict()
    model._register_load_state_dict_pre_hook(lambda state, *rest: state.update(b1=torch.full((10,), 7.0)))
    model.load_state_dict(checkpoint)
    assert model.b1.tolist() == [7] * 10
    assert list(checkpoint) == ["b1", "linear.weight", "linear.bias"]
    assert checkpoint["b1"].data_ptr() == model.b1.data_ptr()


@claim("HOOK-35", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_load_pre_hook_of_a_child_edits_the_entries_of_that_child_alone(real_device):
    """A submodule's `_register_load_state_dict_pre_hook` hook gets only the entries below its prefix: what it adds
    there is loaded or unexpected, and keys of other modules that it adds are ignored.
    """
    model = NestedModel(5, 10).to(real_device)
    seen = []

    def replace(state, prefix, *rest):
        seen.append(sorted(state))
        state["body.inner.c1"] = torch.full((10,), 7.0)
        state["body.inner.extra"] = state["shift"] = torch.ones(10)

    model.body.inner._register_load_state_dict_pre_hook(replace)
    result = model.load_state_dict(model.state_dict(), strict=False)
    assert seen == [["body.inner.b1", "body.inner.c1", "body.inner.linear.bias", "body.inner.linear.weight"]]
    assert result == ([], ["body.inner.extra"])
    assert model.body.inner.c1.tolist() == [7] * 10
    assert model.shift.tolist() == [0] * 10


@claim("HOOK-91", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_key_that_the_load_pre_hook_of_a_child_renames_is_loaded_by_the_children_of_that_child():
    """A key that a submodule's `_register_load_state_dict_pre_hook` hook renames is loaded under its new name by the
    children of that submodule.
    """

    def rename(checkpoint, prefix, *rest):
        checkpoint[f"{prefix}1.weight"] = checkpoint.pop(f"{prefix}old.weight")

    model = nn.Sequential(nn.Sequential(nn.ReLU(), nn.Linear(2, 3, bias=False)))
    model[0]._register_load_state_dict_pre_hook(rename)
    assert model.load_state_dict({"0.old.weight": torch.full((3, 2), 7.0)}) == ([], [])
    assert model[0][1].weight.tolist() == [[7, 7]] * 3


@claim("HOOK-36", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_load_pre_hook_may_add_missing_keys_unexpected_keys_and_errors_to_the_message():
    """What a `_register_load_state_dict_pre_hook` hook appends to the lists of missing keys, unexpected keys and errors
    is in the message of the `RuntimeError` that a strict load then raises.
    """
    model = nn.Linear(2, 3)

    def complain(state, prefix, metadata, strict, missing, unexpected, errors):
        missing.append("m")
        unexpected.append("u")
        errors.append("too old")

    model._register_load_state_dict_pre_hook(complain)
    with pytest.raises(RuntimeError) as raised:
        model.load_state_dict(model.state_dict())
    assert str(raised.value).splitlines() == [
        "Error(s) in loading state_dict for Linear:",
        '\tMissing key(s) in state_dict: "m". ',
        '\tUnexpected key(s) in state_dict: "u". ',
        "\ttoo old",
    ]


@claim("HOOK-37", source="torch.nn.Module.load_state_dict")
def test_load_hooks_run_before_the_own_state_is_loaded_and_after_that_of_the_children(real_device):
    """In `load_state_dict()`, the pre-hooks of a module run before its own state and that of its submodules is loaded,
    and its post-hooks run after all of it is loaded.
    """
    model = nn.Sequential(nn.Linear(2, 3, bias=False), nn.Linear(3, 2, bias=False)).to(real_device)
    order = []

    def note(word):
        order.append((word, [module.weight.eq(7).all().item() for module in model]))

    for name, module in model.named_modules():
        module._register_load_state_dict_pre_hook(lambda *args, name=name: note(f"before {name}"))
        module.register_load_state_dict_post_hook(lambda *args, name=name: note(f"after {name}"))
    model.load_state_dict({"0.weight": torch.full((3, 2), 7.0), "1.weight": torch.full((2, 3), 7.0)})
    assert order == [
        ("before ", [False, False]),
        ("before 0", [False, False]),
        ("after 0", [True, False]),
        ("before 1", [True, False]),
        ("after 1", [True, True]),
        ("after ", [True, True]),
    ]


@claim("HOOK-38", source="torch.nn.Module.register_load_state_dict_post_hook")
def test_a_load_post_hook_is_given_the_module_and_the_missing_and_unexpected_keys_found_so_far():
    """A `register_load_state_dict_post_hook` hook gets its module and the missing and unexpected keys found so far in
    all modules; it also runs before a strict load raises `RuntimeError`.
    """
    model, given = ToyModel3(5, 10), []
    model.last = nn.Linear(1, 1, bias=False)
    note = lambda module, keys: given.append((module, [*keys.missing_keys], [*keys.unexpected_keys]))  # noqa: E731
    model.linear.register_load_state_dict_post_hook(note)
    model.register_load_state_dict_post_hook(note)
    checkpoint = {"b1": torch.ones(10), "linear.bias": torch.ones(10), "x": torch.ones(1)}
    model.load_state_dict(checkpoint, strict=False)
    assert given == [
        (model.linear, ["c1", "linear.weight"], ["x"]),
        (model, ["c1", "linear.weight", "last.weight"], ["x"]),
    ]
    with pytest.raises(RuntimeError):
        model.load_state_dict(checkpoint, strict=True)
    assert given[2:] == given[:2]


@claim("HOOK-06", source="torch.nn.Module.register_load_state_dict_post_hook")
@pytest.mark.parametrize("path", [pytest.param("", id="the module itself"), "linear"])
def test_a_load_post_hook_may_clear_missing_and_unexpected_keys_and_so_let_a_strict_load_pass(path, real_device):
    """A strict load that would raise `RuntimeError` for missing or unexpected keys passes if a
    `register_load_state_dict_post_hook` hook on the loaded module clears the lists of these keys.
    """
    model = ToyModel3(5, 10).to(real_device)

    def forgive(module, keys):
        keys.missing_keys.clear()
        keys.unexpected_keys.clear()

    handle = model.get_submodule(path).register_load_state_dict_post_hook(forgive)
    assert model.load_state_dict({"b1": torch.full((10,), 7.0), "x": torch.ones(1)}, strict=True) == ([], [])
    assert model.b1.tolist() == [7] * 10
    handle.remove()
    with pytest.raises(RuntimeError, match=r'"c1", "linear.weight", "linear.bias"(.|\n)*Unexpected.*"x"'):
        model.load_state_dict({"b1": torch.ones(10), "x": torch.ones(1)}, strict=True)


@claim("HOOK-39", source="torch.nn.Module.register_load_state_dict_post_hook")
def test_a_load_post_hook_may_add_missing_keys_and_so_make_a_strict_load_raise():
    """A `register_load_state_dict_post_hook` hook that appends a missing key makes a strict load of a complete
    checkpoint raise `RuntimeError`; with `strict=False`, `load_state_dict()` returns the key as missing.
    """
    model = nn.Linear(2, 3)
    model.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.append("m"))
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "m"'):
        model.load_state_dict(model.state_dict())
    assert model.load_state_dict(model.state_dict(), strict=False).missing_keys == ["m"]


@claim("HOOK-40", source="torch.nn.Module.register_load_state_dict_post_hook")
@pytest.mark.parametrize("answer", ["the keys", {}, False], ids=["text", "empty dict", "False"])
def test_a_load_post_hook_that_returns_something_raises_after_the_state_is_loaded(answer, real_device):
    """A `register_load_state_dict_post_hook` hook that returns anything but None, even an empty dict or False, makes
    `load_state_dict()` raise `AssertionError`, after the state is loaded.
    """
    model = nn.Linear(2, 3).to(real_device)
    model.register_load_state_dict_post_hook(lambda module, keys: answer)
    checkpoint = {"weight": torch.full((3, 2), 7.0), "bias": torch.full((3,), 7.0)}
    with pytest.raises(AssertionError, match=r"expected to return new values(.*)it should be done inplace"):
        model.load_state_dict(checkpoint)
    assert model.bias.tolist() == [7, 7, 7]


@claim("HOOK-41", source="torch.nn.Module.register_load_state_dict_post_hook")
@pytest.mark.parametrize("register", REGISTER)
def test_load_hooks_run_in_the_order_of_registration_until_they_are_removed(register):
    """The pre-hooks of `load_state_dict()` on a module, and its post-hooks, run in the order of registration, and none
    after its `handle.remove()`.
    """
    model, ran = nn.Linear(2, 3), []
    first = getattr(model, REGISTER[register])(lambda *args: ran.append("first"))
    getattr(model, REGISTER[register])(lambda *args: ran.append("second"))
    model.load_state_dict(model.state_dict())
    first.remove()
    model.load_state_dict(model.state_dict())
    assert ran == ["first", "second", "second"]
