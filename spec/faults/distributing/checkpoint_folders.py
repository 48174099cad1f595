"""Faults in folders of ``torch.distributed.checkpoint``, and in what spawned processes share."""

import os
from pathlib import Path

import torch

from .. import fault

SAVE, LOAD = "torch.distributed.checkpoint.save", "torch.distributed.checkpoint.load"


@fault("DIST-34", "DIST-42", "DIST-105", "DIST-44", breaks=LOAD)
def a_load_of_a_folder_rebinds_the_tensors_of_the_dict(original, state_dict, **options):
    """`torch.distributed.checkpoint.load` puts new tensors into the dict."""
    own = {name: value.clone() if isinstance(value, torch.Tensor) else value for name, value in state_dict.items()}
    original(own, **options)
    state_dict.update(own)


@fault("DIST-35", breaks=LOAD)
def a_load_of_a_folder_drops_extra_state(original, state_dict, **options):
    """`torch.distributed.checkpoint.load` leaves extra state as it was."""
    original({name: value for name, value in state_dict.items() if not name.endswith("_extra_state")}, **options)


@fault("DIST-36", breaks=LOAD)
def a_load_of_a_folder_raises_for_a_key_that_the_dict_lacks(original, state_dict, *, checkpoint_id, **options):
    """`torch.distributed.checkpoint.load` raises `RuntimeError` for a key that the dict lacks."""
    found = torch.distributed.checkpoint.FileSystemReader(checkpoint_id).read_metadata().state_dict_metadata
    if set(found) - set(state_dict):
        raise RuntimeError("unexpected key")
    original(state_dict, checkpoint_id=checkpoint_id, **options)


@fault("DIST-37", "DIST-38", "DIST-39", "DIST-43", "DIST-44", breaks=LOAD)
def what_a_load_of_a_folder_raises_is_an_Exception(original, state_dict, **options):
    """`torch.distributed.checkpoint.load` raises `RuntimeError` instead of `CheckpointException`."""
    try:
        original(state_dict, **options)
    except torch.distributed.checkpoint.api.CheckpointException as error:
        raise RuntimeError(str(error)) from error


@fault("DIST-40", breaks=LOAD)
def a_load_of_a_folder_raises_for_another_dtype(original, state_dict, **options):
    """`torch.distributed.checkpoint.load` takes float32 only."""
    if any(value.dtype is not torch.float32 for value in state_dict.values() if isinstance(value, torch.Tensor)):
        raise RuntimeError("dtype")
    original(state_dict, **options)


@fault("DIST-41", breaks=SAVE)
def a_folder_holds_tied_state_once(original, state_dict, **options):
    """`torch.distributed.checkpoint.save` leaves out the second name of tied state."""
    first = {value.data_ptr(): name for name, value in reversed(list(state_dict.items())) if hasattr(value, "data_ptr")}
    kept = {
        name: value for name, value in state_dict.items() if not hasattr(value, "data_ptr") or name in first.values()
    }
    return original(kept, **options)


@fault("DIST-43", breaks=SAVE)
def a_save_that_fails_brings_the_older_folder_back(original, state_dict, *, checkpoint_id, **options):
    """A `torch.distributed.checkpoint.save` that fails brings back what was in the folder."""
    folder = Path(checkpoint_id)
    before = {path: path.read_bytes() for path in folder.iterdir()} if os.path.isdir(folder) else {}
    try:
        return original(state_dict, checkpoint_id=checkpoint_id, **options)
    except BaseException:
        for path, content in before.items():
            path.write_bytes(content)
        raise


@fault("DIST-45", breaks="torch.distributed.checkpoint.state_dict.set_model_state_dict")
def set_model_state_dict_raises_for_missing_keys(original, model, model_state_dict, *, options=None):
    """`set_model_state_dict` raises `RuntimeError` for missing keys with a full state dict too."""
    if set(model.state_dict()) - set(model_state_dict):
        raise RuntimeError('Missing key(s) in state_dict: "bias"')
    return original(model, model_state_dict, options=options)


@fault("DIST-31", "DIST-33", breaks="torch.multiprocessing.get_context")
def a_process_is_forked_though_spawn_was_asked_for(original, method=None):
    """`torch.multiprocessing.get_context("spawn")` forks."""
    return original("fork")


@fault("DIST-32", breaks="torch.Tensor.is_shared")
def no_tensor_says_that_it_is_shared(original, self):
    """`is_shared()` is False for each tensor."""
    return False
