"""What ``torch.save()`` writes of a state dict or a module, and what ``torch.load()`` makes of it."""

import copy
import io
import os
import pickle
import warnings

import pytest
import torch
from torch import nn

from ..vocabulary import PARAMETERS, SAVED, IntegerModel, ToyModel, ToyModel3, claim


def written(value, **options):
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def read(content, **options):
    return torch.load(io.BytesIO(content), **options)


class Errand:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


class Extra(nn.Module):
    """A module with the extra state that it is given."""

    def __init__(self, extra):
        super().__init__()
        self.extra = extra

    def get_extra_state(self):
        return self.extra

    def set_extra_state(self, state):
        self.extra = state


@claim("SER-02", source="torch.load", since="2.6")
def test_by_default_loading_a_file_of_a_whole_module_raises_an_error_that_names_the_class():
    """`torch.load` of a file with a whole module raises `pickle.UnpicklingError` by default and names the class;
    `weights_only=False` loads it.
    """
    content = written(ToyModel(5, 10))
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed") as error:
        read(content)
    assert "ToyModel" in str(error.value)
    assert "weights_only" in str(error.value)
    assert type(read(content, weights_only=False)) is ToyModel


@claim("SER-34", source="torch.load", until="2.6")
@pytest.mark.filterwarnings("ignore:You are using `torch.load` with `weights_only=False`")
def test_by_default_a_file_of_a_whole_module_was_loaded():
    """Before torch 2.6, `torch.load` loaded a file with a whole module by default; since then it raises
    `pickle.UnpicklingError`.
    """
    assert type(read(written(ToyModel(5, 10)))) is ToyModel


@claim("SER-76", source="torch.load", since="2.4", until="2.6")
@pytest.mark.parametrize("thing", [ToyModel(5, 10), ToyModel(5, 10).state_dict()], ids=["module", "state dict"])
def test_torch_load_warned_that_weights_only_would_become_the_default(thing):
    """From torch 2.4 and before torch 2.6, `torch.load` without `weights_only` loaded and warned with `FutureWarning`
    that the default would change, of a state dict too; with `weights_only=False` or True it did not warn."""
    with pytest.warns(FutureWarning, match="You are using `torch.load` with `weights_only=False`"):
        assert type(read(written(thing))) is type(thing)
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        read(written(thing), weights_only=False)
        read(written(ToyModel(5, 10).state_dict()), weights_only=True)


@claim("SER-77", source="torch.load", until="2.1")
def test_torch_load_had_no_mmap():
    """Before torch 2.1, `torch.load` had no argument `mmap` and raised `TypeError` for it."""
    with pytest.raises(TypeError, match="mmap"):
        read(written({}), mmap=False)


@claim("SER-35", source="torch.load")
def test_code_in_a_file_does_not_run_under_weights_only(tmp_path):
    """`torch.load(weights_only=True)` does not run code that a file brings along, such as a call of `os.mkdir`: it
    raises `pickle.UnpicklingError` and names the function.
    """
    folder = tmp_path / "made"
    content = written({"weight": torch.ones(3), "errand": Errand(folder)})
    with pytest.raises(pickle.UnpicklingError, match=rf"{os.mkdir.__module__}\.mkdir"):
        read(content, weights_only=True)
    assert not folder.exists()


@claim("SER-36", source="torch.load")
def test_code_in_a_file_runs_without_weights_only(tmp_path):
    """`torch.load(weights_only=False)` runs the code that a file brings along.

    Beware: load in this way only files that you trust.
    """
    folder = tmp_path / "made"
    read(written({"weight": torch.ones(3), "errand": Errand(folder)}), weights_only=False)
    assert folder.is_dir()


@claim("SER-37", source="torch.load", since="2.6")
def test_code_in_a_file_does_not_run_by_default(tmp_path):
    """By default `torch.load` does not run code that a file brings along: it raises `pickle.UnpicklingError`, or
    `RuntimeError` for a TorchScript file.
    """
    folder = tmp_path / "made"
    with pytest.raises(pickle.UnpicklingError, match="mkdir"):
        read(written(Errand(folder)))
    assert not folder.exists()


