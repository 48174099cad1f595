"""``torch.distributed.checkpoint`` in one process: a folder that is read into the tensors of a state dict."""

import os

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .ranks import WORLD, State

SAVE = "torch.distributed.checkpoint.state_dict_saver.save"
LOAD = "torch.distributed.checkpoint.state_dict_loader.load"


@claim("DIST-34", source=LOAD, since="2.3")
@pytest.mark.parametrize("name", "pfb")
def test_a_load_of_a_folder_writes_into_the_tensors_of_the_module(dcp, tmp_path, name):
    """`torch.distributed.checkpoint.load(module.state_dict(), checkpoint_id=folder)` writes into the module's own
    parameters and persistent buffers, without `load_state_dict()`."""
    dcp.save(State(1).state_dict(), checkpoint_id=tmp_path)
    model = State(2)
    tensor = getattr(model, name)
    dcp.load(model.state_dict(), checkpoint_id=tmp_path)
    assert getattr(model, name) is tensor
    assert tensor.tolist() == [1, 1, 1, 1]
    assert (model.n.tolist(), model.t.tolist()) == ([2, 2, 2, 2], [2, 2, 2, 2])


@claim("DIST-35", source=LOAD, since="2.4")
def test_a_load_of_a_folder_leaves_extra_state_in_the_dict(dcp, tmp_path):
    """`torch.distributed.checkpoint.load` puts extra state into the state dict that it is given, and not into the
    module: that needs `load_state_dict()`, which `load` calls itself only where the dict holds the module as a value.
    """

    class Counting(nn.Module):
        def __init__(self, steps):
            super().__init__()
            self.p, self.steps = nn.Parameter(torch.full((1,), float(steps))), steps

        def get_extra_state(self):
            return {"steps": self.steps}

        def set_extra_state(self, state):
            self.steps = state["steps"]

    dcp.save(Counting(7).state_dict(), checkpoint_id=tmp_path)
    model = Counting(0)
    checkpoint = model.state_dict()
    dcp.load(checkpoint, checkpoint_id=tmp_path)
    assert (model.p.item(), model.steps) == (7, 0)
    model.load_state_dict(checkpoint)
    assert model.steps == 7


@claim("DIST-36", source=LOAD, since="2.3")
def test_a_load_of_a_folder_ignores_a_key_that_the_dict_lacks(dcp, tmp_path):
    """`torch.distributed.checkpoint.load` ignores a key of the folder that the given dict lacks, where a strict
    `load_state_dict()` raises `RuntimeError` for such a key.
    """
    dcp.save({"a": torch.ones(2), "b": torch.ones(2)}, checkpoint_id=tmp_path)
    model = nn.Module()
    model.register_buffer("a", torch.zeros(2))
    checkpoint = model.state_dict()
    dcp.load(checkpoint, checkpoint_id=tmp_path)
    assert list(checkpoint) == ["a"]
    assert model.a.tolist() == [1, 1]
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "b"'):
        model.load_state_dict({"a": torch.ones(2), "b": torch.ones(2)})


@claim("DIST-37", source=LOAD, since="2.4")
def test_a_load_of_a_folder_raises_for_a_key_that_the_folder_lacks(dcp, tmp_path):
    """`torch.distributed.checkpoint.load` raises `CheckpointException` for a key of the given dict that the folder
    lacks, and loads nothing; with `planner=DefaultLoadPlanner(allow_partial_load=True)` it loads the other keys.
    """
    dcp.save({"a": torch.ones(2)}, checkpoint_id=tmp_path)
    checkpoint = {"a": torch.zeros(2), "b": torch.zeros(2)}
    with pytest.raises(dcp.api.CheckpointException, match=r"Missing key in checkpoint state_dict: b"):
        dcp.load(checkpoint, checkpoint_id=tmp_path)
    assert checkpoint["a"].tolist() == [0, 0]
    dcp.load(checkpoint, checkpoint_id=tmp_path, planner=dcp.DefaultLoadPlanner(allow_partial_load=True))
    assert (checkpoint["a"].tolist(), checkpoint["b"].tolist()) == ([1, 1], [0, 0])


@claim("DIST-38", source="torch.distributed.checkpoint.api.CheckpointException", since="2.4")
def test_except_Exception_does_not_catch_what_a_load_of_a_folder_raises(dcp, tmp_path):
    """`CheckpointException` derives from `BaseException` and not from `Exception`: `except Exception` does not catch
    what `torch.distributed.checkpoint.load` raises."""
    dcp.save({"a": torch.ones(2)}, checkpoint_id=tmp_path)
    with pytest.raises(BaseException, match="Missing key in checkpoint") as raised:
        dcp.load({"b": torch.zeros(2)}, checkpoint_id=tmp_path)
    assert raised.type is dcp.api.CheckpointException
    assert not issubclass(raised.type, Exception)


