"""What ``state_dict()`` takes and returns, the metadata that goes with it, and how a module has its own say."""

import copy
import warnings
from collections import OrderedDict

import pytest
import torch
from torch import nn

from ..vocabulary import NestedModel, ToyModel, ToyModel3, claim, from_file


class Versioned(nn.Module):
    """A module with one parameter and a ``_version`` of its own."""

    _version = 7

    def __init__(self):
        super().__init__()
        self.x = nn.Parameter(torch.zeros(3))


class Telling(Versioned):
    """A module that notes how it is asked to save and adds a key of its own."""

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        self.asked = (prefix, keep_vars)
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "own"] = torch.ones(1)


@claim("SD-19", source="torch.nn.Module.state_dict")
def test_each_call_of_state_dict_makes_a_new_OrderedDict():
    """Without `destination`, each call of `state_dict()` returns a new `OrderedDict` with a new `_metadata`. For a
    module without state the `OrderedDict` is empty.
    """
    model = ToyModel(5, 10)
    first, second = model.state_dict(), model.state_dict()
    assert type(first) is type(first._metadata) is OrderedDict
    assert list(first) == list(second)
    assert first is not second
    assert first._metadata is not second._metadata
    assert nn.Module().state_dict() == OrderedDict()


@claim("SD-20", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_a_destination_gets_the_keys_keeps_what_it_held_and_is_returned(kind, device):
    """`state_dict(destination=...)` adds the module's keys to the given dict and returns it; the entries that the dict
    already had stay, and a dict without `_metadata` gets none.
    """
    model, held = NestedModel(5, 10).to(device), torch.ones(1)
    destination = kind(held=held)
    assert model.state_dict(destination=destination) is destination
    assert list(destination) == ["held", *model.state_dict()]
    assert destination["held"] is held
    assert not hasattr(destination, "_metadata")


@claim("SD-21", source="torch.nn.Module.state_dict")
def test_a_second_module_can_be_saved_into_the_same_state_dict_under_a_prefix():
    """`state_dict(destination=checkpoint, prefix="second.")` adds a second module's keys and metadata under that prefix
    to the state dict of a first one.
    """
    checkpoint = ToyModel(5, 10).state_dict(prefix="first.")
    Versioned().state_dict(destination=checkpoint, prefix="second.")
    assert list(checkpoint) == ["first.linear.weight", "first.linear.bias", "second.x"]
    assert checkpoint._metadata == {"first": {"version": 1}, "first.linear": {"version": 1}, "second": {"version": 7}}


@claim("SD-102", source="torch.nn.Module.state_dict")
def test_a_second_module_saved_under_the_same_prefix_replaces_the_values_and_the_version_of_the_first():
    """When a second module's `state_dict(destination=saved, prefix="x.")` writes into a dict with another module's
    entries under `"x."`, it replaces the values of equal keys and the `_metadata` versions of equal paths. All other
    entries stay.
    """
    checkpoint, second = nn.BatchNorm1d(3, affine=False).state_dict(prefix="x."), Versioned()
    checkpoint._metadata["other"] = {"version": 3}
    second.register_buffer("running_mean", torch.ones(3))
    second.state_dict(destination=checkpoint, prefix="x.")
    assert list(checkpoint) == ["x.running_mean", "x.running_var", "x.num_batches_tracked", "x.x"]
    assert checkpoint["x.running_mean"].tolist() == [1, 1, 1]
    assert checkpoint._metadata == {"x": {"version": 7}, "other": {"version": 3}}


@claim("SD-22", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("prefix", ["model.", "model_"])
def test_the_prefix_is_put_before_every_key_as_it_is(prefix, device):
    """The `prefix` of `state_dict()` is put before every key as it is: no dot is added."""
    model = NestedModel(5, 10).to(device)
    assert list(model.state_dict(prefix=prefix)) == [prefix + key for key in model.state_dict()]


@claim("SD-103", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize(
    ("prefix", "path"),
    [("model.", "model"), ("model_", "model"), ("model..", "model."), pytest.param("m", "", id="m-the empty path")],
)
def test_the_metadata_names_a_module_by_its_prefix_without_the_last_character(prefix, path):
    """`state_dict()` files a module's version in `_metadata` under its `prefix` without the last character, whatever it
    is: `"model_"` becomes `"model"`.
    """
    assert list(Versioned().state_dict(prefix=prefix)._metadata.items()) == [(path, {"version": 7})]


@claim("SD-23", source="torch.nn.Module.state_dict")
def test_the_metadata_names_the_version_of_every_submodule_by_its_path():
    """The `_metadata` of `state_dict()` holds, under the path of the module and of each submodule, a version: the
    `_version` of its class, which is 1 by default.
    """
    model = NestedModel(5, 10)
    model.body.norm = nn.BatchNorm1d(10)
    model.body.inner.own = Versioned()
    assert list(model.state_dict()._metadata.items()) == [
        ("", {"version": 1}),
        ("body", {"version": 1}),
        ("body.inner", {"version": 1}),
        ("body.inner.linear", {"version": 1}),
        ("body.inner.own", {"version": 7}),
        ("body.norm", {"version": 2}),
    ]


def saved_and_loaded(checkpoint):
    return from_file(checkpoint, weights_only=True)


@claim("SD-24", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("route", [saved_and_loaded, copy.deepcopy, copy.copy])
def test_a_file_or_copy_of_a_state_dict_keeps_its_metadata_order_and_type(route):
    """`torch.save` and `torch.load(weights_only=True)`, `copy.deepcopy` and `copy.copy` keep a state dict's
    `_metadata`, the order of its keys and its type, `OrderedDict`.
    """
    checkpoint = nn.Sequential(Versioned(), nn.BatchNorm1d(3)).state_dict()
    arrived = route(checkpoint)
    assert type(arrived) is OrderedDict
    assert list(arrived) == list(checkpoint)
    assert arrived._metadata == {"": {"version": 1}, "0": {"version": 7}, "1": {"version": 2}}


@claim("SD-25", source="torch.nn.Module.state_dict")
def test_a_dict_comprehension_over_a_state_dict_has_no_metadata():
    """A dict comprehension over `state_dict()`, as for renaming its keys, gives a dict without the `_metadata`."""
    checkpoint = ToyModel(5, 10).state_dict()
    renamed = {f"model.{key}": value for key, value in checkpoint.items()}
    assert hasattr(checkpoint, "_metadata")
    assert not hasattr(renamed, "_metadata")


@claim("SD-26", source="torch.nn.Module.state_dict")
def test_positional_arguments_of_state_dict_are_destination_prefix_and_keep_vars_and_deprecated():
    """Positional arguments of `state_dict()` are `destination`, `prefix` and `keep_vars`, in this order, and emit a
    warning that they are deprecated.
    """
    model, destination = ToyModel3(5, 10), OrderedDict()
    with pytest.warns(Warning, match="Positional args are being deprecated, use kwargs instead"):
        returned = model.state_dict(destination, "p.", True)
    assert returned is destination
    assert list(destination) == [f"p.{key}" for key in model.state_dict()]
    assert destination["p.b1"] is model.b1
    with pytest.warns(Warning, match="Positional args"):
        assert list(model.state_dict(None, "q.")) == [f"q.{key}" for key in model.state_dict()]
    with pytest.warns(Warning, match="Positional args"):
        assert list(model.state_dict({})) == list(model.state_dict())


@claim("SD-27", source="torch.nn.Module.state_dict", since="2.4")
def test_positional_arguments_of_state_dict_raise_a_FutureWarning_at_the_caller():
    """Positional arguments of `state_dict()` emit a `FutureWarning` that points to the caller's file,
    not to torch's.
    """
    with pytest.warns(FutureWarning, match="Positional args") as warned:
        ToyModel(5, 10).state_dict({})
    assert [warning.filename for warning in warned] == [__file__]


@claim("SD-28", source="torch.nn.Module.state_dict")
def test_a_keyword_argument_of_state_dict_wins_over_a_positional_one():
    """Where `destination`, `prefix` or `keep_vars` is given to `state_dict()` both by position and by keyword, the
    keyword's value is used unless it is the default of that argument.
    """
    model, destination = ToyModel3(5, 10), OrderedDict()
    with pytest.warns(Warning, match="Positional args"):
        returned = model.state_dict({}, "p.", False, destination=destination, prefix="q.", keep_vars=True)
    assert returned is destination
    assert list(destination) == [f"q.{key}" for key in model.state_dict()]
    assert destination["q.b1"] is model.b1
    with pytest.warns(Warning, match="Positional args"):
        assert list(model.state_dict({}, "p.", prefix="")) == [f"p.{key}" for key in model.state_dict()]


@claim("SD-29", source="torch.nn.Module.state_dict")
def test_keyword_arguments_of_state_dict_raise_no_warning():
    """`state_dict()` emits no warning for `destination`, `prefix` and `keep_vars` that are given by keyword."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checkpoint = ToyModel(5, 10).state_dict(destination=OrderedDict(), prefix="p.", keep_vars=True)
    assert list(checkpoint) == ["p.linear.weight", "p.linear.bias"]


@claim("SD-30", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("keep_vars", [True, False])
def test_a_submodule_that_overrides_how_it_saves_is_given_its_path_and_adds_its_keys(keep_vars):
    """A submodule that overrides `_save_to_state_dict` is given its path and a dot as `prefix`, and the caller's
    `keep_vars`, and the keys that it adds are in `state_dict()`.
    """
    model = nn.Module()
    model.body = nn.Sequential(Telling())
    checkpoint = model.state_dict(keep_vars=keep_vars)
    assert model.body[0].asked == ("body.0.", keep_vars)
    assert list(checkpoint) == ["body.0.x", "body.0.own"]


@claim("SD-31", source="torch.nn.Module.state_dict")
def test_a_submodule_that_overrides_state_dict_is_called_by_keyword_and_its_result_ignored():
    """A submodule's overridden `state_dict` is called with `destination`, `prefix` and `keep_vars` by keyword, and what
    it returns is ignored.
    """

    class Silent(Versioned):
        def state_dict(self, **asked):
            self.asked = asked
            return {"unused": self.x}

    model = nn.Module()
    model.child, model.after = Silent(), Versioned()
    checkpoint = model.state_dict()
    assert list(checkpoint) == ["after.x"]
    assert model.child.asked == {"destination": checkpoint, "prefix": "child.", "keep_vars": False}
    assert model.child.asked["destination"] is checkpoint