@claim("SER-38", source="torch.load", since="2.5")
def test_a_class_loads_under_weights_only_while_it_is_declared_safe():
    """Within `torch.serialization.safe_globals([...])` of a class, `torch.load(weights_only=True)` loads a file that
    names this class; outside, it raises `pickle.UnpicklingError`.
    """
    content = written({"device": ToyModel})
    with torch.serialization.safe_globals([ToyModel]):
        assert read(content, weights_only=True) == {"device": ToyModel}
    with pytest.raises(pickle.UnpicklingError, match="ToyModel"):
        read(content, weights_only=True)


@claim("SER-03", source="torch.load")
@pytest.mark.parametrize("kind", SAVED)
@pytest.mark.parametrize("keep_vars", [True, False])
def test_a_state_dict_loads_under_weights_only_with_or_without_keep_vars(kind, keep_vars):
    """`torch.load(weights_only=True)` loads a state dict of tensors; one taken with `keep_vars=True` comes back with
    each `nn.Parameter` trainable or frozen as it was.
    """
    model = kind.on(ToyModel(5, 10), "x", torch.ones(3))
    saved = model.state_dict(keep_vars=keep_vars)
    loaded = read(written(saved), weights_only=True)
    assert list(loaded) == list(saved)
    assert type(loaded["x"]) is (nn.Parameter if keep_vars and kind in PARAMETERS else torch.Tensor)
    assert loaded["x"].requires_grad is (keep_vars and model.x.requires_grad)
    assert loaded["x"].tolist() == [1, 1, 1]


@claim("SER-39", source="torch.load", since="2.4")
def test_a_parameter_with_attributes_of_its_own_loads_under_weights_only():
    """`torch.load(weights_only=True)` loads an `nn.Parameter` with the Python attributes that were set on it."""
    parameter = nn.Parameter(torch.ones(3), requires_grad=False)
    parameter.tag = "mine"
    loaded = read(written({"x": parameter}), weights_only=True)["x"]
    assert type(loaded) is nn.Parameter
    assert loaded.tag == "mine"
    assert not loaded.requires_grad


@claim("SER-04", source="torch.nn.Module.get_extra_state")
def test_extra_state_of_numbers_and_tensors_loads_under_weights_only(device):
    """Extra state, as `get_extra_state` returns it, loads with `torch.load(weights_only=True)` where it consists of
    integers, strings, tensors, None, lists and dicts.
    """
    extra = {"step": 3, "names": ["a", "b"], "scale": torch.ones(2, device=device), "none": None, "on": True}
    model = Extra(None)
    assert model.load_state_dict(read(written(Extra(extra).state_dict()), weights_only=True)) == ([], [])
    assert list(model.extra) == list(extra)
    assert (model.extra["step"], model.extra["names"]) == (3, ["a", "b"])
    assert model.extra["scale"].shape == (2,)


@claim("SER-40", source="torch.nn.Module.get_extra_state")
def test_extra_state_of_a_class_of_ones_own_does_not_load_under_weights_only(tmp_path):
    """If extra state is an object of one's own class that was not declared safe, `torch.load(weights_only=True)` of the
    checkpoint raises `pickle.UnpicklingError`.
    """
    content = written(Extra(Errand(tmp_path / "made")).state_dict())
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        read(content, weights_only=True)


@claim("SER-05", source="torch.load")
@pytest.mark.parametrize("map_location", [str, torch.device], ids=["a name", "a device"])
def test_map_location_decides_where_a_file_is_loaded_and_the_module_keeps_its_device(map_location, real_device):
    """`torch.load(map_location="cpu")` puts every tensor of a state dict on the CPU, also one saved on a GPU;
    `load_state_dict()` then copies it to the module's device.
    """
    trained, model = IntegerModel(5, 10).to(real_device), IntegerModel(5, 10).to(real_device)
    loaded = read(written(trained.state_dict()), map_location=map_location("cpu"), weights_only=True)
    assert {value.device.type for value in loaded.values()} == {"cpu"}
    assert model.load_state_dict(loaded) == ([], [])
    assert model.b1.device == trained.b1.device
    assert model.b1.tolist() == trained.b1.tolist()


