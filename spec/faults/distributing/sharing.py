"""Faults in what is sharded over ranks, and shared between processes of one machine."""

import torch

from .. import fault


@fault("DIST-04", "DIST-19", "DIST-20", "DIST-21", "DIST-46", breaks="torch.distributed.fsdp.fully_shard")
def fully_shard_shards_nothing(original, module, **options):
    """`fully_shard` (FSDP2) does nothing."""
    return module


@fault("DIST-04", breaks="torch.distributed.fsdp.fully_shard")
def fully_shard_replaces_buffers(original, module, **options):
    """`fully_shard` (FSDP2) rebinds buffers."""
    module.b = module.b.clone()
    return original(module, **options)


@fault("DIST-20", breaks="torch.distributed.fsdp.fully_shard")
def fully_shard_gives_every_rank_ones_as_buffers(original, module, **options):
    """`fully_shard` (FSDP2) fills the buffers of every rank with ones."""
    module.b.fill_(1)
    return original(module, **options)


@fault("DIST-22", breaks="torch.distributed.fsdp.fully_shard")
def a_sharded_module_runs_with_its_values_doubled(original, module, **options):
    """A module under `fully_shard` (FSDP2) computes with a plain tensor twice as large."""
    module.t.mul_(2)
    return original(module, **options)


@fault("DIST-30", breaks="torch.nn.Module.register_buffer")
def what_is_registered_is_shared_from_the_start(original, self, name, tensor, *args, **options):
    """Buffers are in shared memory as soon as they are registered."""
    original(self, name, tensor.share_memory_(), *args, **options)


@fault("DIST-28", breaks="torch.nn.Module.share_memory")
def share_memory_shares_nothing(original, self):
    """`share_memory()` returns the module and shares nothing."""
    return self


@fault("DIST-29", breaks="torch.nn.Module.share_memory")
def share_memory_reaches_plain_tensors(original, self):
    """`share_memory()` shares plain tensors too."""
    for value in vars(self).values():
        if isinstance(value, torch.Tensor):
            value.share_memory_()
    return original(self)
