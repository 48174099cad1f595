"""Faults in what loading restores and demands."""

import torch
from torch import nn

from .. import fault

STATE_DICT = nn.Module.state_dict
LOAD_STATE_DICT = nn.Module.load_state_dict
LOAD_FROM = nn.Module._load_from_state_dict


@fault("LOAD-01", "LOAD-06")
def loading_keeps_the_old_value_of_a_buffer(patch):
    def load(self, state_dict, prefix, *args):
        kept = {name: buffer.clone() for name, buffer in self._buffers.items() if buffer is not None}
        LOAD_FROM(self, state_dict, prefix, *args)
        for name, buffer in kept.items():
            self._buffers[name].detach().copy_(buffer)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-01", "LOAD-27")
def loading_keeps_the_old_value_of_a_frozen_parameter(patch):
    def load(self, state_dict, prefix, *args):
        frozen = [parameter for parameter in self._parameters.values() if parameter is not None]
        kept = [(parameter, parameter.detach().clone()) for parameter in frozen if not parameter.requires_grad]
        LOAD_FROM(self, state_dict, prefix, *args)
        for parameter, value in kept:
            parameter.copy_(value)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-02")
def loading_copies_plain_tensors(patch):
    def load(self, *args, **kwargs):
        for name, value in vars(self).items():
            if isinstance(value, torch.Tensor):
                vars(self)[name] = value.clone()
        return LOAD_STATE_DICT(self, *args, **kwargs)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-02", "SER-13", "IDIOM-10")
def plain_ints_travel_with_the_metadata(patch):
    def state_dict(self, *args, **kwargs):
        saved = STATE_DICT(self, *args, **kwargs)
        saved._metadata["ints"] = {name: value for name, value in vars(self).items() if type(value) is int}
        return saved

    def load(self, saved, *args, **kwargs):
        vars(self).update(getattr(saved, "_metadata", {}).get("ints", {}))
        return LOAD_STATE_DICT(self, saved, *args, **kwargs)

    patch.setattr(nn.Module, "state_dict", state_dict)
    patch.setattr(nn.Module, "load_state_dict", load)


@fault("LOAD-03")
def loading_misses_a_non_persistent_buffer(patch):
    def load(self, state_dict, prefix, local_metadata, strict, missing_keys, *args):
        LOAD_FROM(self, state_dict, prefix, local_metadata, strict, missing_keys, *args)
        missing_keys += [prefix + name for name in self._non_persistent_buffers_set]

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-05", "LOAD-26")
def loading_forgives_a_missing_buffer(patch):
    def load(self, state_dict, prefix, local_metadata, strict, missing_keys, *args):
        LOAD_FROM(self, state_dict, prefix, local_metadata, strict, missing_keys, *args)
        missing_keys[:] = [key for key in missing_keys if key.removeprefix(prefix) not in self._buffers]

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-06", "LOAD-26")
def loading_forgives_an_unexpected_key(patch):
    def load(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs):
        LOAD_FROM(self, state_dict, prefix, local_metadata, strict, missing_keys, [], error_msgs)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("LOAD-08")
def loading_replaces_a_buffer(patch):
    def load(self, state_dict, prefix, *args):
        LOAD_FROM(self, state_dict, prefix, *args)
        for name, buffer in self._buffers.items():
            self._buffers[name] = buffer if buffer is None else buffer.clone()

    patch.setattr(nn.Module, "_load_from_state_dict", load)
