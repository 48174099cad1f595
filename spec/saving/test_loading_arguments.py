"""What ``load_state_dict()`` accepts as a checkpoint, and how a module has its own say in loading."""

from collections import OrderedDict, UserDict
from types import MappingProxyType

import pytest
import torch
from torch import nn

from ..vocabulary import ToyModel, ToyModel3, claim

MAPPINGS = {"dict": dict, "OrderedDict": OrderedDict, "UserDict": UserDict, "MappingProxyType": MappingProxyType}
NO_MAPPINGS = {"list of pairs": [("x", torch.ones(1))], "None": None, "path": "model.pth", "module": nn.Module()}


class Renaming(nn.Module):
    """A module whose parameter ``x`` was called ``old`` up to version 1."""

    _version = 2

    def __init__(self):
        super().__init__()
        self.x = nn.Parameter(torch.zeros(3))

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
        if local_metadata.get("version", 0) < 2:
            state_dict[prefix + "x"] = state_dict.pop(prefix + "old")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class Recording(nn.Module):
    """A module that notes what it is asked to load."""

    _version = 3

    def __init__(self):
        super().__init__()
        self.x = nn.Parameter(torch.zeros(3))

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, *lists):
        self.asked = (list(state_dict), prefix, dict(local_metadata), strict)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, *lists)


class Incompatible(nn.Module):
    """A module that notes an error for every checkpoint."""

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
        errors.append(f"{prefix} is incompatible")


class Lenient(nn.Module):
    """A module that loads its own part without ``strict``."""

    def __init__(self):
        super().__init__()
        self.x = nn.Parameter(torch.zeros(3))

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, *lists):
        super()._load_from_state_dict(state_dict, prefix, local_metadata, False, *lists)


class LenientWithExtraState(Lenient):
    """A lenient module that would load extra state too."""

    def set_extra_state(self, state):
        raise AssertionError("there is none")


