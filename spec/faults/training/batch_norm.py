"""Faults in what BatchNorm and its relatives do with their state."""

import copy

import torch
from torch import nn
from torch.nn import functional

from .. import fault


@fault("IDIOM-02", "IDIOM-31", breaks="torch.nn.BatchNorm1d.__init__")
def BatchNorm_counts_in_floating_point(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    self.num_batches_tracked = self.num_batches_tracked.float()


@fault("IDIOM-03", breaks="torch.nn.functional.batch_norm")
def BatchNorm_updates_its_statistics_in_eval_mode(original, x, mean, var, weight, bias, training, *args):
    return original(x, mean, var, weight, bias, True, *args)


@fault("IDIOM-06", "IDIOM-29", breaks="torch.nn.functional.batch_norm")
def BatchNorm_ignores_its_statistics_in_eval_mode(original, x, mean, var, weight, bias, training, *args):
    mean, var = (mean, var) if training else (None, None)
    return original(x, mean, var, weight, bias, True, *args)


@fault("IDIOM-04", breaks="torch.nn.BatchNorm1d.forward")
def a_frozen_BatchNorm_stops_its_statistics(original, self, x):
    """A frozen BatchNorm doesn't update its running statistics."""
    if self.weight is not None and not self.weight.requires_grad:
        return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias)
    return original(self, x)


@fault("IDIOM-05", breaks="torch.nn.modules.batchnorm._NormBase.__init__")
def a_norm_without_statistics_counts_its_batches(original, self, *args, **kwargs):
    """A BatchNorm with `track_running_stats=False` has the buffer `num_batches_tracked`."""
    original(self, *args, **kwargs)
    self.num_batches_tracked = torch.tensor(0)


@fault("IDIOM-05", breaks="torch.nn.modules.batchnorm._NormBase.register_parameter")
def a_norm_without_scale_has_no_such_attribute(original, self, name, param):
    """A BatchNorm with `affine=False` has no attributes `weight` and `bias`."""
    if param is not None:
        original(self, name, param)


@fault("IDIOM-24", breaks="torch.nn.InstanceNorm1d.__init__")
def InstanceNorm_has_a_scale_by_default(original, self, *args, affine=True, **kwargs):
    """An InstanceNorm has `weight` and `bias` by default."""
    original(self, *args, affine=affine, **kwargs)


@fault("IDIOM-25", breaks="torch.nn.functional.batch_norm")
def BatchNorm_keeps_the_biased_variance(original, x, mean, var, weight, bias, training, momentum, eps):
    """BatchNorm averages the biased variance of the batch."""
    if training and var is not None:
        var.add_((x.detach().var(0, unbiased=False) - x.detach().var(0)) * momentum)
    return original(x, mean, var, weight, bias, training, momentum, eps)


@fault("IDIOM-26", breaks="torch.nn.BatchNorm1d.__init__")
def BatchNorm_without_momentum_takes_the_usual_one(original, self, *args, **kwargs):
    """A BatchNorm with `momentum=None` has a momentum of 0.1."""
    original(self, *args, **kwargs)
    self.momentum = 0.1 if self.momentum is None else self.momentum


@fault("IDIOM-27", breaks="torch.nn.BatchNorm1d.forward")
def BatchNorm_replaces_its_statistics(original, self, x):
    """A forward of a BatchNorm rebinds its buffers."""
    for name, buffer in self._buffers.items():
        self._buffers[name] = None if buffer is None else buffer.clone()
    return original(self, x)


@fault("IDIOM-28", breaks="torch.nn.BatchNorm1d.forward")
def the_statistics_of_BatchNorm_keep_the_history_of_the_input(original, self, x):
    """The running mean of a BatchNorm gets a `grad_fn` from the input."""
    out = original(self, x)
    if self.running_mean is not None:
        self.running_mean = self.running_mean + 0 * x.mean(0)
    return out


@fault("IDIOM-30", breaks="torch.nn.modules.batchnorm._NormBase.reset_running_stats")
def resetting_statistics_replaces_them(original, self):
    """`reset_running_stats()` rebinds the buffers."""
    for name, buffer in self._buffers.items():
        self._buffers[name] = None if buffer is None else buffer.clone()
    original(self)


@fault("IDIOM-30", breaks="torch.nn.modules.batchnorm._NormBase.reset_running_stats")
def resetting_statistics_resets_the_scale(original, self):
    """`reset_running_stats()` resets `weight` too."""
    original(self)
    if self.weight is not None:
        nn.init.ones_(self.weight)


@fault("IDIOM-33", breaks="torch.nn.modules.batchnorm._NormBase._load_from_state_dict")
def an_old_checkpoint_resets_the_counter_of_BatchNorm(original, self, *args):
    """A checkpoint without `num_batches_tracked` sets the counter of a BatchNorm to 0."""
    self.num_batches_tracked.zero_()
    original(self, *args)


@fault("IDIOM-34", breaks="torch.nn.modules.batchnorm._NormBase._load_from_state_dict")
def an_old_checkpoint_leaves_the_counter_of_BatchNorm(original, self, state_dict, prefix, *args):
    """Before torch 2.2, a checkpoint without `num_batches_tracked` left the counter of a BatchNorm as it was."""
    state_dict.setdefault(prefix + "num_batches_tracked", self.num_batches_tracked)
    original(self, state_dict, prefix, *args)


@fault("IDIOM-35", "IDIOM-36", breaks="torch.nn.SyncBatchNorm.convert_sync_batchnorm")
def converting_to_SyncBatchNorm_copies_the_state(original, cls, module, process_group=None):
    return original(cls, copy.deepcopy(module), process_group)


@fault("IDIOM-54", breaks="torch.nn.SyncBatchNorm.convert_sync_batchnorm")
def converting_to_SyncBatchNorm_forgets_the_mode(original, cls, module, process_group=None):
    return original(cls, module, process_group).train()


@fault("IDIOM-83", breaks="torch.nn.SyncBatchNorm.convert_sync_batchnorm")
def converting_to_SyncBatchNorm_begins_to_track(original, cls, module, process_group=None):
    """A SyncBatchNorm made from a BatchNorm updates its running statistics even if the BatchNorm did not."""
    converted = original(cls, module, process_group)
    converted.track_running_stats = True
    return converted


@fault("IDIOM-83", breaks="torch.nn.SyncBatchNorm.convert_sync_batchnorm")
def converting_to_SyncBatchNorm_ends_the_tracking(original, cls, module, process_group=None):
    """A SyncBatchNorm made from a BatchNorm does not update its running statistics."""
    converted = original(cls, module, process_group)
    converted.track_running_stats = False
    return converted
