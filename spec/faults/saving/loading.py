"""Faults in what loading restores and demands."""

import torch
from torch import nn

from .. import fault


@fault("LOAD-01", "LOAD-06", breaks="torch.nn.Module._load_from_state_dict")
def loading_keeps_the_old_value_of_a_buffer(original, self, state_dict, prefix, *args):
    kept = {name: buffer.clone() for name, buffer in self._buffers.items() if buffer is not None}
    original(self, state_dict, prefix, *args)
    for name, buffer in kept.items():
        self._buffers[name].detach().copy_(buffer)


@fault("LOAD-01", "LOAD-27", breaks="torch.nn.Module._load_from_state_dict")
def loading_keeps_the_old_value_of_a_frozen_parameter(original, self, state_dict, prefix, *args):
    frozen = [parameter for parameter in self._parameters.values() if parameter is not None]
    kept = [(parameter, parameter.detach().clone()) for parameter in frozen if not parameter.requires_grad]
    original(self, state_dict, prefix, *args)
    for parameter, value in kept:
        parameter.copy_(value)


@fault("LOAD-02", breaks="torch.nn.Module.load_state_dict")
def loading_copies_plain_tensors(original, self, *args, **kwargs):
    for name, value in vars(self).items():
        if isinstance(value, torch.Tensor):
            vars(self)[name] = value.clone()
    return original(self, *args, **kwargs)


@fault("SER-13", "IDIOM-10")
def plain_ints_travel_with_the_metadata(patch):
    """A plain int is saved in `_metadata` and restored by `load_state_dict()`."""
    save, load = nn.Module.state_dict, nn.Module.load_state_dict

    def state_dict(self, *args, **kwargs):
        saved = save(self, *args, **kwargs)
        saved._metadata["ints"] = {name: value for name, value in vars(self).items() if type(value) is int}
        return saved

    def load_state_dict(self, saved, *args, **kwargs):
        vars(self).update(getattr(saved, "_metadata", {}).get("ints", {}))
        return load(self, saved, *args, **kwargs)

    patch.setattr(nn.Module, "state_dict", state_dict)
    patch.setattr(nn.Module, "load_state_dict", load_state_dict)


@fault("LOAD-03", breaks="torch.nn.Module._load_from_state_dict")
def loading_misses_a_non_persistent_buffer(original, self, state_dict, prefix, *args):
    """A strict load reports the key of a non-persistent buffer as missing."""
    original(self, state_dict, prefix, *args)
    *_, missing, _, _ = args
    missing += [prefix + name for name in self._non_persistent_buffers_set]


@fault("LOAD-05", "LOAD-26", breaks="torch.nn.Module._load_from_state_dict")
def loading_forgives_a_missing_buffer(original, self, state_dict, prefix, local_metadata, strict, missing_keys, *args):
    """A strict load doesn't report the missing key of a buffer."""
    original(self, state_dict, prefix, local_metadata, strict, missing_keys, *args)
    missing_keys[:] = [key for key in missing_keys if key.removeprefix(prefix) not in self._buffers]


@fault("LOAD-06", "LOAD-26", breaks="torch.nn.Module._load_from_state_dict")
def loading_forgives_an_unexpected_key(original, self, *args):
    """A strict load doesn't report an unexpected key."""
    *others, _, errors = args
    original(self, *others, [], errors)


@fault("LOAD-08", breaks="torch.nn.Module._load_from_state_dict")
def loading_replaces_a_buffer(original, self, state_dict, prefix, *args):
    """`load_state_dict()` rebinds every buffer."""
    original(self, state_dict, prefix, *args)
    for name, buffer in self._buffers.items():
        self._buffers[name] = buffer if buffer is None else buffer.clone()
