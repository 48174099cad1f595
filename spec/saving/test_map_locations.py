"""Where ``torch.load`` puts what it reads: ``map_location``, mapped files, and files without their data."""

import io
import mmap

import pytest
import torch
from torch import nn

from ..vocabulary import claim


@claim("SER-54", source="torch.load")
def test_a_map_location_that_returns_None_leaves_a_tensor_where_it_was_saved_from(tmp_path):
    """Where a function given as `map_location` returns None, `torch.load` puts the tensor where it was saved from. The
    function is called with a storage on the CPU.
    """
    path, devices = tmp_path / "a.pt", []
    torch.save({"x": torch.ones(3)}, path)

    def nowhere(storage, location):
        devices.append(storage.device.type)

    loaded = torch.load(path, map_location=nowhere)
    assert devices == ["cpu"]
    assert loaded["x"].tolist() == [1, 1, 1]


@claim("SER-55", source="torch.load")
def test_a_dict_as_map_location_maps_the_locations_that_it_names_and_no_others(tmp_path):
    """`torch.load(map_location={"cpu": "meta"})` loads to meta what was saved from the CPU; a dict without the location
    of a tensor leaves it where it was saved from.
    """
    path = tmp_path / "a.pt"
    torch.save({"x": torch.ones(3)}, path)
    assert torch.load(path, map_location={"cpu": "meta"})["x"].device.type == "meta"
    assert torch.load(path, map_location={"cuda:1": "meta"})["x"].tolist() == [1, 1, 1]


@claim("SER-56", source="torch.load")
def test_a_location_that_is_not_there_raises_RuntimeError_unless_it_is_mapped(tmp_path, monkeypatch):
    """`torch.load` raises `RuntimeError`, or `AssertionError` before torch 2.2, for a tensor saved from a location that
    this torch doesn't know; with `map_location="cpu"` it loads.
    """
    path = tmp_path / "a.pt"
    with monkeypatch.context() as patch:
        patch.setattr(torch.serialization, "location_tag", lambda storage: "elsewhere")
        torch.save({"x": torch.ones(3)}, path)
    with pytest.raises((AssertionError, RuntimeError), match=r"elsewhere|HPU device module is not loaded"):
        torch.load(path)
    assert torch.load(path, map_location="cpu")["x"].tolist() == [1, 1, 1]


@claim("SER-57", source="torch.load", since="2.1")
def test_only_a_path_of_a_file_in_the_zip_format_is_mapped(tmp_path):
    """`torch.load(mmap=True)` raises `ValueError` for an open file and `RuntimeError` for a file in the format from
    before torch 1.6; without `mmap` both load.
    """
    path = str(tmp_path / "a.pt")
    torch.save({"x": torch.ones(3)}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(RuntimeError, match="mmap can only be used with files saved with"):
        torch.load(path, mmap=True)
    assert torch.load(path)["x"].tolist() == [1, 1, 1]
    file = io.BytesIO()
    torch.save({"x": torch.ones(3)}, file)
    with pytest.raises(ValueError, match="in order to use"):
        torch.load(io.BytesIO(file.getvalue()), mmap=True)
    assert torch.load(io.BytesIO(file.getvalue()))["x"].tolist() == [1, 1, 1]


@claim("SER-58", source="torch.serialization.set_default_mmap_options", since="2.5")
def test_changing_a_module_that_holds_a_file_mapped_as_shared_changes_the_file(tmp_path):
    """Within `torch.serialization.set_default_mmap_options(mmap.MAP_SHARED)`, changing the tensors of a
    `torch.load(mmap=True)` in place changes the file. The default is `mmap.MAP_PRIVATE`; any other value raises
    `ValueError`.
    """
    path, model = str(tmp_path / "a.pt"), nn.Linear(3, 1, bias=False)
    torch.save({"weight": torch.ones(1, 3)}, path)
    with torch.serialization.set_default_mmap_options(mmap.MAP_SHARED):
        model.load_state_dict(torch.load(path, mmap=True), assign=True)
    nn.init.constant_(model.weight, 7)
    assert torch.load(path)["weight"].tolist() == [[7, 7, 7]]
    assert torch.serialization.get_default_mmap_options() == mmap.MAP_PRIVATE
    with pytest.raises(ValueError, match=r"mmap\.MAP_PRIVATE or mmap\.MAP_SHARED"):
        torch.serialization.set_default_mmap_options(mmap.MAP_SHARED | mmap.MAP_PRIVATE | 1024)


@claim("SER-59", source="torch.serialization.skip_data", since="2.5")
def test_a_file_that_is_saved_without_data_is_as_large_and_its_tensors_are_zeros(tmp_path):
    """`torch.save` within `torch.serialization.skip_data()` leaves the values out of the file, which is as large as
    with them; its tensors load as zeros.
    """
    full, empty = tmp_path / "full.pt", tmp_path / "data.pt"
    torch.save({"x": torch.ones(3)}, full)
    with torch.serialization.skip_data():
        torch.save({"x": torch.ones(3)}, empty)
    assert abs(empty.stat().st_size - full.stat().st_size) < 64
    assert torch.load(empty)["x"].tolist() == [0, 0, 0]
    assert torch.load(full)["x"].tolist() == [1, 1, 1]


@claim("SER-60", source="torch.serialization.get_unsafe_globals_in_checkpoint", since="2.6")
def test_the_classes_that_a_file_needs_beside_those_that_are_safe_are_listed(tmp_path):
    """`torch.serialization.get_unsafe_globals_in_checkpoint(path)` names the classes for which
    `torch.load(weights_only=True)` raises `pickle.UnpicklingError`. For a whole module it names the module's class, for
    a state dict of tensors none.
    """
    path = tmp_path / "a.pt"
    torch.save(nn.Identity(), path)
    unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    assert "torch.nn.modules.linear.Identity" in unsafe
    with torch.serialization.safe_globals([nn.Identity]):
        assert "torch.nn.modules.linear.Identity" not in torch.serialization.get_unsafe_globals_in_checkpoint(path)
    torch.save(nn.Linear(1, 1).state_dict(), path)
    assert torch.serialization.get_unsafe_globals_in_checkpoint(path) == []


@claim("SER-61", source="torch.nn.Module.get_extra_state")
def test_extra_state_that_cannot_be_pickled_loads_from_a_state_dict_and_cannot_be_saved(tmp_path):
    """Extra state that can't be pickled, such as a lambda, is in `state_dict()`, and `load_state_dict()` loads it from
    there; `torch.save` of this state dict raises `AttributeError` or `pickle.PicklingError`.
    """

    class Extra(nn.Module):
        def get_extra_state(self):
            return lambda: 3

        def set_extra_state(self, state):
            self.loaded = state

    model = Extra()
    model.load_state_dict(model.state_dict())
    assert model.loaded() == 3
    with pytest.raises(Exception, match="pickle"):
        torch.save(model.state_dict(), tmp_path / "a.pt")


@claim("LOAD-87", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("register", ["register_parameter", "register_buffer"])
def test_a_key_for_what_is_registered_as_None_is_unexpected_and_raises_in_a_strict_load_only(register):
    """A key for a parameter or buffer registered as None, except in an InstanceNorm, is unexpected, so a strict load
    raises `RuntimeError`. With `strict=False`, `load_state_dict()` reports the key and leaves the parameter or buffer
    None.
    """
    model = nn.Module()
    getattr(model, register)("x", None)
    assert model.load_state_dict({"x": torch.ones(3)}, strict=False) == ([], ["x"])
    assert model.x is None
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "x"\.'):
        model.load_state_dict({"x": torch.ones(3)})
