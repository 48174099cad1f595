"""Faults in what DataParallel and DistributedDataParallel make of state."""

from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.parallel import distributed as ddp

from .. import fault

REPLICATE = nn.Module._replicate_for_data_parallel
INIT = DistributedDataParallel.__init__
STATE_DICT = nn.Module.state_dict


def after_replication(patch, change) -> None:
    """Let ``change(replica, module)`` happen to every replica."""

    def replicate(self):
        replica = REPLICATE(self)
        change(replica, self)
        return replica

    patch.setattr(nn.Module, "_replicate_for_data_parallel", replicate)


@fault("DIST-01", "DIST-26")
def a_wrapper_saves_without_a_prefix(patch):
    def state_dict(self, *args, **options):
        saved = STATE_DICT(self, *args, **options)
        if isinstance(self, (nn.DataParallel, DistributedDataParallel)):
            for name in list(saved):
                saved[name.replace("module.", "")] = saved.pop(name)
        return saved

    patch.setattr(nn.Module, "state_dict", state_dict)
    patch.setattr(nn.DataParallel, "state_dict", state_dict, raising=False)


@fault("DIST-27")
def consume_prefix_in_state_dict_leaves_the_prefix(patch):
    patch.setattr(nn.modules.utils, "consume_prefix_in_state_dict_if_present", lambda state_dict, prefix: None)


@fault("DIST-05")
def a_replica_keeps_its_parameters(patch):
    after_replication(patch, lambda replica, module: replica._parameters.update(module._parameters))


@fault("DIST-23")
def a_replica_shares_the_registries_of_its_module(patch):
    def share(replica, module):
        replica._buffers, replica._modules = module._buffers, module._modules

    after_replication(patch, share)


@fault("DIST-05", "DIST-23")
def a_replica_has_no_buffers(patch):
    after_replication(patch, lambda replica, module: replica._buffers.clear())


@fault("DIST-24")
def a_replica_has_no_plain_attributes(patch):
    after_replication(patch, lambda replica, module: vars(replica).pop("x", None))


@fault("DIST-25")
def zero_grad_of_a_replica_says_nothing(patch):
    after_replication(patch, lambda replica, module: setattr(replica, "_is_replica", False))


@fault("DIST-06", "DIST-14")
def DDP_broadcasts_nothing_when_it_is_built(patch):
    name = "_sync_module_states"
    patch.setattr(ddp, name, lambda *args, **options: None)


@fault("DIST-15", until="2.1")
def DDP_of_an_older_torch_broadcasts_nothing_when_it_is_built(patch):
    patch.setattr(ddp, "_sync_module_states", lambda *args, **options: None)


@fault("DIST-16", "DIST-17", since="2.13")
def DDP_leaves_buffers_to_every_rank_when_it_is_built(patch):
    sync = ddp._sync_module_states
    patch.setattr(ddp, "_sync_module_states", lambda **options: sync(**{**options, "broadcast_buffers": False}))


@fault("DIST-18", since="2.7")
def DDP_broadcasts_when_it_is_built_without_init_sync(patch):
    def init(self, module, *args, **options):
        INIT(self, module, *args, **{**options, "init_sync": True})

    patch.setattr(DistributedDataParallel, "__init__", init)


@fault("DIST-03", since="2.13")
def DDP_deprecates_nothing(patch):
    patch.setattr(ddp.warnings, "warn", lambda *args, **options: None)


@fault("DIST-02", "DIST-07", "DIST-08", "DIST-09", "DIST-10")
def DDP_leaves_buffers_to_every_rank_when_it_runs(patch):
    patch.setattr(DistributedDataParallel, "_sync_buffers", lambda self: None)


@fault("DIST-11", "DIST-12")
def DDP_leaves_gradients_to_every_rank(patch):
    def init(self, module, *args, **options):
        INIT(self, module, *args, **options)
        self.require_backward_grad_sync = False

    patch.setattr(DistributedDataParallel, "__init__", init)


@fault("DIST-13")
def DDP_thaws_a_frozen_module(patch):
    def init(self, module, *args, **options):
        INIT(self, module.requires_grad_(True), *args, **options)

    patch.setattr(DistributedDataParallel, "__init__", init)
