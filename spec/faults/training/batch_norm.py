"""Faults in what BatchNorm and its relatives do with their state."""

import copy

import torch
from torch import nn
from torch.nn import functional

from .. import fault

BATCH_NORM = functional.batch_norm
INIT = nn.BatchNorm1d.__init__
FORWARD = nn.BatchNorm1d.forward
NORM_BASE = nn.BatchNorm1d.__mro__[2]
LOAD_FROM = NORM_BASE._load_from_state_dict
CONVERT = nn.SyncBatchNorm.convert_sync_batchnorm


@fault("IDIOM-02", "IDIOM-31")
def BatchNorm_counts_in_floating_point(patch):
    def count_in_float(self, *args, **kwargs):
        INIT(self, *args, **kwargs)
        self.num_batches_tracked = self.num_batches_tracked.float()

    patch.setattr(nn.BatchNorm1d, "__init__", count_in_float)


@fault("IDIOM-03")
def BatchNorm_updates_its_statistics_in_eval_mode(patch):
    def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
        return BATCH_NORM(x, mean, var, weight, bias, True, momentum, eps)

    patch.setattr(functional, "batch_norm", batch_norm)


@fault("IDIOM-06", "IDIOM-29")
def BatchNorm_ignores_its_statistics_in_eval_mode(patch):
    def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
        if training:
            return BATCH_NORM(x, mean, var, weight, bias, True, momentum, eps)
        return BATCH_NORM(x, None, None, weight, bias, True, momentum, eps)

    patch.setattr(functional, "batch_norm", batch_norm)


@fault("IDIOM-04")
def a_frozen_BatchNorm_stops_its_statistics(patch):
    def forward(self, x):
        if self.weight is not None and not self.weight.requires_grad:
            return BATCH_NORM(x, self.running_mean, self.running_var, self.weight, self.bias)
        return FORWARD(self, x)

    patch.setattr(nn.BatchNorm1d, "forward", forward)


@fault("IDIOM-05")
def a_norm_without_statistics_counts_its_batches(patch):
    init = NORM_BASE.__init__

    def with_counter(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.num_batches_tracked = torch.tensor(0)

    patch.setattr(NORM_BASE, "__init__", with_counter)


@fault("IDIOM-05")
def a_norm_without_scale_has_no_such_attribute(patch):
    register_parameter = nn.Module.register_parameter

    def register(self, name, param):
        if param is not None:
            register_parameter(self, name, param)

    patch.setattr(NORM_BASE, "register_parameter", register, raising=False)


@fault("IDIOM-24")
def InstanceNorm_has_a_scale_by_default(patch):
    init = nn.InstanceNorm1d.__init__

    def with_scale(self, num_features, eps=1e-5, momentum=0.1, affine=True, *args, **kwargs):
        init(self, num_features, eps, momentum, affine, *args, **kwargs)

    patch.setattr(nn.InstanceNorm1d, "__init__", with_scale)


@fault("IDIOM-25")
def BatchNorm_keeps_the_biased_variance(patch):
    def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
        if training and var is not None:
            var.add_((x.detach().var(0, unbiased=False) - x.detach().var(0)) * momentum)
        return BATCH_NORM(x, mean, var, weight, bias, training, momentum, eps)

    patch.setattr(functional, "batch_norm", batch_norm)


@fault("IDIOM-26")
def BatchNorm_without_momentum_takes_the_usual_one(patch):
    def with_momentum(self, *args, **kwargs):
        INIT(self, *args, **kwargs)
        self.momentum = 0.1 if self.momentum is None else self.momentum

    patch.setattr(nn.BatchNorm1d, "__init__", with_momentum)


@fault("IDIOM-27")
def BatchNorm_replaces_its_statistics(patch):
    def forward(self, x):
        for name, buffer in self._buffers.items():
            self._buffers[name] = None if buffer is None else buffer.clone()
        return FORWARD(self, x)

    patch.setattr(nn.BatchNorm1d, "forward", forward)


@fault("IDIOM-28")
def the_statistics_of_BatchNorm_keep_the_history_of_the_input(patch):
    def forward(self, x):
        out = FORWARD(self, x)
        if self.running_mean is not None:
            self.running_mean = self.running_mean + 0 * x.mean(0)
        return out

    patch.setattr(nn.BatchNorm1d, "forward", forward)


@fault("IDIOM-30")
def resetting_statistics_replaces_them(patch):
    reset = NORM_BASE.reset_running_stats

    def reset_running_stats(self):
        for name, buffer in self._buffers.items():
            self._buffers[name] = None if buffer is None else buffer.clone()
        reset(self)

    patch.setattr(NORM_BASE, "reset_running_stats", reset_running_stats)


@fault("IDIOM-30")
def resetting_statistics_resets_the_scale(patch):
    reset = NORM_BASE.reset_running_stats

    def reset_running_stats(self):
        reset(self)
        if self.weight is not None:
            nn.init.ones_(self.weight)

    patch.setattr(NORM_BASE, "reset_running_stats", reset_running_stats)


@fault("IDIOM-32")
def BatchNorm_misses_the_counter_of_an_old_checkpoint(patch):
    patch.setattr(NORM_BASE, "_load_from_state_dict", nn.Module._load_from_state_dict)


@fault("IDIOM-33", since="2.2")
def an_old_checkpoint_resets_the_counter_of_BatchNorm(patch):
    def load(self, state_dict, prefix, *args):
        self.num_batches_tracked.zero_()
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(NORM_BASE, "_load_from_state_dict", load)


@fault("IDIOM-34", until="2.2")
def an_old_checkpoint_leaves_the_counter_of_BatchNorm(patch):
    def load(self, state_dict, prefix, *args):
        state_dict.setdefault(prefix + "num_batches_tracked", self.num_batches_tracked)
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(NORM_BASE, "_load_from_state_dict", load)


@fault("IDIOM-35", "IDIOM-36")
def converting_to_SyncBatchNorm_copies_the_state(patch):
    def convert(cls, module, process_group=None):
        return CONVERT(copy.deepcopy(module), process_group)

    patch.setattr(nn.SyncBatchNorm, "convert_sync_batchnorm", classmethod(convert))


@fault("IDIOM-54", since="2.2")
def converting_to_SyncBatchNorm_forgets_the_mode(patch):
    def convert(cls, module, process_group=None):
        return CONVERT(module, process_group).train()

    patch.setattr(nn.SyncBatchNorm, "convert_sync_batchnorm", classmethod(convert))
