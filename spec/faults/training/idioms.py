"""Faults in what the usual modules do with their state."""

from torch import nn
from torch.nn import functional

from .. import fault

BATCH_NORM = functional.batch_norm


@fault("IDIOM-01")
def eval_freezes_the_parameters(patch):
    train = nn.Module.train

    def freeze(self, mode=True):
        return train(self, mode).requires_grad_(mode)

    patch.setattr(nn.Module, "train", freeze)


@fault("IDIOM-02")
def BatchNorm_counts_in_floating_point(patch):
    init = nn.BatchNorm1d.__init__

    def count_in_float(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.num_batches_tracked = self.num_batches_tracked.float()

    patch.setattr(nn.BatchNorm1d, "__init__", count_in_float)


@fault("IDIOM-03")
def BatchNorm_updates_its_statistics_in_eval_mode(patch):
    def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
        return BATCH_NORM(x, mean, var, weight, bias, True, momentum, eps)

    patch.setattr(functional, "batch_norm", batch_norm)


@fault("IDIOM-06")
def BatchNorm_ignores_its_statistics_in_eval_mode(patch):
    def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
        if training:
            return BATCH_NORM(x, mean, var, weight, bias, True, momentum, eps)
        return BATCH_NORM(x, None, None, weight, bias, True, momentum, eps)

    patch.setattr(functional, "batch_norm", batch_norm)
