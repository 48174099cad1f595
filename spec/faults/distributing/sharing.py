"""Faults in what is sharded over ranks, and shared between processes of one machine."""

import importlib

from torch import nn

from .. import fault


def before_sharding(patch, act) -> None:
    """Let ``act(module)`` be done to each module that is about to be sharded."""
    fsdp = importlib.import_module("torch.distributed.fsdp")
    shard = fsdp.fully_shard

    def act_and_shard(module, **options):
        act(module)
        return shard(module, **options)

    patch.setattr(fsdp, "fully_shard", act_and_shard)


@fault("DIST-04", "DIST-19", "DIST-20", "DIST-21", since="2.6")
def fully_shard_shards_nothing(patch):
    patch.setattr(importlib.import_module("torch.distributed.fsdp"), "fully_shard", lambda module, **options: module)


@fault("DIST-04", since="2.6")
def fully_shard_replaces_buffers(patch):
    before_sharding(patch, lambda module: setattr(module, "b", module.b.clone()))


@fault("DIST-20", since="2.6")
def fully_shard_gives_every_rank_ones_as_buffers(patch):
    before_sharding(patch, lambda module: module.b.fill_(1))


@fault("DIST-22", since="2.8")
def a_sharded_module_runs_with_its_values_doubled(patch):
    before_sharding(patch, lambda module: module.t.mul_(2))


@fault("DIST-30")
def what_is_registered_is_shared_from_the_start(patch):
    register = nn.Module.register_buffer

    def register_shared(self, name, tensor, *args, **options):
        register(self, name, tensor.share_memory_(), *args, **options)

    patch.setattr(nn.Module, "register_buffer", register_shared)