@claim("SER-41", source="torch.load")
def test_map_location_can_be_a_function_of_each_storage_and_its_device():
    """The `map_location` of `torch.load` may be a function: called with each storage and the name of the device that it
    was saved from, it returns the storage to use.
    """
    asked = []

    def place(storage, location):
        asked.append(location)
        return storage

    loaded = read(written({"x": torch.ones(3), "y": torch.zeros(3)}), map_location=place, weights_only=True)
    assert asked == ["cpu", "cpu"]
    assert loaded["x"].tolist() == [1, 1, 1]


@claim("SER-42", source="torch.load")
def test_map_location_meta_loads_names_shapes_and_dtypes_without_values():
    """`torch.load(map_location="meta")` loads a state dict of dense tensors as meta tensors: names, shapes and dtypes
    without values.
    """
    saved = IntegerModel(5, 10).state_dict()
    loaded = read(written(saved), map_location="meta", weights_only=True)
    assert list(loaded) == list(saved) == ["b1", "steps", "mask", "linear.weight", "linear.bias"]
    assert all(value.is_meta for value in loaded.values())
    assert [value.shape for value in loaded.values()] == [value.shape for value in saved.values()]
    assert [value.dtype for value in loaded.values()] == [value.dtype for value in saved.values()]


@claim("SER-43", source="torch.save")
def test_a_file_is_a_snapshot_of_the_state_dict(tmp_path, real_device):
    """`torch.save` writes a snapshot: neither changing the module afterwards nor changing what was loaded changes what
    the next `torch.load` of the file gives.
    """
    model, path = ToyModel3(5, 10).to(real_device), tmp_path / "model.pth"
    torch.save(model.state_dict(), path)
    model.c1.fill_(7)
    first, second = torch.load(path, weights_only=True), torch.load(path, weights_only=True)
    first["c1"].zero_()
    assert second["c1"].tolist() == [1.0] * 10
    assert list(second) == list(model.state_dict())


@claim("SER-10", source="torch.save")
@pytest.mark.parametrize("kind", SAVED)
def test_a_small_view_is_saved_with_all_of_its_base_and_its_clone_is_not(kind):
    """Saving a parameter or buffer that is a small view of a large tensor writes the large one's values to the file
    too; a clone writes only its own.
    """
    base = torch.arange(10_000.0)
    view, clone = kind.on(nn.Module(), "x", base[:2]), kind.on(nn.Module(), "x", base[:2].clone())
    assert len(written(view.state_dict())) > 40_000
    assert len(written(clone.state_dict())) < 4_000
    assert read(written(view.state_dict()), weights_only=True)["x"].tolist() == [0, 1]


@claim("SER-11", source="torch.nn.Module.register_buffer")
def test_a_non_persistent_buffer_is_not_in_the_file_of_a_state_dict():
    """A buffer registered with `persistent=False` takes no room in a file of the state dict, but it takes room in a
    file of the whole module.
    """
    kept, left_out = ToyModel(5, 10), ToyModel(5, 10)
    kept.register_buffer("x", torch.ones(10_000))
    left_out.register_buffer("x", torch.ones(10_000), persistent=False)
    assert len(written(kept.state_dict())) - len(written(left_out.state_dict())) > 40_000
    assert len(written(left_out)) > 40_000


@claim("SER-45", source="torch.save")
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_both_file_formats_load_under_weights_only(zipped):
    """`torch.load(weights_only=True)` reads a state dict and its `_metadata` from the zip file and from the legacy
    format (`_use_new_zipfile_serialization=False`) of `torch.save`.
    """
    model = IntegerModel(5, 10)
    content = written(model.state_dict(), _use_new_zipfile_serialization=zipped)
    loaded = read(content, weights_only=True)
    assert (content[:2] == b"PK") is zipped
    assert loaded["mask"].tolist() == model.mask.tolist()
    assert loaded._metadata == model.state_dict()._metadata


@claim("SER-47", source="torch.save")
def test_a_deepcopy_of_the_state_dict_is_a_snapshot_to_return_to():
    """`copy.deepcopy(model.state_dict())` is a snapshot to load after further training; `state_dict()` itself changes
    along with the module.
    """
    model = ToyModel3(5, 10)
    best = copy.deepcopy(model.state_dict())
    held = model.state_dict()
    model.c1.fill_(7)
    assert best["c1"].tolist() == [1.0] * 10
    assert held["c1"].tolist() == [7.0] * 10
    assert model.load_state_dict(best) == ([], [])
    assert model.c1.tolist() == [1.0] * 10
