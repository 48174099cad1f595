"""Which keys of a checkpoint ``load_state_dict()`` misses and which it does not expect."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    NestedModel,
    NonPersistentModel,
    ToyModel,
    ToyModel2,
    ToyModel3,
    claim,
)


@claim("LOAD-28", source="torch.nn.Module.load_state_dict")
def test_the_result_of_a_load_names_missing_and_unexpected_keys_and_says_when_all_keys_match():
    """`load_state_dict()` returns a named tuple of `missing_keys` and `unexpected_keys`, which prints "All keys matched
    successfully" when both are empty.
    """
    model = ToyModel(5, 10)
    matched = model.load_state_dict(model.state_dict())
    assert matched._fields == ("missing_keys", "unexpected_keys")
    assert matched == ([], [])
    assert repr(matched) == str(matched) == "<All keys matched successfully>"
    other = model.load_state_dict({"x": torch.ones(1), "linear.bias": torch.ones(10)}, strict=False)
    assert repr(other) == "_IncompatibleKeys(missing_keys=['linear.weight'], unexpected_keys=['x'])"


@claim("LOAD-29", source="torch.nn.Module.load_state_dict")
def test_the_result_of_a_load_prints_a_single_missing_or_unexpected_key():
    """With `strict=False`, a single missing or unexpected key is enough for the result of `load_state_dict()` to print
    its `missing_keys` and `unexpected_keys`.
    """
    model = nn.Linear(1, 1, bias=False)
    missing = model.load_state_dict({}, strict=False)
    unexpected = model.load_state_dict({**model.state_dict(), "x": torch.ones(1)}, strict=False)
    assert repr(missing) == "_IncompatibleKeys(missing_keys=['weight'], unexpected_keys=[])"
    assert repr(unexpected) == "_IncompatibleKeys(missing_keys=[], unexpected_keys=['x'])"


@claim("LOAD-30", source="torch.nn.Module.load_state_dict")
def test_missing_keys_come_in_the_order_of_the_state_dict(device):
    """`load_state_dict(strict=False)` returns `missing_keys` in the order of the keys of `state_dict()`."""
    model = NestedModel(5, 10).to(device)
    assert model.load_state_dict({}, strict=False).missing_keys == list(model.state_dict())


@claim("LOAD-31", source="torch.nn.Module.load_state_dict")
def test_unexpected_keys_come_module_by_module_and_then_in_the_order_of_the_checkpoint():
    """`load_state_dict(strict=False)` returns `unexpected_keys` module by module, each module before its submodules,
    and within a module in the order of the checkpoint.
    """
    model = NestedModel(5, 10)
    keys = ["body.inner.z", "z", "body.z", "nowhere.z", "a", "body.inner.linear.z", "body.a"]
    result = model.load_state_dict({key: torch.ones(1) for key in keys}, strict=False)
    assert result.unexpected_keys == ["z", "nowhere.z", "a", "body.z", "body.a", "body.inner.z", "body.inner.linear.z"]


SIBLINGS = {
    "bod.inner.b1": "a shorter name",
    "bodyx": "a longer name",
    "bodyguard.inner.b1": "a longer name of a submodule",
    "body.innerx.b1": "a longer name further down",
    "body.inner.b11": "a longer name of a parameter",
    "inner.b1": "a path without its beginning",
    ".scale": "an empty name",
}


@claim("LOAD-32", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("key", SIBLINGS)
def test_a_misspelt_key_is_unexpected(key):
    """A checkpoint key that misspells one of the module's, by a letter more or less or without its first part, is
    unexpected: a strict load raises `RuntimeError`.
    """
    model = NestedModel(5, 10)
    assert model.load_state_dict({**model.state_dict(), key: torch.ones(1)}, strict=False) == ([], [key])
    with pytest.raises(RuntimeError, match="Unexpected key") as error:
        model.load_state_dict({**model.state_dict(), key: torch.ones(1)})
    assert f'in state_dict: "{key}". ' in str(error.value)


@claim("LOAD-33", source="torch.nn.Module.load_state_dict", since="2.4")
@pytest.mark.parametrize("key", ["scale.x", "shift.x", "body.inner.b1.x", "body.inner.linear", "body"])
def test_a_key_that_continues_the_name_of_a_tensor_or_names_a_submodule_is_unexpected(key):
    """A checkpoint key that continues the name of a parameter or buffer, such as `"scale.x"`, or is the name of a
    submodule, such as `"body"`, is unexpected.
    """
    model = NestedModel(5, 10)
    assert model.load_state_dict({**model.state_dict(), key: torch.ones(1)}, strict=False) == ([], [key])


@claim("LOAD-34", source="torch.nn.Module.load_state_dict", until="2.4")
@pytest.mark.parametrize("key", ["scale.x", "shift.x", "body.inner.b1.x", "body.inner.linear", "body"])
def test_a_key_that_continues_the_name_of_a_tensor_or_names_a_submodule_was_ignored(key):
    """Before torch 2.4, even a strict load ignored a checkpoint key that continued the name of a parameter or buffer,
    such as `"scale.x"`, or was the name of a submodule. Since then such a key is unexpected.
    """
    model = NestedModel(5, 10)
    assert model.load_state_dict({**model.state_dict(), key: torch.ones(1)}) == ([], [])


@claim("LOAD-35", source="torch.nn.Module.load_state_dict")
def test_submodules_whose_names_begin_alike_each_load_their_own_keys():
    """Submodules whose names begin alike, such as `a`, `ab` and `a_`, each load their own keys."""
    model = nn.Module()
    model.a, model.ab, model.a_ = nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1)
    checkpoint = {
        key: torch.full_like(value, position) for position, (key, value) in enumerate(model.state_dict().items())
    }
    assert model.load_state_dict(checkpoint) == ([], [])
    assert [value.item() for value in model.state_dict().values()] == [0, 1, 2, 3, 4, 5]


@claim("LOAD-04", source="torch.nn.Module.load_state_dict")
def test_a_key_for_a_non_persistent_buffer_is_unexpected_and_not_loaded(real_device):
    """A checkpoint key for a non-persistent buffer, such as one saved while the buffer was persistent, is unexpected: a
    strict load raises `RuntimeError`, and `strict=False` reports the key and leaves the buffer unchanged.
    """
    model = NonPersistentModel(5, 10).to(real_device)
    checkpoint = {**model.state_dict(), "d1": torch.full((10,), 7.0)}
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "d1"\.'):
        model.load_state_dict(checkpoint)
    assert model.load_state_dict(checkpoint, strict=False) == ([], ["d1"])
    assert model.d1.tolist() == [1.0] * 10


def parameter(size):
    return nn.Parameter(torch.ones(size))


@claim("LOAD-17", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize(
    ("register", "filled"),
    [("register_buffer", torch.ones), ("register_parameter", parameter)],
    ids=["register_buffer", "register_parameter"],
)
def test_state_registered_as_None_and_filled_later_is_saved_but_unexpected_to_a_fresh_module(register, filled):
    """A parameter or buffer registered as None and filled later is saved, but a strict load into a fresh module, where
    it is None, raises `RuntimeError` for its unexpected key.
    """
    trained, fresh = ToyModel(5, 10), ToyModel(5, 10)
    getattr(trained, register)("x", None)
    getattr(fresh, register)("x", None)
    trained.x = filled(3)
    assert "x" in trained.state_dict()
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "x"\.'):
        fresh.load_state_dict(trained.state_dict())
    assert fresh.x is None


@claim("LOAD-36", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("register", ["register_parameter", "register_buffer"])
def test_state_registered_as_None_is_not_missing(register):
    """A parameter or buffer registered as None needs no key in the checkpoint, even for a strict load."""
    model = ToyModel(5, 10)
    checkpoint = model.state_dict()
    getattr(model, register)("x", None)
    assert model.load_state_dict(checkpoint) == ([], [])


@claim("LOAD-23", source="torch.nn.Module.load_state_dict")
def test_keys_below_a_submodule_that_is_None_are_ignored_even_by_a_strict_load():
    """Checkpoint keys below a submodule registered as None, such as `"head.weight"` after `add_module("head", None)`,
    are ignored even by a strict load. Where `head` is a plain attribute that is None, they are unexpected.
    """
    model = ToyModel(5, 10)
    model.add_module("head", None)
    checkpoint = {**model.state_dict(), "head.weight": torch.ones(1), "head.deeper.bias": torch.ones(1)}
    assert model.load_state_dict(checkpoint, strict=True) == ([], [])
    assert model.head is None
    plain = ToyModel(5, 10)
    plain.head = None
    assert plain.load_state_dict(checkpoint, strict=False).unexpected_keys == ["head.weight", "head.deeper.bias"]


@claim("LOAD-21", source="torch.nn.modules.utils.consume_prefix_in_state_dict_if_present")
def test_the_prefix_of_a_wrapper_makes_every_key_a_mismatch_until_it_is_consumed():
    """No key in the checkpoint of a wrapper such as DataParallel, which holds the model as `module`, matches the model,
    until `consume_prefix_in_state_dict_if_present(checkpoint, "module.")` renames the keys in place.
    """
    model, wrapper = ToyModel3(5, 10), nn.Module()
    wrapper.module = ToyModel3(5, 10)
    checkpoint = wrapper.state_dict()
    result = model.load_state_dict(checkpoint, strict=False)
    assert result.missing_keys == [key.removeprefix("module.") for key in result.unexpected_keys]
    assert result.unexpected_keys == list(checkpoint)
    nn.modules.utils.consume_prefix_in_state_dict_if_present(checkpoint, "module.")
    assert model.load_state_dict(checkpoint) == ([], [])
    assert torch.equal(model.b1, wrapper.module.b1)


@claim("LOAD-37", source="torch.nn.modules.utils.consume_prefix_in_state_dict_if_present", since="2.3")
def test_consuming_a_prefix_renames_the_metadata_too_and_leaves_other_keys():
    """`consume_prefix_in_state_dict_if_present` renames the paths in `_metadata` too, and leaves keys and paths without
    the prefix unchanged.
    """
    wrapper = nn.Module()
    wrapper.module, wrapper.other = nn.Sequential(nn.BatchNorm1d(3)), nn.Linear(1, 1, bias=False)
    checkpoint = wrapper.state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(checkpoint, "module.")
    assert set(checkpoint) == {*wrapper.module.state_dict(), "other.weight"}
    assert checkpoint._metadata["0"] == {"version": 2}
    assert checkpoint._metadata["other"] == {"version": 1}
    assert "module.0" not in checkpoint._metadata


@claim("LOAD-39", source="torch.nn.Module.load_state_dict")
def test_missing_and_unexpected_keys_and_mismatched_sizes_are_reported_together_and_name_the_class():
    """A strict load raises a single `RuntimeError` that names the model's class and lists all missing keys, unexpected
    keys and mismatched shapes.
    """
    model = ToyModel3(5, 10)
    checkpoint = {"b1": torch.ones(9), "c1": torch.ones(8), "x": torch.ones(1), "y": torch.ones(1)}
    with pytest.raises(RuntimeError) as error:
        model.load_state_dict(checkpoint)
    headline, missing, unexpected, *sizes = str(error.value).split("\n\t")
    assert headline == "Error(s) in loading state_dict for ToyModel3:"
    assert missing == 'Missing key(s) in state_dict: "linear.weight", "linear.bias". '
    assert unexpected == 'Unexpected key(s) in state_dict: "x", "y". '
    assert [line.partition(":")[0] for line in sizes] == ["size mismatch for b1", "size mismatch for c1"]


@claim("LOAD-40", source="torch.nn.Module.load_state_dict")
def test_strict_is_the_second_argument_and_true_by_default():
    """`strict` is the second argument of `load_state_dict()` and True by default: a missing key then raises
    `RuntimeError`, with `strict=False` it is returned in `missing_keys`.
    """
    model = ToyModel2(5, 10)
    assert model.load_state_dict({}, False) == (["b1", "linear.weight", "linear.bias"], [])
    with pytest.raises(RuntimeError, match="Missing key"):
        model.load_state_dict({}, True)
    with pytest.raises(RuntimeError, match="Missing key"):
        model.load_state_dict({})
