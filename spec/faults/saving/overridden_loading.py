"""Faults in what of its own loading a submodule can override."""

import types

import torch
from torch import nn

from .. import fault

LOAD_FROM_STATE_DICT = nn.Module._load_from_state_dict


@fault("LOAD-90", breaks="torch.nn.Module.load_state_dict")
def a_parent_calls_the_load_state_dict_of_each_child(original, self, state_dict, *args, **options):
    """`load_state_dict()` calls a `load_state_dict()` that a submodule overrides."""
    state_dict = dict(state_dict)
    for name, child in self.named_children():
        own = {key[len(name) + 1 :]: state_dict[key] for key in state_dict if key.startswith(f"{name}.")}
        if "load_state_dict" in vars(type(child)):
            child.load_state_dict(own)
            state_dict = {key: state_dict[key] for key in state_dict if not key.startswith(f"{name}.")}
            state_dict.update({f"{name}.{key}": value for key, value in child.state_dict().items()})
    return original(self, state_dict, *args, **options)


@fault("LOAD-91", breaks="torch.nn.Module.load_state_dict")
def a_load_passes_by_the_load_from_state_dict_of_a_subclass(original, self, *args, **options):
    """`load_state_dict()` passes by an overridden `_load_from_state_dict`."""
    for module in self.modules():
        module.__dict__["_load_from_state_dict"] = types.MethodType(LOAD_FROM_STATE_DICT, module)
    return original(self, *args, **options)


@fault("LOAD-92", breaks="torch.nn.Module.load_state_dict")
def a_load_drops_the_values_of_plain_tensors(original, self, *args, **options):
    """`load_state_dict()` sets every plain tensor to zero."""
    result = original(self, *args, **options)
    for value in vars(self).values():
        if isinstance(value, torch.Tensor):
            value.zero_()
    return result


@fault("OPT-70", breaks="torch.optim.SGD.step")
def a_step_changes_half_precision_only(original, self, closure=None):
    """`step()` changes parameters of half precision only."""
    for group in self.param_groups:
        for parameter in group["params"]:
            if parameter.dtype is torch.float32:
                parameter.grad = None
    return original(self, closure)


@fault("LOAD-97", breaks="torch.nn.utils.fusion.fuse_conv_bn_eval")
def a_fused_layer_is_the_two_that_it_was_made_of(original, conv, bn, *args, **options):
    """`fuse_conv_bn_eval` returns the convolution and the BatchNorm in a row."""
    return torch.nn.Sequential(conv, bn)
