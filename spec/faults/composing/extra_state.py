"""Faults in extra state."""

import copy

import torch
from torch import nn
from torch.nn.modules import module as modules

from .. import fault

KEY = "_extra_state"


@fault("HOOK-07", "HOOK-08", "HOOK-43")
def the_key_of_extra_state_has_no_underscore(patch):
    patch.setattr(modules, "_EXTRA_STATE_KEY_SUFFIX", "extra_state")


@fault("HOOK-07", "HOOK-09", breaks="torch.nn.Module._save_to_state_dict")
def extra_state_is_copied_into_the_state_dict(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    if prefix + KEY in destination:
        destination[prefix + KEY] = copy.deepcopy(destination[prefix + KEY])


@fault("HOOK-07", breaks="torch.nn.Module._save_to_state_dict")
def extra_state_that_is_None_is_not_saved(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    if destination.get(prefix + KEY, 1) is None:
        del destination[prefix + KEY]


@fault("HOOK-43", breaks="torch.nn.Module._save_to_state_dict")
def extra_state_stands_before_the_own_state(original, self, destination, prefix, keep_vars):
    """Extra state comes before the parameters and buffers of its module in the state dict."""
    original(self, destination, prefix, keep_vars)
    if prefix + KEY in destination:
        destination.move_to_end(prefix + KEY, last=False)


@fault("HOOK-44", breaks="torch.nn.Module._load_from_state_dict")
def extra_state_is_set_before_the_own_state_is_loaded(original, self, state, prefix, *args):
    """Extra state is set before the parameters and buffers of its module are loaded."""
    if prefix + KEY in state and hasattr(self, "restored"):
        self.set_extra_state(state[prefix + KEY])
    original(self, state, prefix, *args)


@fault("HOOK-08", breaks="torch.nn.Module._load_from_state_dict")
def extra_state_without_a_setter_is_ignored(original, self, *args):
    """Extra state in a checkpoint is ignored by a module without `set_extra_state`."""
    *_, unexpected, _ = args
    original(self, *args)
    unexpected[:] = [key for key in unexpected if not key.endswith(KEY)]


@fault("HOOK-08", "HOOK-45", breaks="torch.nn.Module._load_from_state_dict")
def extra_state_is_never_missing(original, self, state, prefix, metadata, strict, missing, unexpected, errors):
    """A strict load doesn't report missing extra state."""
    original(self, state, prefix, metadata, strict, missing, unexpected, errors)
    missing[:] = [key for key in missing if not key.endswith(KEY)]


@fault("HOOK-45", breaks="torch.nn.Module._load_from_state_dict")
def extra_state_that_is_missing_is_set_to_None(original, self, state, prefix, *args):
    """`set_extra_state(None)` is called where a checkpoint has no extra state."""
    original(self, state, prefix, *args)
    if prefix + KEY not in state and hasattr(self, "restored"):
        self.set_extra_state(None)


@fault("HOOK-46", breaks="torch.nn.Module.get_extra_state")
def a_module_that_defines_no_extra_state_has_None_to_get(original, self):
    """`get_extra_state()` of a module that doesn't define it returns None."""


@fault("HOOK-46", breaks="torch.nn.Module.set_extra_state")
def a_module_that_defines_no_extra_state_lets_it_be_set(original, self, state):
    """`set_extra_state()` of a module that doesn't define it does nothing."""


@fault("HOOK-47", breaks="torch.nn.Module._save_to_state_dict")
def an_instance_may_define_extra_state(original, self, destination, prefix, keep_vars):
    """A `get_extra_state` that is set on the module itself is called."""
    original(self, destination, prefix, keep_vars)
    if "get_extra_state" in vars(self):
        destination[prefix + KEY] = self.get_extra_state()


@fault("HOOK-48", breaks="torch.nn.Module._load_from_state_dict")
def an_error_of_set_extra_state_is_one_of_the_errors_in_loading(original, self, *args):
    """An error in `set_extra_state` is among the errors of the `RuntimeError` that `load_state_dict()` raises."""
    try:
        original(self, *args)
    except ValueError as error:
        args[-1].append(str(error))


@fault("HOOK-09", breaks="torch.nn.Module._apply")
def a_conversion_converts_plain_tensors_too(original, self, convert, *args, **options):
    for name, value in vars(self).items():
        if isinstance(value, torch.Tensor):
            vars(self)[name] = convert(value)
    return original(self, convert, *args, **options)


@fault("HOOK-47", breaks="torch.nn.Module._save_to_state_dict")
def extra_state_is_not_inherited(original, self, destination, prefix, keep_vars):
    """A `get_extra_state` that a class inherits isn't called."""
    original(self, destination, prefix, keep_vars)
    if "get_extra_state" not in vars(type(self)):
        destination.pop(prefix + "_extra_state", None)


@fault("HOOK-08", breaks="torch.nn.Module._load_from_state_dict")
def extra_state_without_a_setter_is_unexpected_only_if_it_is_true(original, self, state, prefix, *args):
    """Extra state that is false, such as 0, is ignored by a module without `set_extra_state`."""
    key = prefix + KEY
    if key in state and not state[key] and type(self).set_extra_state is nn.Module.set_extra_state:
        del state[key]
    original(self, state, prefix, *args)


@fault("HOOK-43", breaks="torch.nn.Module._load_from_state_dict")
def extra_state_is_missed_before_all_else(original, self, state, prefix, metadata, strict, missing, *lists):
    """Missing extra state comes first among the missing keys."""
    original(self, state, prefix, metadata, strict, missing, *lists)
    if prefix + KEY in missing:
        missing.remove(prefix + KEY)
        missing.insert(0, prefix + KEY)
