"""Faults in which parameters a module under ``fully_shard`` has registered."""

import importlib

import torch
from torch import nn

from .. import fault

SHARD = "torch.distributed.fsdp.fully_shard"
MODULE = "torch.distributed.fsdp.FSDPModule."
GROUP = "torch.distributed.fsdp._fully_shard._fsdp_param_group.FSDPParamGroup."


@fault("DIST-90", breaks=SHARD)
def fully_shard_splits_the_last_dimension(original, module, **options):
    Shard = importlib.import_module("torch.distributed.tensor").Shard
    return original(module, **options, shard_placement_fn=lambda parameter: Shard(parameter.dim() - 1))


@fault("DIST-91", breaks=(MODULE + "unshard", MODULE + "reshard"))
def unshard_goes_through_the_children(original, self):
    """`unshard()` and `reshard()` go through all sharded submodules."""
    for module in self.modules():
        if isinstance(module, torch.distributed.fsdp.FSDPModule):
            original(module)


@fault("DIST-92", breaks=MODULE + "reshard")
def reshard_registers_new_parameters(original, self):
    original(self)
    for name, parameter in self._parameters.items():
        self._parameters[name] = nn.Parameter(parameter.detach())


@fault("DIST-92", "DIST-97", "DIST-102", breaks=MODULE + "reshard")
def reshard_does_nothing(original, self):
    """`reshard()` leaves whole parameters registered."""


@fault("DIST-93", "DIST-96", breaks=GROUP + "wait_for_unshard")
def a_whole_parameter_has_the_values_of_one_rank(original, self):
    """A parameter that is unsharded is filled with the number of its rank."""
    original(self)
    for each in self.fsdp_params:
        each.unsharded_param.data.fill_(torch.distributed.get_rank() + 1)


@fault("DIST-94", breaks=SHARD)
def a_forward_reshards_the_root_too(original, module, reshard_after_forward=True, **options):
    """By default, a forward leaves sharded parameters on the root module."""
    return original(module, reshard_after_forward=reshard_after_forward, **options)


@fault("DIST-95", breaks=SHARD)
def fully_shard_ignores_what_a_forward_is_to_leave(original, module, reshard_after_forward=None, **options):
    """`fully_shard` ignores `reshard_after_forward`."""
    return original(module, **options)


@fault("DIST-98", breaks=GROUP + "_register_state_dict_hooks")
def a_state_dict_holds_what_is_registered(original, self):
    """`state_dict()` doesn't reshard a module."""


@fault("DIST-99", breaks=SHARD)
def fully_shard_ignores_no_parameter(original, module, ignored_params=None, **options):
    """`fully_shard` shards the parameters in `ignored_params` too."""
    return original(module, **options)


@fault("DIST-100", breaks=MODULE + "set_requires_gradient_sync")
def gradients_are_always_synchronized(original, self, requires_gradient_sync, **options):
    """`set_requires_gradient_sync(False)` has no effect."""


@fault("DIST-101", breaks=MODULE + "set_requires_gradient_sync")
def gradient_sync_is_always_set_for_all_submodules(original, self, requires_gradient_sync, recurse=True):
    """`set_requires_gradient_sync` ignores `recurse=False`."""
    original(self, requires_gradient_sync)


@fault("DIST-102", breaks=MODULE + "set_reshard_after_backward")
def a_backward_always_reshards(original, self, reshard_after_backward, **options):
    """`set_reshard_after_backward(False)` has no effect."""


@fault("DIST-103", "DIST-104", breaks=MODULE + "reset_iter_state")
def reset_iter_state_doubles_the_gradients(original, self):
    """`reset_iter_state()` leaves a wrong gradient behind, to which the next `backward()` adds."""
    original(self)
    for group in self._get_fsdp_state()._fsdp_param_groups:
        group.unshard()
        group.wait_for_unshard()
        for each in group.fsdp_params:
            each.unsharded_param.grad = torch.full_like(each.unsharded_param, 5.0)
        group.reshard()
