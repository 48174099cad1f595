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
@pytest.mark.parametrize("path", ["", "body.toy"])
def test_a_load_pre_hook_may_rename_what_was_a_parameter_to_what_is_a_buffer_now(path, real_device):
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
def test_a_load_pre_hook_is_given_what_is_to_be_loaded_and_the_lists_of_what_is_wrong(strict):
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
def test_a_load_pre_hook_is_given_the_metadata_of_its_own_module_and_none_for_a_plain_dict():
    model, given = ToyModel(5, 10), []
    model.linear._version = 3
    model.linear._register_load_state_dict_pre_hook(lambda state, prefix, metadata, *rest: given.append(metadata))
    model.load_state_dict(model.state_dict())
    model.load_state_dict(dict(model.state_dict()))
    assert given == [{"version": 3}, {}]


@claim("HOOK-32", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_load_pre_hook_of_the_private_road_is_given_the_module_where_it_asks_for_it():
    model, given = nn.Linear(2, 3), []
    model._register_load_state_dict_pre_hook(lambda *args: given.append(args), with_module=True)
    model._register_load_state_dict_pre_hook(lambda *args: given.append(args))
    model.load_state_dict(model.state_dict())
    assert [len(args) for args in given] == [8, 7]
    assert given[0][0] is model
    assert given[0][1:] == given[1]


@claim("HOOK-33", source="torch.nn.Module.register_load_state_dict_pre_hook", since="2.5")
def test_a_load_pre_hook_of_the_public_road_is_given_the_module_first():
    model, given = ToyModel(5, 10), []
    model.linear.register_load_state_dict_pre_hook(lambda *args: given.append(args))
    model.load_state_dict(model.state_dict())
    assert given[0][0] is model.linear
    assert given[0][2:] == ("linear.", {"version": 1}, True, [], [], [])


@claim("HOOK-80", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_load_pre_hook_is_listed_with_the_name_the_docstring_and_the_attributes_of_its_function():
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
    model = ToyModel2(5, 10).to(real_device)
    checkpoint = model.state_dict()
    model._register_load_state_dict_pre_hook(lambda state, *rest: state.update(b1=torch.full((10,), 7.0)))
    model.load_state_dict(checkpoint)
    assert model.b1.tolist() == [7] * 10
    assert list(checkpoint) == ["b1", "linear.weight", "linear.bias"]
    assert checkpoint["b1"].data_ptr() == model.b1.data_ptr()


@claim("HOOK-35", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_load_pre_hook_of_a_child_edits_what_the_child_alone_is_given(real_device):
    model = NestedModel(5, 10).to(real_device)
    seen = []

    def replace(state, prefix, *rest):
        seen.append(sorted(state))
        state["body.toy.c1"] = torch.full((10,), 7.0)
        state["body.toy.extra"] = state["shift"] = torch.ones(10)

    model.body.toy._register_load_state_dict_pre_hook(replace)
    result = model.load_state_dict(model.state_dict(), strict=False)
    assert seen == [["body.toy.b1", "body.toy.c1", "body.toy.linear.bias", "body.toy.linear.weight"]]
    assert result == ([], ["body.toy.extra"])
    assert model.body.toy.c1.tolist() == [7] * 10
    assert model.shift.tolist() == [0] * 10


@claim("HOOK-91", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_what_a_load_pre_hook_of_a_child_renames_is_loaded_by_the_children_of_the_child():
    def rename(checkpoint, prefix, *rest):
        checkpoint[f"{prefix}1.weight"] = checkpoint.pop(f"{prefix}old.weight")

    model = nn.Sequential(nn.Sequential(nn.ReLU(), nn.Linear(2, 3, bias=False)))
    model[0]._register_load_state_dict_pre_hook(rename)
    assert model.load_state_dict({"0.old.weight": torch.full((3, 2), 7.0)}) == ([], [])
    assert model[0][1].weight.tolist() == [[7, 7]] * 3


@claim("HOOK-36", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_load_pre_hook_may_add_keys_and_errors_to_the_complaint():
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
def test_a_load_post_hook_is_given_the_module_and_all_that_is_missing_or_unexpected_strict_or_not():
    model, given = ToyModel3(5, 10), []
    note = lambda module, keys: given.append((module, [*keys.missing_keys], [*keys.unexpected_keys]))  # noqa: E731
    model.linear.register_load_state_dict_post_hook(note)
    model.register_load_state_dict_post_hook(note)
    checkpoint = {"b1": torch.ones(10), "linear.bias": torch.ones(10), "x": torch.ones(1)}
    model.load_state_dict(checkpoint, strict=False)
    assert given == [(model.linear, ["c1", "linear.weight"], ["x"]), (model, ["c1", "linear.weight"], ["x"])]
    with pytest.raises(RuntimeError):
        model.load_state_dict(checkpoint, strict=True)
    assert given[2:] == given[:2]


@claim("HOOK-06", source="torch.nn.Module.register_load_state_dict_post_hook")
@pytest.mark.parametrize("path", ["", "linear"])
def test_a_load_post_hook_may_clear_missing_and_unexpected_keys_and_so_let_a_strict_load_pass(path, real_device):
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
def test_a_load_post_hook_may_add_keys_and_so_make_a_strict_load_fail():
    model = nn.Linear(2, 3)
    model.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.append("m"))
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "m"'):
        model.load_state_dict(model.state_dict())
    assert model.load_state_dict(model.state_dict(), strict=False).missing_keys == ["m"]


@claim("HOOK-40", source="torch.nn.Module.register_load_state_dict_post_hook")
@pytest.mark.parametrize("answer", ["the keys", {}, False], ids=["text", "empty dict", "False"])
def test_a_load_post_hook_that_returns_something_is_refused_after_the_state_is_loaded(answer, real_device):
    model = nn.Linear(2, 3).to(real_device)
    model.register_load_state_dict_post_hook(lambda module, keys: answer)
    checkpoint = {"weight": torch.full((3, 2), 7.0), "bias": torch.full((3,), 7.0)}
    with pytest.raises(AssertionError, match=r"expected to return new values(.*)it should be done inplace"):
        model.load_state_dict(checkpoint)
    assert model.bias.tolist() == [7, 7, 7]


@claim("HOOK-41", source="torch.nn.Module.register_load_state_dict_post_hook")
@pytest.mark.parametrize("register", REGISTER)
def test_load_hooks_run_in_the_order_of_registration_until_they_are_removed(register):
    model, ran = nn.Linear(2, 3), []
    first = getattr(model, REGISTER[register])(lambda *args: ran.append("first"))
    getattr(model, REGISTER[register])(lambda *args: ran.append("second"))
    model.load_state_dict(model.state_dict())
    first.remove()
    model.load_state_dict(model.state_dict())
    assert ran == ["first", "second", "second"]
