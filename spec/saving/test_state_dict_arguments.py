"""What ``state_dict()`` takes and returns, the metadata that goes with it, and how a module has its own say."""

import copy
import io
import warnings
from collections import OrderedDict

import pytest
import torch
from torch import nn

from ..vocabulary import NestedModel, ToyModel, ToyModel3, claim


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
def test_each_call_makes_a_new_OrderedDict():
    model = ToyModel(5, 10)
    first, second = model.state_dict(), model.state_dict()
    assert type(first) is type(first._metadata) is OrderedDict
    assert list(first) == list(second)
    assert first is not second
    assert first._metadata is not second._metadata
    assert nn.Module().state_dict() == OrderedDict()


@claim("SD-20", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_a_destination_is_filled_beside_what_it_holds_and_returned(kind, device):
    model, held = NestedModel(5, 10).to(device), torch.ones(1)
    destination = kind(held=held)
    assert model.state_dict(destination=destination) is destination
    assert list(destination) == ["held", *model.state_dict()]
    assert destination["held"] is held
    assert not hasattr(destination, "_metadata")


@claim("SD-21", source="torch.nn.Module.state_dict")
def test_a_second_module_can_be_saved_into_the_same_state_dict_under_a_prefix():
    checkpoint = ToyModel(5, 10).state_dict(prefix="first.")
    Versioned().state_dict(destination=checkpoint, prefix="second.")
    assert list(checkpoint) == ["first.linear.weight", "first.linear.bias", "second.x"]
    assert checkpoint._metadata == {"first": {"version": 1}, "first.linear": {"version": 1}, "second": {"version": 7}}


@claim("SD-102", source="torch.nn.Module.state_dict")
def test_a_second_module_saved_under_the_same_prefix_replaces_the_values_and_the_version_of_the_first():
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
    model = NestedModel(5, 10).to(device)
    assert list(model.state_dict(prefix=prefix)) == [prefix + key for key in model.state_dict()]


@claim("SD-103", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize(
    ("prefix", "path"), [("model.", "model"), ("model_", "model"), ("model..", "model."), ("m", "")]
)
def test_the_metadata_names_a_module_by_its_prefix_without_the_last_character_even_if_it_is_no_dot(prefix, path):
    assert list(Versioned().state_dict(prefix=prefix)._metadata.items()) == [(path, {"version": 7})]


@claim("SD-23", source="torch.nn.Module.state_dict")
def test_the_metadata_names_the_version_of_every_submodule_by_its_path():
    model = NestedModel(5, 10)
    model.body.norm = nn.BatchNorm1d(10)
    model.body.toy.own = Versioned()
    assert list(model.state_dict()._metadata.items()) == [
        ("", {"version": 1}),
        ("body", {"version": 1}),
        ("body.toy", {"version": 1}),
        ("body.toy.linear", {"version": 1}),
        ("body.toy.own", {"version": 7}),
        ("body.norm", {"version": 2}),
    ]


def saved_and_loaded(checkpoint):
    file = io.BytesIO()
    torch.save(checkpoint, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@claim("SD-24", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("route", [saved_and_loaded, copy.deepcopy, copy.copy])
def test_the_metadata_survives_a_file_and_a_copy_and_the_order_and_type_of_the_state_dict_do_too(route):
    checkpoint = nn.Sequential(Versioned(), nn.BatchNorm1d(3)).state_dict()
    arrived = route(checkpoint)
    assert type(arrived) is OrderedDict
    assert list(arrived) == list(checkpoint)
    assert arrived._metadata == {"": {"version": 1}, "0": {"version": 7}, "1": {"version": 2}}


@claim("SD-25", source="torch.nn.Module.state_dict")
def test_a_dict_comprehension_over_a_state_dict_loses_the_metadata():
    checkpoint = ToyModel(5, 10).state_dict()
    renamed = {f"model.{key}": value for key, value in checkpoint.items()}
    assert hasattr(checkpoint, "_metadata")
    assert not hasattr(renamed, "_metadata")


@claim("SD-26", source="torch.nn.Module.state_dict")
def test_positional_arguments_are_destination_prefix_and_keep_vars_and_raise_a_warning():
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
def test_positional_arguments_raise_a_FutureWarning_at_the_line_of_the_caller():
    with pytest.warns(FutureWarning, match="Positional args") as warned:
        ToyModel(5, 10).state_dict({})
    assert [warning.filename for warning in warned] == [__file__]


@claim("SD-28", source="torch.nn.Module.state_dict")
def test_a_keyword_wins_over_a_positional_argument():
    model, destination = ToyModel3(5, 10), OrderedDict()
    with pytest.warns(Warning, match="Positional args"):
        returned = model.state_dict({}, "p.", False, destination=destination, prefix="q.", keep_vars=True)
    assert returned is destination
    assert list(destination) == [f"q.{key}" for key in model.state_dict()]
    assert destination["q.b1"] is model.b1


@claim("SD-29", source="torch.nn.Module.state_dict")
def test_keyword_arguments_raise_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checkpoint = ToyModel(5, 10).state_dict(destination=OrderedDict(), prefix="p.", keep_vars=True)
    assert list(checkpoint) == ["p.linear.weight", "p.linear.bias"]


@claim("SD-30", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("keep_vars", [True, False])
def test_a_submodule_that_saves_in_its_own_way_is_asked_with_its_path_and_adds_its_keys(keep_vars):
    model = nn.Module()
    model.body = nn.Sequential(Telling())
    checkpoint = model.state_dict(keep_vars=keep_vars)
    assert model.body[0].asked == ("body.0.", keep_vars)
    assert list(checkpoint) == ["body.0.x", "body.0.own"]


@claim("SD-31", source="torch.nn.Module.state_dict")
def test_a_submodule_that_overrides_state_dict_is_asked_by_keyword_and_saves_what_it_likes():
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
