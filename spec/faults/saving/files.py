"""Faults in what a file holds."""

import copy
from collections import OrderedDict
from contextlib import nullcontext

import torch
from torch import nn

from .. import fault


@fault("SER-01", breaks="torch.save")
def saving_to_a_file_rounds_to_half_precision(original, state, *args, **kwargs):
    if isinstance(state, dict):
        state = {name: value.half().float() for name, value in state.items()}
    original(state, *args, **kwargs)


@fault("SER-02", "SER-37", breaks="torch.load")
def by_default_everything_in_a_file_is_loaded(original, *args, weights_only=False, **o):
    """`torch.load` has `weights_only=False` by default."""
    return original(*args, weights_only=weights_only, **o)


@fault("SER-34", breaks="torch.load")
def by_default_nothing_but_weights_is_loaded(original, *args, weights_only=True, **o):
    """Before torch 2.6, `torch.load` had `weights_only=True` by default."""
    return original(*args, weights_only=weights_only, **o)


@fault("SER-76", breaks="torch.load")
def torch_load_gives_no_FutureWarning(original, *args, weights_only=False, **o):
    """`torch.load` without `weights_only` doesn't warn."""
    return original(*args, weights_only=weights_only, **o)


@fault("SER-77", breaks="torch.load")
def torch_load_ignored_mmap(original, *args, mmap=None, **o):
    """Before torch 2.1, `torch.load` ignored `mmap`."""
    return original(*args, **o)


@fault("SER-35", "SER-40", breaks="torch.load")
def weights_only_is_ignored(original, *args, **options):
    """`torch.load(weights_only=True)` loads everything."""
    return original(*args, **{**options, "weights_only": False})


@fault("SER-38", breaks="torch.serialization.safe_globals")
def declaring_a_class_safe_does_nothing(original, classes):
    """`torch.serialization.safe_globals` does nothing."""
    return nullcontext()


@fault("SER-36", "SER-50", breaks="torch.load")
def nothing_but_weights_is_ever_loaded(original, *args, **options):
    """`torch.load(weights_only=False)` loads like `weights_only=True`."""
    return original(*args, **{**options, "weights_only": True})


def with_values(value, edit):
    """``value`` with ``edit`` done to its values in place, where it is a dict."""
    if isinstance(value, dict):
        for name in value:
            value[name] = edit(value[name])
    return value


@fault("SER-03", "SER-49", breaks="torch.load")
def a_parameter_comes_back_from_a_file_as_a_tensor(original, *args, **options):
    loaded = original(*args, **options)
    return with_values(loaded, lambda value: value.detach() if isinstance(value, nn.Parameter) else value)


@fault("SER-39", breaks="torch.load")
def a_parameter_comes_back_from_a_file_without_its_attributes(original, *args, **options):
    def bare(value):
        if isinstance(value, nn.Parameter):
            vars(value).clear()
        return value

    return with_values(original(*args, **options), bare)


@fault("SER-04", breaks="torch.load")
def extra_state_does_not_come_back_from_a_file(original, *args, **options):
    loaded = original(*args, **options)
    for key in [key for key in loaded if key.endswith("_extra_state")] if isinstance(loaded, dict) else ():
        del loaded[key]
    return loaded


@fault("SER-05", breaks="torch.load")
def map_location_cpu_leads_to_meta(original, *args, map_location=None, **options):
    """`torch.load(map_location="cpu")` loads to the meta device."""
    if str(map_location) == "cpu":
        map_location = "meta"
    return original(*args, map_location=map_location, **options)


@fault("SER-41", "SER-42", breaks="torch.load")
def map_location_is_ignored(original, *args, **options):
    """`torch.load` ignores `map_location`."""
    return original(*args, **{**options, "map_location": None})


@fault("SER-43")
def a_file_that_was_read_before_is_not_read_again(patch):
    """`torch.load` of a file returns the same object again."""
    load, known = torch.load, {}

    def remembered(file, **options):
        return known.setdefault(str(file), load(file, **options))

    patch.setattr(torch, "load", remembered)


@fault("SER-10", breaks="torch.save")
def saving_clones_what_it_saves(original, value, *args, **options):
    """`torch.save` clones the tensors of a dict."""
    value = with_values(copy.copy(value), torch.clone) if isinstance(value, dict) else value
    original(value, *args, **options)


@fault("SER-45", breaks="torch.save")
def the_legacy_format_is_not_written_any_more(original, value, file, _use_new_zipfile_serialization=True):
    """`torch.save` ignores `_use_new_zipfile_serialization=False`."""
    original(value, file)


@fault("SER-49", "SD-24", "SER-45", breaks="torch.load")
def the_metadata_does_not_come_back_from_a_file(original, *args, **options):
    """The `_metadata` of a state dict doesn't come back from a file."""
    loaded = original(*args, **options)
    return OrderedDict(loaded) if isinstance(loaded, OrderedDict) else loaded
