"""Faults in extra state."""

import copy

import torch
from torch import nn
from torch.nn.modules import module as modules

from .. import fault

APPLY = nn.Module._apply
LOAD_FROM = nn.Module._load_from_state_dict
SAVE_TO = nn.Module._save_to_state_dict
KEY = "_extra_state"


@fault("HOOK-07", "HOOK-08", "HOOK-43")
def the_key_of_extra_state_has_no_underscore(patch):
    patch.setattr(modules, "_EXTRA_STATE_KEY_SUFFIX", "extra_state")


@fault("HOOK-07", "HOOK-09")
def extra_state_is_copied_into_the_state_dict(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        if prefix + KEY in destination:
            destination[prefix + KEY] = copy.deepcopy(destination[prefix + KEY])

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("HOOK-07")
def extra_state_that_is_None_is_not_saved(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        if destination.get(prefix + KEY, 1) is None:
            del destination[prefix + KEY]

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("HOOK-43")
def extra_state_stands_before_the_own_state(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        if prefix + KEY in destination:
            destination.move_to_end(prefix + KEY, last=False)

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("HOOK-44")
def extra_state_is_set_before_the_own_state_is_loaded(patch):
    def load(self, state, prefix, *args):
        if prefix + KEY in state and hasattr(self, "restored"):
            self.set_extra_state(state[prefix + KEY])
        LOAD_FROM(self, state, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-08")
def extra_state_without_a_setter_is_ignored(patch):
    def load(self, state, prefix, metadata, strict, missing, unexpected, errors):
        LOAD_FROM(self, state, prefix, metadata, strict, missing, unexpected, errors)
        unexpected[:] = [key for key in unexpected if not key.endswith(KEY)]

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-08", "HOOK-45")
def extra_state_is_never_missing(patch):
    def load(self, state, prefix, metadata, strict, missing, unexpected, errors):
        LOAD_FROM(self, state, prefix, metadata, strict, missing, unexpected, errors)
        missing[:] = [key for key in missing if not key.endswith(KEY)]

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-45")
def extra_state_that_is_missing_is_set_to_None(patch):
    def load(self, state, prefix, *args):
        LOAD_FROM(self, state, prefix, *args)
        if prefix + KEY not in state and hasattr(self, "restored"):
            self.set_extra_state(None)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-46")
def a_module_that_defines_no_extra_state_has_None_to_get(patch):
    patch.setattr(nn.Module, "get_extra_state", lambda self: None)


@fault("HOOK-46")
def a_module_that_defines_no_extra_state_lets_it_be_set(patch):
    patch.setattr(nn.Module, "set_extra_state", lambda self, state: None)


@fault("HOOK-47")
def an_instance_may_define_extra_state(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        if "get_extra_state" in vars(self):
            destination[prefix + KEY] = self.get_extra_state()

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("HOOK-48")
def an_error_of_set_extra_state_is_one_of_the_errors_in_loading(patch):
    def load(self, *args):
        try:
            LOAD_FROM(self, *args)
        except ValueError as error:
            args[-1].append(str(error))

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-09")
def a_conversion_converts_plain_tensors_too(patch):
    def apply(self, convert, *args, **options):
        for name, value in vars(self).items():
            if isinstance(value, torch.Tensor):
                vars(self)[name] = convert(value)
        return APPLY(self, convert, *args, **options)

    patch.setattr(nn.Module, "_apply", apply)


@fault("HOOK-47")
def extra_state_is_not_inherited(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        if "get_extra_state" not in vars(type(self)):
            destination.pop(prefix + "_extra_state", None)

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("HOOK-08")
def extra_state_without_a_setter_is_unexpected_only_if_it_is_true(patch):
    def load(self, state, prefix, *args):
        key = prefix + KEY
        if key in state and not state[key] and type(self).set_extra_state is nn.Module.set_extra_state:
            del state[key]
        LOAD_FROM(self, state, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-43")
def extra_state_is_missed_before_all_else(patch):
    def load(self, state, prefix, metadata, strict, missing, *lists):
        LOAD_FROM(self, state, prefix, metadata, strict, missing, *lists)
        if prefix + KEY in missing:
            missing.remove(prefix + KEY)
            missing.insert(0, prefix + KEY)

    patch.setattr(nn.Module, "_load_from_state_dict", load)