@claim("DIST-39", source=LOAD, since="2.6")
def test_a_load_of_a_folder_raises_for_another_shape(dcp, tmp_path):
    """`torch.distributed.checkpoint.load` raises `CheckpointException` for a tensor whose shape is not the saved one,
    and leaves the tensor unchanged.
    """
    dcp.save({"a": torch.ones(2)}, checkpoint_id=tmp_path)
    checkpoint = {"a": torch.zeros(3)}
    with pytest.raises(dcp.api.CheckpointException, match=r"[Ss]ize mismatch"):
        dcp.load(checkpoint, checkpoint_id=tmp_path)
    assert checkpoint["a"].tolist() == [0, 0, 0]


@claim("DIST-40", source=LOAD, since="2.3")
@pytest.mark.parametrize(
    ("saved", "dtype", "loaded"),
    [(1.75, torch.int64, 1), (0.5, torch.bool, True), (1 + 2j, torch.float32, 1), (1.75, torch.float16, 1.75)],
)
def test_a_load_of_a_folder_casts_to_the_dtype_of_the_dict(dcp, tmp_path, saved, dtype, loaded):
    """`torch.distributed.checkpoint.load` casts each value to the dtype of the tensor that it writes into, without an
    error: floating-point to integer or bool, and complex to real."""
    dcp.save({"a": torch.tensor([saved])}, checkpoint_id=tmp_path)
    checkpoint = {"a": torch.zeros(1, dtype=dtype)}
    dcp.load(checkpoint, checkpoint_id=tmp_path)
    assert checkpoint["a"].tolist() == [loaded]
    assert checkpoint["a"].dtype is dtype


def tied(number):
    model = nn.Module()
    model.p = model.q = nn.Parameter(torch.full((4096,), float(number)))
    return model


@claim("DIST-41", source=SAVE, since="2.3")
def test_a_folder_holds_a_tied_parameter_twice(dcp, tmp_path):
    """`torch.distributed.checkpoint.save` writes a tied parameter once for each of its names, where `torch.save` writes
    it once."""
    dcp.save(tied(1).state_dict(), checkpoint_id=tmp_path / "folder")
    torch.save(tied(1).state_dict(), tmp_path / "file")
    once = 4096 * 4
    assert 2 * once < sum(os.path.getsize(path) for path in (tmp_path / "folder").iterdir())
    assert once < os.path.getsize(tmp_path / "file") < 2 * once


@claim("DIST-42", source=LOAD, since="2.7")
@pytest.mark.parametrize("registered", ["pq", "qp"])
@pytest.mark.parametrize("saved", ["pq", "qp"])
def test_a_tied_parameter_takes_from_a_folder_the_value_of_its_later_name(dcp, tmp_path, registered, saved):
    """If a folder with one data file has different values for two names of a tied parameter,
    `torch.distributed.checkpoint.load` raises no error. It loads the value of the alphabetically later name, whatever
    the order of registration and saving.
    """
    values = {"p": torch.full((4096,), 5.0), "q": torch.full((4096,), 6.0)}
    dcp.save({name: values[name] for name in saved}, checkpoint_id=tmp_path)
    model, parameter = nn.Module(), nn.Parameter(torch.zeros(4096))
    for name in registered:
        model.register_parameter(name, parameter)
    dcp.load(model.state_dict(), checkpoint_id=tmp_path)
    assert model.p is model.q is parameter
    assert parameter[0].item() == 6


@claim("DIST-105", source=LOAD, since="2.3", until="2.7")
@pytest.mark.parametrize(("registered", "value"), [("pq", 6), ("qp", 5)])
def test_a_tied_parameter_took_from_a_folder_the_value_of_the_name_that_was_registered_last(
    dcp, tmp_path, registered, value
):
    """Before torch 2.7, `torch.distributed.checkpoint.load` of a folder with different values for the two names of a
    tied parameter left it with those of the name that was registered last, without an error.
    """
    dcp.save({"p": torch.full((4096,), 5.0), "q": torch.full((4096,), 6.0)}, checkpoint_id=tmp_path)
    model, parameter = nn.Module(), nn.Parameter(torch.zeros(4096))
    for name in registered:
        model.register_parameter(name, parameter)
    dcp.load(model.state_dict(), checkpoint_id=tmp_path)
    assert model.p is model.q is parameter
    assert parameter[0].item() == value


