"""Faults in what DataParallel and DistributedDataParallel make of state."""

from torch import nn
from torch.nn.parallel import DistributedDataParallel

from .. import fault

SYNC_BUFFERS = "torch.nn.parallel.DistributedDataParallel._sync_buffers"


@fault("DIST-01", "DIST-26", breaks=("torch.nn.Module.state_dict", "torch.nn.DataParallel.state_dict"))
def a_wrapper_saves_without_a_prefix(original, self, *args, **options):
    """The state dict of `nn.DataParallel` and `DistributedDataParallel` has the names of the wrapped module."""
    saved = original(self, *args, **options)
    if isinstance(self, (nn.DataParallel, DistributedDataParallel)):
        for name in list(saved):
            saved[name.replace("module.", "")] = saved.pop(name)
    return saved


@fault("DIST-05", breaks="torch.nn.Module._replicate_for_data_parallel")
def a_replica_keeps_its_parameters(original, self):
    replica = original(self)
    replica._parameters.update(self._parameters)
    return replica


@fault("DIST-23", breaks="torch.nn.Module._replicate_for_data_parallel")
def a_replica_shares_the_registries_of_its_module(original, self):
    """A buffer or submodule registered on a replica of `nn.DataParallel` is registered on its module too."""
    replica = original(self)
    replica._buffers, replica._modules = self._buffers, self._modules
    return replica


@fault("DIST-05", "DIST-23", breaks="torch.nn.Module._replicate_for_data_parallel")
def a_replica_has_no_buffers(original, self):
    replica = original(self)
    replica._buffers.clear()
    return replica


@fault("DIST-24", breaks="torch.nn.Module._replicate_for_data_parallel")
def a_replica_has_no_plain_attributes(original, self):
    replica = original(self)
    vars(replica).pop("x", None)
    return replica


@fault("DIST-06", "DIST-14", breaks="torch.nn.parallel.distributed._sync_module_states")
def DDP_broadcasts_nothing_when_it_is_built(original, *args, **options):
    pass


@fault("DIST-15", breaks="torch.nn.parallel.distributed._sync_module_states")
def DDP_of_an_older_torch_broadcasts_nothing_when_it_is_built(original, *args, **options):
    """Before torch 2.1, DDP broadcast nothing when it was built."""


@fault("DIST-16", "DIST-17", breaks="torch.nn.parallel.distributed._sync_module_states")
def DDP_leaves_buffers_to_every_rank_when_it_is_built(original, **options):
    """DDP copies no buffers to the other ranks when it is built."""
    return original(**{**options, "broadcast_buffers": False})


@fault("DIST-18", breaks="torch.nn.parallel.DistributedDataParallel.__init__")
def DDP_broadcasts_when_it_is_built_without_init_sync(original, self, module, *args, **options):
    """`DistributedDataParallel(init_sync=False)` copies rank 0's state to every rank when it is built."""
    original(self, module, *args, **{**options, "init_sync": True})


@fault("DIST-03", breaks="torch.nn.parallel.distributed.warnings.warn")
def DDP_deprecates_nothing(original, *args, **options):
    """DDP gives no `FutureWarning`."""


@fault("DIST-02", "DIST-07", "DIST-08", "DIST-09", "DIST-10", breaks=SYNC_BUFFERS)
def DDP_leaves_buffers_to_every_rank_when_it_runs(original, self):
    """DDP copies no buffers to the other ranks before a forward."""


@fault("DIST-11", "DIST-12", breaks="torch.nn.parallel.DistributedDataParallel.__init__")
def DDP_leaves_gradients_to_every_rank(original, self, module, *args, **options):
    """DDP averages no gradients."""
    original(self, module, *args, **options)
    self.require_backward_grad_sync = False


@fault("DIST-13", breaks="torch.nn.parallel.DistributedDataParallel.__init__")
def DDP_thaws_a_frozen_module(original, self, module, *args, **options):
    """DDP makes the parameters of a frozen module trainable."""
    original(self, module.requires_grad_(True), *args, **options)
