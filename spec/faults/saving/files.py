"""Faults in what a file holds."""

import copy
from collections import OrderedDict
from contextlib import nullcontext

import torch
from torch import nn

from .. import fault


@fault("SER-01")
def saving_to_a_file_rounds_to_half_precision(patch):
    save = torch.save

    def rounded(state, *args, **kwargs):
        if isinstance(state, dict):
            state = {name: value.half().float() for name, value in state.items()}
        save(state, *args, **kwargs)

    patch.setattr(torch, "save", rounded)


def loading(patch, edit=lambda value: value, **fixed):
    """Let ``torch.load()`` have the arguments ``fixed``, and ``edit(value)`` what it returns."""
    load = torch.load
    patch.setattr(torch, "load", lambda *args, **options: edit(load(*args, **{**options, **fixed})))


def saving(patch, edit):
    """Let ``torch.save()`` write ``edit(value)``."""
    save = torch.save
    patch.setattr(torch, "save", lambda value, *args, **options: save(edit(value), *args, **options))


@fault("SER-02", "SER-37", since="2.6")
def by_default_everything_in_a_file_is_loaded(patch):
    load = torch.load
    patch.setattr(torch, "load", lambda *args, weights_only=False, **o: load(*args, weights_only=weights_only, **o))


@fault("SER-34", until="2.6")
def by_default_nothing_but_weights_is_loaded(patch):
    load = torch.load
    patch.setattr(torch, "load", lambda *args, weights_only=True, **o: load(*args, weights_only=weights_only, **o))


@fault("SER-35", "SER-40")
def weights_only_is_ignored(patch):
    loading(patch, weights_only=False)


@fault("SER-38", since="2.5")
def declaring_a_class_safe_does_nothing(patch):
    patch.setattr(torch.serialization, "safe_globals", lambda classes: nullcontext())


@fault("SER-36", "SER-46", "SER-50")
def nothing_but_weights_is_ever_loaded(patch):
    loading(patch, weights_only=True)


def with_values(value, edit):
    """``value`` with ``edit`` done to its values in place, where it is a dict."""
    if isinstance(value, dict):
        for name in value:
            value[name] = edit(value[name])
    return value


@fault("SER-03", "SER-49")
def a_parameter_comes_back_from_a_file_as_a_tensor(patch):
    loading(
        patch,
        lambda loaded: with_values(loaded, lambda value: value.detach() if isinstance(value, nn.Parameter) else value),
    )


@fault("SER-39", since="2.4")
def a_parameter_comes_back_from_a_file_without_its_attributes(patch):
    def bare(value):
        if isinstance(value, nn.Parameter):
            vars(value).clear()
        return value

    loading(patch, lambda loaded: with_values(loaded, bare))


@fault("SER-04")
def extra_state_does_not_come_back_from_a_file(patch):
    def without(loaded):
        for key in [key for key in loaded if key.endswith("_extra_state")] if isinstance(loaded, dict) else ():
            del loaded[key]
        return loaded

    loading(patch, without)


@fault("SER-05")
def map_location_cpu_leads_to_meta(patch):
    load = torch.load

    def misled(*args, map_location=None, **options):
        if str(map_location) == "cpu":
            map_location = "meta"
        return load(*args, map_location=map_location, **options)

    patch.setattr(torch, "load", misled)


@fault("SER-41", "SER-42")
def map_location_is_ignored(patch):
    loading(patch, map_location=None)


@fault("SER-43")
def a_file_that_was_read_before_is_not_read_again(patch):
    load, known = torch.load, {}

    def remembered(file, **options):
        return known.setdefault(str(file), load(file, **options))

    patch.setattr(torch, "load", remembered)


@fault("SER-10", "SER-44")
def saving_clones_what_it_saves(patch):
    saving(patch, lambda value: with_values(copy.copy(value), torch.clone) if isinstance(value, dict) else value)


@fault("SER-45")
def the_legacy_format_is_not_written_any_more(patch):
    save = torch.save

    def zipped(value, file, _use_new_zipfile_serialization=True):
        save(value, file)

    patch.setattr(torch, "save", zipped)


@fault("SER-49", "SD-24", "SER-45")
def the_metadata_does_not_come_back_from_a_file(patch):
    def without(loaded):
        return OrderedDict(loaded) if isinstance(loaded, OrderedDict) else loaded

    loading(patch, without)