@claim("DIST-43", source=SAVE, since="2.3")
def test_a_save_that_fails_over_an_older_folder_leaves_it_without_its_data(dcp, tmp_path):
    """By default, when `torch.distributed.checkpoint.save` into an older checkpoint's folder raises
    `CheckpointException` for a value that cannot be pickled, that checkpoint no longer loads: its metadata is still
    there, but its data is gone.
    """

    class Unpicklable:
        def __reduce__(self):
            raise ValueError("not this one")

    dcp.save({"a": torch.ones(2)}, checkpoint_id=tmp_path)
    files = sorted(os.listdir(tmp_path))
    with pytest.raises(dcp.api.CheckpointException, match="not this one"):
        dcp.save({"a": torch.ones(2), "b": Unpicklable()}, checkpoint_id=tmp_path)
    assert sorted(os.listdir(tmp_path)) == files
    with pytest.raises(dcp.api.CheckpointException):
        dcp.load({"a": torch.zeros(2)}, checkpoint_id=tmp_path)


@claim("DIST-44", source=LOAD, since="2.3")
def test_a_load_of_a_folder_into_meta_tensors_raises_an_error_about_the_process_group(dcp, tmp_path):
    """Without a process group, `torch.distributed.checkpoint.load` into meta tensors raises `CheckpointException`,
    whose message is about the process group and not about meta; after `to_empty()` of the module the load works.
    """
    dcp.save(State(1).state_dict(), checkpoint_id=tmp_path)
    model = State(2).to("meta")
    with pytest.raises(dcp.api.CheckpointException, match="Default process group has not been initialized"):
        dcp.load(model.state_dict(), checkpoint_id=tmp_path)
    model.to_empty(device="cpu")
    dcp.load(model.state_dict(), checkpoint_id=tmp_path)
    assert model.p.tolist() == [1, 1, 1, 1]


@claim("DIST-45", source="torch.distributed.checkpoint", since="2.5")
def test_set_model_state_dict_with_a_full_state_dict_accepts_missing_keys(dsd):
    """For a module not on meta, `set_model_state_dict` of `torch.distributed.checkpoint.state_dict` with
    `StateDictOptions(full_state_dict=True, strict=True)` accepts a state dict that lacks keys. Without
    `full_state_dict`, it raises `RuntimeError` for such a dict.
    """
    model, checkpoint = nn.Linear(2, 2), {"weight": torch.ones(2, 2)}
    dsd.set_model_state_dict(model, dict(checkpoint), options=dsd.StateDictOptions(full_state_dict=True, strict=True))
    assert model.weight.tolist() == [[1, 1], [1, 1]]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "bias"'):
        dsd.set_model_state_dict(model, dict(checkpoint), options=dsd.StateDictOptions(strict=True))
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "c"'):
        dsd.set_model_state_dict(
            model,
            checkpoint | {"c": torch.ones(1)},
            options=dsd.StateDictOptions(full_state_dict=True, strict=True),
        )


def load_plain_into_sharded(rank):
    mesh = torch.distributed.init_device_mesh("cpu", (WORLD,))
    model = State(1)
    torch.distributed.fsdp.fully_shard(model, mesh=mesh)
    checkpoint = State(5).state_dict()
    with pytest.raises(RuntimeError, match=r"got mixed torch\.Tensor and DTensor"):
        model.load_state_dict(checkpoint)
    kept = type(model.p.data).__name__, model.p.full_tensor().tolist()
    with pytest.raises(AttributeError, match="_local_tensor"):
        model.load_state_dict(checkpoint, assign=True)
    return kept, (type(model.p.data).__name__, model.p.tolist())


@claim("DIST-46", source="torch.distributed.fsdp.fully_shard", since="2.6")
def test_a_sharded_module_does_not_load_a_plain_checkpoint_and_an_assigning_load_breaks_it(ranks):
    """For a module under `fully_shard` (FSDP2), `load_state_dict()` of a checkpoint of plain tensors raises
    `RuntimeError` and changes no sharded parameter. With `assign=True` it raises `AttributeError` and leaves whole
    plain tensors as parameters.
    """
    for kept, assigned in ranks(load_plain_into_sharded):
        assert kept == ("DTensor", [1, 1, 1, 1])
        assert assigned == ("Tensor", [5, 5, 5, 5])
