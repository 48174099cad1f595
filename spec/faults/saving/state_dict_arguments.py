"""Faults in what ``state_dict()`` takes and returns and in its metadata."""

import copy
import warnings
from collections import OrderedDict

import torch
from torch import nn

from .. import fault

STATE_DICT = nn.Module.state_dict
SAVE_TO = nn.Module._save_to_state_dict


@fault("SD-19")
def state_dict_returns_the_same_dict_again(patch):
    def state_dict(self, *args, **kwargs):
        if args or kwargs:
            return STATE_DICT(self, *args, **kwargs)
        vars(self)["_saved"] = vars(self).get("_saved") or STATE_DICT(self)
        return vars(self)["_saved"]

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-19", "SD-24")
def state_dict_returns_a_plain_dict(patch):
    class Plain(dict):
        pass

    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        if args or kwargs:
            return saved
        plain = Plain(saved)
        plain._metadata = saved._metadata
        return plain

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-20", "SD-26", "SD-28")
def state_dict_returns_a_copy_of_its_destination(patch):
    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        return copy.copy(saved) if args or kwargs.get("destination") is not None else saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-20")
def state_dict_empties_its_destination(patch):
    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        if destination and not prefix:
            destination.clear()
        return STATE_DICT(self, *args, destination=destination, prefix=prefix, keep_vars=keep_vars)

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-22")
def the_prefix_ends_with_a_dot(patch):
    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        prefix = prefix and f"{prefix.removesuffix('.')}."
        return STATE_DICT(self, *args, destination=destination, prefix=prefix, keep_vars=keep_vars)

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-22", "SD-21")
def the_prefix_is_ignored(patch):
    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        if destination is None:
            prefix = ""
        return STATE_DICT(self, *args, destination=destination, prefix=prefix, keep_vars=keep_vars)

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-21", "SD-23", "LOAD-59")
def every_module_saves_version_1(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]]["version"] = 1

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-23")
def the_paths_in_the_metadata_end_with_a_dot(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix] = destination._metadata.pop(prefix[:-1])

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("SD-24", "SER-45")
def a_file_holds_no_metadata(patch):
    save = torch.save

    def stripped(value, *args, **kwargs):
        save(OrderedDict(value) if isinstance(value, OrderedDict) else value, *args, **kwargs)

    patch.setattr(torch, "save", stripped)


@fault("SD-25", "SD-23", "SD-24")
def a_state_dict_has_no_metadata(patch):
    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        vars(saved).pop("_metadata", None) if isinstance(saved, OrderedDict) else None
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-26", "SD-27", "SD-28")
def positional_arguments_raise_no_warning(patch):
    def state_dict(self, *args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return STATE_DICT(self, *args, **kwargs)

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-27", since="2.4")
def the_warning_about_positional_arguments_points_into_torch(patch):
    def state_dict(self, *args, **kwargs):
        return STATE_DICT(self, *args, **kwargs)

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-28")
def a_positional_argument_wins_over_a_keyword(patch):
    def state_dict(self, *args, **kwargs):
        given = dict(zip(("destination", "prefix", "keep_vars"), args, strict=False))
        return STATE_DICT(self, *args, **{**kwargs, **given})

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-29")
def a_destination_raises_a_warning(patch):
    def state_dict(self, *args, **kwargs):
        if "destination" in kwargs:
            warnings.warn("destination is deprecated", FutureWarning, stacklevel=2)
        return STATE_DICT(self, *args, **kwargs)

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-30", "SD-31")
def submodules_are_saved_by_the_base_class(patch):
    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        saved = STATE_DICT(nn.Module(), *args, destination=destination, prefix=prefix, keep_vars=keep_vars)
        if hasattr(saved, "_metadata"):
            saved._metadata[prefix[:-1]] = {"version": self._version}
        SAVE_TO(self, saved, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                state_dict(module, destination=saved, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-102")
def metadata_that_is_there_is_not_replaced(patch):
    def state_dict(self, *args, destination=None, **kwargs):
        held = dict(getattr(destination, "_metadata", {}))
        saved = STATE_DICT(self, *args, destination=destination, **kwargs)
        if hasattr(saved, "_metadata"):
            saved._metadata.update(held)
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-103")
def the_metadata_names_a_module_by_its_prefix_without_dots(patch):
    def state_dict(self, *args, prefix="", **kwargs):
        saved = STATE_DICT(self, *args, prefix=prefix, **kwargs)
        metadata = getattr(saved, "_metadata", {})
        if prefix[:-1] in metadata:
            metadata[prefix.rstrip(".")] = metadata.pop(prefix[:-1])
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)


@fault("SD-20")
def an_OrderedDict_that_is_a_destination_is_given_metadata(patch):
    def state_dict(self, *args, destination=None, **kwargs):
        if type(destination) is OrderedDict and not hasattr(destination, "_metadata"):
            destination._metadata = OrderedDict()
        return STATE_DICT(self, *args, destination=destination, **kwargs)

    patch.setattr(nn.Module, "state_dict", state_dict)
