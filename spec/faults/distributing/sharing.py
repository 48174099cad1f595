"""Faults in what is sharded over ranks, and shared between processes of one machine."""

import importlib

import torch
from torch import nn

from .. import fault

SHARE = nn.Module.share_memory


def replaced(patch, make) -> None:
    """Let ``fully_shard`` be what ``make`` makes of it."""
    fsdp = importlib.import_module("torch.distributed.fsdp")
    patch.setattr(fsdp, "fully_shard", make(fsdp.fully_shard))


@fault("DIST-04", "DIST-19", "DIST-20", "DIST-21", since="2.6")
def fully_shard_shards_nothing(patch):
    replaced(patch, lambda shard: lambda module, **options: module)


@fault("DIST-04", since="2.6")
def fully_shard_replaces_buffers(patch):
    def make(shard):
        def shard_and_replace(module, **options):
            module.b = module.b.clone()
            return shard(module, **options)

        return shard_and_replace

    replaced(patch, make)


@fault("DIST-20", since="2.6")
def fully_shard_gives_every_rank_ones_as_buffers(patch):
    def make(shard):
        def shard_and_fill(module, **options):
            module.b.fill_(1)
            return shard(module, **options)

        return shard_and_fill

    replaced(patch, make)


@fault("DIST-22", since="2.8")
def a_sharded_module_runs_with_its_values_doubled(patch):
    def make(shard):
        def shard_and_double(module, **options):
            module.t.mul_(2)
            return shard(module, **options)

        return shard_and_double

    replaced(patch, make)


@fault("DIST-28")
def share_memory_shares_parameters_alone(patch):
    def share(self):
        for parameter in self.parameters():
            parameter.share_memory_()
        return self

    patch.setattr(nn.Module, "share_memory", share)


@fault("DIST-29")
def share_memory_shares_plain_tensors_too(patch):
    def share(self):
        for value in vars(self).values():
            if isinstance(value, torch.Tensor):
                value.share_memory_()
        return SHARE(self)

    patch.setattr(nn.Module, "share_memory", share)


@fault("DIST-30")
def what_is_registered_is_shared_from_the_start(patch):
    register = nn.Module.register_buffer

    def register_shared(self, name, tensor, *args, **options):
        register(self, name, tensor.share_memory_(), *args, **options)

    patch.setattr(nn.Module, "register_buffer", register_shared)
