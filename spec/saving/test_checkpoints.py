"""What ``torch.save()`` writes of a state dict or a module, and what ``torch.load()`` makes of it."""

import copy
import io
import os
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import PARAMETERS, SAVED, IntegerModel, NestedModel, NonPersistentModel, ToyModel, ToyModel3, claim


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
def test_by_default_a_file_that_holds_a_whole_module_is_refused_and_the_class_is_named():
    content = written(ToyModel(5, 10))
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed") as error:
        read(content)
    assert "ToyModel" in str(error.value)
    assert "weights_only" in str(error.value)
    assert type(read(content, weights_only=False)) is ToyModel


@claim("SER-34", source="torch.load", until="2.6")
@pytest.mark.filterwarnings("ignore:You are using `torch.load` with `weights_only=False`")
def test_by_default_a_file_that_holds_a_whole_module_is_loaded():
    assert type(read(written(ToyModel(5, 10)))) is ToyModel


@claim("SER-35", source="torch.load")
def test_code_in_a_file_does_not_run_under_weights_only_and_the_refusal_names_it(tmp_path):
    folder = tmp_path / "made"
    content = written({"weight": torch.ones(3), "errand": Errand(folder)})
    with pytest.raises(pickle.UnpicklingError, match=rf"{os.mkdir.__module__}\.mkdir"):
        read(content, weights_only=True)
    assert not folder.exists()


@claim("SER-36", source="torch.load")
def test_code_in_a_file_runs_without_weights_only(tmp_path):
    folder = tmp_path / "made"
    read(written({"weight": torch.ones(3), "errand": Errand(folder)}), weights_only=False)
    assert folder.is_dir()


@claim("SER-37", source="torch.load", since="2.6")
def test_code_in_a_file_does_not_run_by_default(tmp_path):
    folder = tmp_path / "made"
    with pytest.raises(pickle.UnpicklingError, match="mkdir"):
        read(written(Errand(folder)))
    assert not folder.exists()


@claim("SER-38", source="torch.load", since="2.5")
def test_a_class_loads_under_weights_only_while_it_is_declared_safe():
    content = written({"device": ToyModel})
    with torch.serialization.safe_globals([ToyModel]):
        assert read(content, weights_only=True) == {"device": ToyModel}
    with pytest.raises(pickle.UnpicklingError, match="ToyModel"):
        read(content, weights_only=True)


@claim("SER-03", source="torch.load")
@pytest.mark.parametrize("kind", SAVED)
@pytest.mark.parametrize("keep_vars", [True, False])
def test_a_state_dict_loads_under_weights_only_and_keeps_parameters_where_it_has_them(kind, keep_vars):
    model = kind.on(ToyModel(5, 10), "x", torch.ones(3))
    saved = model.state_dict(keep_vars=keep_vars)
    loaded = read(written(saved), weights_only=True)
    assert list(loaded) == list(saved)
    assert type(loaded["x"]) is (nn.Parameter if keep_vars and kind in PARAMETERS else torch.Tensor)
    assert loaded["x"].requires_grad is (keep_vars and model.x.requires_grad)
    assert loaded["x"].tolist() == [1, 1, 1]


@claim("SER-39", source="torch.load", since="2.4")
def test_a_parameter_with_attributes_of_its_own_loads_under_weights_only():
    parameter = nn.Parameter(torch.ones(3), requires_grad=False)
    parameter.tag = "mine"
    loaded = read(written({"x": parameter}), weights_only=True)["x"]
    assert type(loaded) is nn.Parameter
    assert loaded.tag == "mine"
    assert not loaded.requires_grad


@claim("SER-04", source="torch.nn.Module.get_extra_state")
def test_extra_state_of_numbers_and_tensors_loads_under_weights_only(device):
    extra = {"step": 3, "names": ["a", "b"], "scale": torch.ones(2, device=device), "none": None, "on": True}
    model = Extra(None)
    assert model.load_state_dict(read(written(Extra(extra).state_dict()), weights_only=True)) == ([], [])
    assert list(model.extra) == list(extra)
    assert (model.extra["step"], model.extra["names"]) == (3, ["a", "b"])
    assert model.extra["scale"].shape == (2,)


@claim("SER-40", source="torch.nn.Module.get_extra_state")
def test_extra_state_of_any_other_type_makes_a_checkpoint_that_does_not_load_under_weights_only(tmp_path):
    content = written(Extra(Errand(tmp_path / "made")).state_dict())
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        read(content, weights_only=True)