@claim("LOAD-55", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", MAPPINGS)
def test_any_mapping_of_names_to_tensors_is_a_checkpoint(kind, real_device):
    """`load_state_dict()` takes a mapping from names to tensors, be it a `dict`, `OrderedDict`, `UserDict` or
    `MappingProxyType`.
    """
    model, trained = ToyModel3(5, 10).to(real_device), ToyModel3(5, 10)
    assert model.load_state_dict(MAPPINGS[kind](dict(trained.state_dict()))) == ([], [])
    assert torch.equal(model.b1.cpu(), trained.b1)


@claim("LOAD-56", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", NO_MAPPINGS)
def test_loading_anything_but_a_mapping_raises_a_TypeError_that_names_its_type(kind):
    """`load_state_dict()` of anything but a mapping, such as a path, a module, None or a list of pairs, raises a
    `TypeError` that names its type, even with `strict=False`.
    """
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got") as error:
        ToyModel(5, 10).load_state_dict(NO_MAPPINGS[kind], strict=False)
    assert str(type(NO_MAPPINGS[kind])) in str(error.value)


def itself(inner):
    return inner


@claim("LOAD-57", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("wrap", [itself, nn.Sequential], ids=["outermost", "inner"])
def test_loading_leaves_the_checkpoint_unchanged_though_a_module_renames_its_keys(wrap):
    """Without `assign=True`, `load_state_dict()` leaves the keys and tensors of the given checkpoint unchanged. A
    `_load_from_state_dict` that renames keys does so in a copy of the dict.
    """
    model = wrap(Renaming())
    key = next(iter(model.state_dict())).replace("x", "old")
    checkpoint = OrderedDict({key: torch.ones(3)})
    tensor = checkpoint[key]
    model.load_state_dict(checkpoint, strict=False)
    assert next(model.parameters()).tolist() == [1, 1, 1]
    assert list(checkpoint) == [key]
    assert checkpoint[key] is tensor
    assert not hasattr(checkpoint, "_metadata")


@claim("LOAD-58", source="torch.nn.Module.load_state_dict")
def test_a_module_renames_the_keys_of_an_old_checkpoint_by_the_version_in_its_metadata():
    """A module that overrides `_load_from_state_dict` can rename the keys of an old checkpoint:
    `local_metadata["version"]` is the `_version` that the module's class had when the checkpoint was saved.
    """
    old, new = OrderedDict(old=torch.ones(3)), Renaming().state_dict()
    old._metadata = {"": {"version": 1}}
    model = Renaming()
    assert model.load_state_dict(old) == ([], [])
    assert model.x.tolist() == [1, 1, 1]
    assert new._metadata == {"": {"version": 2}}
    assert model.load_state_dict(new) == ([], [])
    assert model.x.tolist() == [0, 0, 0]


@claim("LOAD-59", source="torch.nn.Module.load_state_dict")
def test_each_module_loads_from_the_keys_and_the_metadata_of_its_own_path():
    """`_load_from_state_dict` of a submodule gets the checkpoint entries below the submodule's path, under their full
    keys, with that path and a dot as `prefix` and the metadata that was saved for that path.

    Its `strict` is True even in a load with `strict=False`.
    """
    model = Recording()
    model.body = nn.Module()
    model.body.inner, model.body.other = Recording(), ToyModel(5, 10)
    checkpoint = model.state_dict()
    checkpoint._metadata["body.inner"] = {"version": 1}
    model.load_state_dict(checkpoint, strict=False)
    assert model.asked == (list(checkpoint), "", {"version": 3}, True)
    assert model.body.inner.asked == (["body.inner.x"], "body.inner.", {"version": 1}, True)


@claim("LOAD-60", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("metadata", [None, {}, {"": {"version": 3}}], ids=["none", "empty", "of the outermost"])
def test_a_submodule_without_metadata_in_the_checkpoint_gets_an_empty_dict(metadata):
    """In a load without `assign=True`, `_load_from_state_dict` of a submodule gets an empty dict as `local_metadata`
    where the checkpoint's `_metadata` has no entry for that submodule, or where the checkpoint has no `_metadata` at
    all.
    """
    model = nn.Sequential(Recording())
    checkpoint = OrderedDict(model.state_dict())
    checkpoint._metadata = metadata
    model.load_state_dict(checkpoint)
    assert model[0].asked == (["0.x"], "0.", {}, True)


@claim("LOAD-61", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("assign", [True, False])
def test_a_module_is_told_in_its_metadata_whether_to_assign(assign):
    """Loading a plain dict with `assign=True` gives `_load_from_state_dict` the `local_metadata`
    `{"assign_to_params_buffers": True}`; with `assign=False` it is empty.
    """
    model = nn.Sequential(Recording())
    model.load_state_dict(dict(model.state_dict()), assign=assign)
    assert model[0].asked[2] == ({"assign_to_params_buffers": True} if assign else {})


@claim("LOAD-83", source="torch.nn.Module.load_state_dict")
def test_the_copy_of_the_checkpoint_that_a_load_hook_gets_has_its_metadata():
    """A `_register_load_state_dict_pre_hook` hook of the loaded module gets a copy of the checkpoint. If the checkpoint
    has `_metadata`, the copy carries this very object, and otherwise none.
    """
    model, seen = ToyModel(5, 10), []
    model._register_load_state_dict_pre_hook(lambda state, *rest: seen.append(getattr(state, "_metadata", "none")))
    checkpoint = model.state_dict()
    model.load_state_dict(checkpoint)
    model.load_state_dict(dict(checkpoint))
    assert seen == [checkpoint._metadata, "none"]
    assert seen[0] is checkpoint._metadata


@claim("LOAD-84", source="torch.nn.Module.load_state_dict")
def test_a_module_that_loads_its_own_part_without_strict_hides_its_keys_from_the_result():
    """A module that calls `super()._load_from_state_dict` with `strict` False hides its own missing and unexpected keys
    from the result of `load_state_dict()`, and no keys of other modules.
    """
    model = nn.Sequential(Lenient(), LenientWithExtraState(), nn.Linear(1, 1))
    checkpoint = {"0._extra_state": 1, "0.y": torch.ones(3), "1.x": torch.ones(3), "2._extra_state": 1, "2.y": 1}
    assert model.load_state_dict(checkpoint, strict=False) == (["2.weight", "2.bias"], ["2._extra_state", "2.y"])
    assert model[1].x.tolist() == [1, 1, 1]


@claim("LOAD-62", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("strict", [True, False])
def test_the_errors_of_submodules_are_raised_together_strict_or_not(strict):
    """Where submodules append messages to the last argument of `_load_from_state_dict`, a list of errors,
    `load_state_dict()` raises them together as one `RuntimeError`, even with `strict=False`.
    """
    with pytest.raises(RuntimeError) as error:
        nn.Sequential(Incompatible(), Incompatible()).load_state_dict({}, strict=strict)
    headline = "Error(s) in loading state_dict for Sequential:"
    assert str(error.value).split("\n\t") == [headline, "0. is incompatible", "1. is incompatible"]


@claim("LOAD-63", source="torch.nn.Module.load_state_dict")
def test_a_module_without_state_loads_an_empty_checkpoint():
    assert nn.Sequential(nn.ReLU()).load_state_dict({}) == ([], [])


@claim("SER-12", source="torch.nn.BatchNorm1d")
def test_BatchNorm_loads_a_checkpoint_without_its_counter_if_that_has_no_metadata(real_device):
    """A strict load of a BatchNorm checkpoint without `num_batches_tracked` raises `RuntimeError`, but succeeds where
    the checkpoint is a plain dict without `_metadata`.
    """
    model = nn.Sequential(nn.Linear(1, 3), nn.BatchNorm1d(3)).to(real_device)
    checkpoint = model.state_dict()
    del checkpoint["1.num_batches_tracked"]
    with pytest.raises(RuntimeError, match=r'Missing key.*"1.num_batches_tracked"'):
        model.load_state_dict(checkpoint)
    copied = {key: value for key, value in checkpoint.items()}  # noqa: C416
    assert model.load_state_dict(copied) == ([], [])
    assert model[1].num_batches_tracked.tolist() == 0
    assert list(copied) == list(checkpoint)
