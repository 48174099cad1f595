"""Faults in what ``state_dict()`` takes and returns and in its metadata."""

import copy
import warnings
from collections import OrderedDict

from torch import nn

from .. import fault


class Plain(dict):
    """A dict that may have attributes."""


@fault("SD-19", breaks="torch.nn.Module.state_dict")
def state_dict_returns_the_same_dict_again(original, self, *args, **kwargs):
    """`state_dict()` returns the same dict at every call."""
    if args or kwargs:
        return original(self, *args, **kwargs)
    vars(self)["_saved"] = vars(self).get("_saved") or original(self)
    return vars(self)["_saved"]


@fault("SD-19", "SD-24", breaks="torch.nn.Module.state_dict")
def state_dict_returns_a_plain_dict(original, self, *args, **kwargs):
    """`state_dict()` returns a plain dict."""
    saved = original(self, *args, **kwargs)
    if args or kwargs:
        return saved
    plain = Plain(saved)
    plain._metadata = saved._metadata
    return plain


@fault("SD-20", "SD-26", "SD-28", breaks="torch.nn.Module.state_dict")
def state_dict_returns_a_copy_of_its_destination(original, self, *args, **kwargs):
    """`state_dict(destination=...)` returns a copy of the destination."""
    saved = original(self, *args, **kwargs)
    return copy.copy(saved) if args or kwargs.get("destination") is not None else saved


@fault("SD-20", breaks="torch.nn.Module.state_dict")
def state_dict_empties_its_destination(original, self, *args, destination=None, prefix="", keep_vars=False):
    """`state_dict(destination=...)` empties the destination."""
    if destination and not prefix:
        destination.clear()
    return original(self, *args, destination=destination, prefix=prefix, keep_vars=keep_vars)


@fault("SD-22", breaks="torch.nn.Module.state_dict")
def the_prefix_ends_with_a_dot(original, self, *args, destination=None, prefix="", keep_vars=False):
    """`state_dict(prefix=...)` adds a dot to a prefix that doesn't end with one."""
    prefix = prefix and f"{prefix.removesuffix('.')}."
    return original(self, *args, destination=destination, prefix=prefix, keep_vars=keep_vars)


@fault("SD-22", "SD-21", breaks="torch.nn.Module.state_dict")
def the_prefix_is_ignored(original, self, *args, destination=None, prefix="", keep_vars=False):
    """`state_dict()` ignores `prefix`."""
    if destination is None:
        prefix = ""
    return original(self, *args, destination=destination, prefix=prefix, keep_vars=keep_vars)


@fault("SD-21", "SD-23", "LOAD-59", breaks="torch.nn.Module._save_to_state_dict")
def every_module_saves_version_1(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]]["version"] = 1


@fault("SD-23", breaks="torch.nn.Module._save_to_state_dict")
def the_paths_in_the_metadata_end_with_a_dot(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix] = destination._metadata.pop(prefix[:-1])


@fault("SD-24", "SER-45", breaks="torch.save")
def a_file_holds_no_metadata(original, value, *args, **kwargs):
    original(OrderedDict(value) if isinstance(value, OrderedDict) else value, *args, **kwargs)


@fault("SD-25", "SD-23", "SD-24", breaks="torch.nn.Module.state_dict")
def a_state_dict_has_no_metadata(original, self, *args, **kwargs):
    saved = original(self, *args, **kwargs)
    vars(saved).pop("_metadata", None) if isinstance(saved, OrderedDict) else None
    return saved


@fault("SD-26", "SD-27", "SD-28", breaks="torch.nn.Module.state_dict")
def positional_arguments_raise_no_warning(original, self, *args, **kwargs):
    """Positional arguments of `state_dict()` give no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return original(self, *args, **kwargs)


@fault("SD-27", breaks="torch.nn.Module.state_dict")
def the_warning_about_positional_arguments_points_into_torch(original, self, *args, **kwargs):
    """The warning about positional arguments of `state_dict()` doesn't point at the caller."""
    return original(self, *args, **kwargs)


@fault("SD-28", breaks="torch.nn.Module.state_dict")
def a_positional_argument_wins_over_a_keyword(original, self, *args, **kwargs):
    """A positional argument of `state_dict()` wins over a keyword."""
    given = dict(zip(("destination", "prefix", "keep_vars"), args, strict=False))
    return original(self, *args, **{**kwargs, **given})


@fault("SD-29", breaks="torch.nn.Module.state_dict")
def a_destination_raises_a_warning(original, self, *args, **kwargs):
    """`state_dict(destination=...)` gives a warning."""
    if "destination" in kwargs:
        warnings.warn("destination is deprecated", FutureWarning, stacklevel=2)
    return original(self, *args, **kwargs)


@fault("SD-30", "SD-31", breaks="torch.nn.Module.state_dict")
def submodules_are_saved_by_the_base_class(original, self, *args, destination=None, prefix="", keep_vars=False):
    """`state_dict()` doesn't call a method that a submodule overrides."""
    saved = original(nn.Module(), *args, destination=destination, prefix=prefix, keep_vars=keep_vars)
    if hasattr(saved, "_metadata"):
        saved._metadata[prefix[:-1]] = {"version": self._version}
    nn.Module._save_to_state_dict(self, saved, prefix, keep_vars)
    for name, module in self._modules.items():
        if module is not None:
            nn.Module.state_dict(module, destination=saved, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    return saved


@fault("SD-102", breaks="torch.nn.Module.state_dict")
def metadata_that_is_there_is_not_replaced(original, self, *args, destination=None, **kwargs):
    """Saving into a destination keeps the `_metadata` that it has."""
    held = dict(getattr(destination, "_metadata", {}))
    saved = original(self, *args, destination=destination, **kwargs)
    if hasattr(saved, "_metadata"):
        saved._metadata.update(held)
    return saved


@fault("SD-103", breaks="torch.nn.Module.state_dict")
def the_metadata_names_a_module_by_its_prefix_without_dots(original, self, *args, prefix="", **kwargs):
    """`state_dict(prefix=...)` files the `_metadata` of the module under the prefix without its dots."""
    saved = original(self, *args, prefix=prefix, **kwargs)
    metadata = getattr(saved, "_metadata", {})
    if prefix[:-1] in metadata:
        metadata[prefix.rstrip(".")] = metadata.pop(prefix[:-1])
    return saved


@fault("SD-20", breaks="torch.nn.Module.state_dict")
def an_OrderedDict_that_is_a_destination_is_given_metadata(original, self, *args, destination=None, **kwargs):
    """`state_dict(destination=...)` gives an `OrderedDict` `_metadata`."""
    if type(destination) is OrderedDict and not hasattr(destination, "_metadata"):
        destination._metadata = OrderedDict()
    return original(self, *args, destination=destination, **kwargs)