def to_meta(storage, location):
    return torch.UntypedStorage(storage.nbytes(), device="meta")


@claim("SER-05", source="torch.load")
@pytest.mark.parametrize("map_location", [str, torch.device], ids=["a name", "a device"])
def test_map_location_places_every_tensor_and_loading_copies_it_to_the_device_of_the_module(map_location, real_device):
    trained, model = IntegerModel(5, 10).to(real_device), IntegerModel(5, 10).to(real_device)
    loaded = read(written(trained.state_dict()), map_location=map_location("cpu"), weights_only=True)
    assert {value.device.type for value in loaded.values()} == {"cpu"}
    assert model.load_state_dict(loaded) == ([], [])
    assert model.b1.device == trained.b1.device
    assert model.b1.tolist() == trained.b1.tolist()


@claim("SER-41", source="torch.load")
def test_map_location_can_be_a_function_of_each_storage_and_of_the_device_it_was_saved_from():
    asked = []

    def place(storage, location):
        asked.append(location)
        return storage

    loaded = read(written({"x": torch.ones(3), "y": torch.zeros(3)}), map_location=place, weights_only=True)
    assert asked == ["cpu", "cpu"]
    assert loaded["x"].tolist() == [1, 1, 1]


@claim("SER-42", source="torch.load")
def test_map_location_meta_loads_names_shapes_and_dtypes_without_values():
    model = NestedModel(5, 10)
    loaded = read(written(model.state_dict()), map_location="meta", weights_only=True)
    assert list(loaded) == list(model.state_dict())
    assert all(value.is_meta for value in loaded.values())
    assert loaded["body.toy.linear.weight"].shape == (10, 5)


@claim("SER-43", source="torch.save")
def test_a_file_keeps_what_it_got_when_the_module_goes_on(tmp_path, real_device):
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
    base = torch.arange(10_000.0)
    view, clone = kind.on(nn.Module(), "x", base[:2]), kind.on(nn.Module(), "x", base[:2].clone())
    assert len(written(view.state_dict())) > 40_000
    assert len(written(clone.state_dict())) < 4_000
    assert read(written(view.state_dict()), weights_only=True)["x"].tolist() == [0, 1]


@claim("SER-11", source="torch.nn.Module.register_buffer")
def test_a_buffer_that_is_not_persistent_makes_the_file_smaller_by_its_values():
    kept, left_out = ToyModel(5, 10), ToyModel(5, 10)
    kept.register_buffer("x", torch.ones(10_000))
    left_out.register_buffer("x", torch.ones(10_000), persistent=False)
    assert len(written(kept.state_dict())) - len(written(left_out.state_dict())) > 40_000
    assert len(written(left_out)) > 40_000


@claim("SER-44", source="torch.save")
def test_a_file_holds_storage_that_two_names_share_once_and_they_share_it_again():
    base = torch.zeros(10_000)
    content = written({"x": base, "y": base[5_000:]})
    loaded = read(content, weights_only=True)
    loaded["y"].fill_(7)
    assert len(content) < 50_000
    assert (loaded["x"][0].item(), loaded["x"][-1].item()) == (0, 7)


@claim("SER-45", source="torch.save")
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_both_file_formats_load_under_weights_only(zipped):
    model = IntegerModel(5, 10)
    content = written(model.state_dict(), _use_new_zipfile_serialization=zipped)
    loaded = read(content, weights_only=True)
    assert (content[:2] == b"PK") is zipped
    assert loaded["mask"].tolist() == model.mask.tolist()
    assert loaded._metadata == model.state_dict()._metadata


@claim("SER-46", source="torch.save")
def test_a_whole_module_in_a_file_keeps_what_its_state_dict_leaves_out():
    model = NonPersistentModel(5, 10)
    model.d1.fill_(7)
    model.a1 = 9
    loaded = read(written(model), weights_only=False)
    assert loaded.d1.tolist() == [7.0] * 10
    assert loaded.a1 == 9
    assert "d1" not in loaded.state_dict()


@claim("SER-47", source="torch.save")
def test_a_state_dict_kept_by_deepcopy_can_be_loaded_after_further_training():
    model = ToyModel3(5, 10)
    best = copy.deepcopy(model.state_dict())
    held = model.state_dict()
    model.c1.fill_(7)
    assert best["c1"].tolist() == [1.0] * 10
    assert held["c1"].tolist() == [7.0] * 10
    assert model.load_state_dict(best) == ([], [])
    assert model.c1.tolist() == [1.0] * 10
