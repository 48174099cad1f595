"""Faults in which keys loading misses and which it does not expect."""

from functools import wraps

from torch import nn

from .. import fault


def reporting(edit):
    """``_load_from_state_dict()`` followed by ``edit(module, prefix, state_dict, missing, unexpected)``."""

    @wraps(edit)
    def load(original, self, state_dict, prefix, metadata, strict, missing, unexpected, errors):
        original(self, state_dict, prefix, metadata, strict, missing, unexpected, errors)
        edit(self, prefix, state_dict, missing, unexpected)

    return load


@fault("LOAD-28", "LOAD-29", breaks="torch.nn.Module.load_state_dict")
def the_result_of_a_load_never_says_that_all_keys_match(original, self, *args, **kwargs):
    """`load_state_dict()` returns a plain tuple."""
    return tuple(original(self, *args, **kwargs))


@fault("LOAD-29", breaks="torch.nn.modules.module._IncompatibleKeys.__repr__")
def a_missing_key_lets_the_result_say_that_all_keys_match(original, self):
    """The result of `load_state_dict()` prints "All keys matched successfully" where one key is missing."""
    return "<All keys matched successfully>" if len(self[0]) + len(self[1]) < 2 else original(self)


@fault("LOAD-30", "LOAD-39", breaks="torch.nn.Module._load_from_state_dict")
@reporting
def missing_keys_are_sorted(self, prefix, saved, missing, unexpected):
    missing.sort()


@fault("LOAD-31", breaks="torch.nn.Module._load_from_state_dict")
@reporting
def unexpected_keys_are_sorted(self, prefix, saved, missing, unexpected):
    unexpected.sort()


@fault("LOAD-32", breaks="torch.nn.Module._load_from_state_dict")
@reporting
def a_key_that_begins_like_a_submodule_is_expected(self, prefix, saved, missing, unexpected):
    """A strict load ignores a key that begins with a submodule's name and goes on without a dot."""
    names = tuple(prefix + name for name in self._modules)
    unexpected[:] = [key for key in unexpected if not (names and key.startswith(names))]


@fault("LOAD-33", breaks="torch.nn.Module._load_from_state_dict")
@reporting
def a_key_below_a_tensor_is_expected(self, prefix, saved, missing, unexpected):
    """A strict load ignores a key that begins with a parameter's name and a dot."""
    names = {*self._parameters, *self._buffers, *self._modules}
    unexpected[:] = [key for key in unexpected if key.removeprefix(prefix).partition(".")[0] not in names]


@fault("LOAD-34", breaks="torch.nn.Module._load_from_state_dict")
@reporting
def a_key_below_a_tensor_is_unexpected(self, prefix, saved, missing, unexpected):
    """A strict load reports a key that begins with a parameter's name and a dot."""
    held = {*self._parameters, *self._buffers}
    for key in saved:
        name, _, below = key.removeprefix(prefix).partition(".")
        if (name in held and below) or (name in self._modules and not below):
            unexpected.append(key)


@fault("LOAD-35", breaks="torch.nn.Module._load_from_state_dict")
@reporting
def keys_that_begin_like_a_submodule_are_unexpected(self, prefix, saved, missing, unexpected):
    """A strict load reports a key that begins with a submodule's name and goes on without a dot."""
    for path in (prefix + name for name in self._modules):
        unexpected += [key for key in saved if key.startswith(path) and not key.startswith(f"{path}.")]


@fault("LOAD-04", breaks="torch.nn.Module._load_from_state_dict")
def a_non_persistent_buffer_is_loaded(original, self, state_dict, prefix, *args):
    absent = {name for name in self._non_persistent_buffers_set if prefix + name not in state_dict}
    kept, self._non_persistent_buffers_set = self._non_persistent_buffers_set, absent
    original(self, state_dict, prefix, *args)
    self._non_persistent_buffers_set = kept


@fault("LOAD-17", breaks="torch.nn.Module._load_from_state_dict")
def what_is_None_takes_what_the_checkpoint_has(original, self, state_dict, prefix, *args):
    """`load_state_dict()` fills a parameter or buffer that is None from the checkpoint."""
    for held in (self._buffers, self._parameters):
        for name in held:
            if held[name] is None and prefix + name in state_dict:
                value = state_dict[prefix + name]
                held[name] = nn.Parameter(value) if held is self._parameters else value.clone()
    original(self, state_dict, prefix, *args)


@fault("LOAD-36", breaks="torch.nn.Module._load_from_state_dict")
@reporting
def what_is_None_is_missed(self, prefix, saved, missing, unexpected):
    """A strict load reports as missing the key of a parameter or buffer that is None."""
    held = [*self._parameters.items(), *self._buffers.items()]
    missing += [prefix + name for name, value in held if value is None and prefix + name not in saved]


@fault("LOAD-23", breaks="torch.nn.Module._load_from_state_dict")
@reporting
def keys_below_a_submodule_that_is_None_are_unexpected(self, prefix, saved, missing, unexpected):
    slots = tuple(f"{prefix}{name}." for name, module in self._modules.items() if module is None)
    unexpected += [key for key in saved if slots and key.startswith(slots)]


@fault("LOAD-21", "LOAD-37", breaks="torch.nn.modules.utils.consume_prefix_in_state_dict_if_present")
def consuming_a_prefix_does_nothing(original, state_dict, prefix):
    """`consume_prefix_in_state_dict_if_present` does nothing."""


@fault("LOAD-37", breaks="torch.nn.modules.utils.consume_prefix_in_state_dict_if_present")
def consuming_a_prefix_loses_the_metadata(original, state_dict, prefix):
    """`consume_prefix_in_state_dict_if_present` empties the `_metadata`."""
    original(state_dict, prefix)
    state_dict._metadata.clear()


@fault("LOAD-39", "LOAD-62", breaks="torch.nn.Module.load_state_dict")
def only_the_first_complaint_is_raised(original, self, *args, **kwargs):
    """The `RuntimeError` of `load_state_dict()` names the first trouble only."""
    try:
        return original(self, *args, **kwargs)
    except RuntimeError as error:
        raise RuntimeError("\n\t".join(str(error).split("\n\t")[:2])) from None


@fault("LOAD-39", "LOAD-62", breaks="torch.nn.Module.load_state_dict")
def the_complaint_does_not_name_the_class(original, self, *args, **kwargs):
    """The `RuntimeError` of `load_state_dict()` doesn't name the class of the module."""
    try:
        return original(self, *args, **kwargs)
    except RuntimeError as error:
        raise RuntimeError(str(error).replace(type(self).__name__, "Module")) from None


@fault("LOAD-40", "LOAD-05", "LOAD-26", breaks="torch.nn.Module.load_state_dict")
def loading_is_not_strict_by_default(original, self, state_dict, strict=False, *args, **kwargs):
    """`load_state_dict()` has `strict=False` by default."""
    return original(self, state_dict, strict, *args, **kwargs)


@fault("LOAD-06", breaks="torch.nn.Module._load_from_state_dict")
@reporting
def a_single_unexpected_key_is_not_reported(self, prefix, saved, missing, unexpected):
    if unexpected == ["x"]:
        unexpected.clear()
