"""Faults in the parameters and buffers of norms."""

import torch
from torch import nn
from torch.nn import functional

from .. import fault

LAYER, GROUP = "torch.nn.LayerNorm.__init__", "torch.nn.GroupNorm.__init__"
NORM, INSTANCE = "torch.nn.modules.batchnorm._NormBase.__init__", "torch.nn.InstanceNorm1d.forward"


@fault("IDIOM-67", breaks=(NORM, GROUP))
def a_norm_without_bias_has_one_of_zeros(original, self, *args, bias=True, **options):
    """Norms ignore `bias=False`."""
    original(self, *args, **options)


@fault("IDIOM-68", breaks=LAYER)
def a_LayerNorm_without_bias_keeps_zeros_in_a_buffer(original, self, *args, bias=True, **options):
    """`nn.LayerNorm(bias=False)` has a buffer of zeros as its `bias`."""
    original(self, *args, **options)
    if not bias:
        del self.bias
        self.register_buffer("bias", torch.zeros_like(self.weight))


@fault("IDIOM-69", breaks="torch.nn.LayerNorm.reset_parameters")
def a_LayerNorm_begins_with_zeros(original, self):
    """The `weight` of `nn.LayerNorm` begins as zeros."""
    original(self)
    for parameter in self.parameters():
        nn.init.zeros_(parameter)


@fault("IDIOM-70", breaks=GROUP)
def a_GroupNorm_has_a_scale_for_each_group(original, self, num_groups, num_channels, *args, **options):
    """The parameters of `nn.GroupNorm` have a number for each group, not for each channel."""
    original(self, num_groups, num_channels, *args, **options)
    if self.affine:
        self.weight, self.bias = nn.Parameter(torch.ones(num_groups)), nn.Parameter(torch.zeros(num_groups))


@fault("IDIOM-71", breaks=INSTANCE)
def an_InstanceNorm_normalizes_in_training_mode_only(original, self, x):
    """In eval mode, `nn.InstanceNorm1d` returns its input."""
    return original(self, x) if self.training else x


@fault("IDIOM-72", breaks=INSTANCE)
def an_InstanceNorm_counts_its_batches(original, self, x):
    """`num_batches_tracked` of `nn.InstanceNorm1d` counts."""
    if self.training and self.num_batches_tracked is not None:
        self.num_batches_tracked += 1
    return original(self, x)


@fault("IDIOM-72", breaks="torch.nn.functional.instance_norm")
def an_InstanceNorm_never_updates_its_statistics(original, x, running_mean=None, running_var=None, *args, **options):
    mean, var = (each if each is None else each.clone() for each in (running_mean, running_var))
    return original(x, mean, var, *args, **options)


@fault("IDIOM-73", breaks=INSTANCE)
def an_InstanceNorm_without_momentum_takes_the_last_batch(original, self, x):
    """`nn.InstanceNorm1d(momentum=None)` keeps the statistics of the last batch."""
    if self.momentum is None and self.running_mean is not None:
        return functional.instance_norm(x, self.running_mean, self.running_var, momentum=1.0)
    return original(self, x)


@fault("IDIOM-74", breaks="torch.nn.SyncBatchNorm.__init__")
def a_SyncBatchNorm_begins_with_any_numbers(original, self, *args, **options):
    """The `weight` of `nn.SyncBatchNorm` is drawn from a uniform distribution."""
    original(self, *args, **options)
    nn.init.uniform_(self.weight)


@fault("IDIOM-75", breaks="torch.nn.functional.batch_norm")
def a_BatchNorm_averages_standard_deviations(original, x, running_mean, running_var, *args, **options):
    """`running_var` of a BatchNorm is a moving average of the standard deviation."""
    output = original(x, running_mean, running_var, *args, **options)
    running_var.sqrt_()
    return output


@fault("META-72", breaks="torch.nn.LazyLinear.__init__")
def a_lazy_layer_has_a_bias_in_any_case(original, self, out_features, bias=True, *args, **options):
    """`nn.LazyLinear` ignores `bias=False`."""
    original(self, out_features, True, *args, **options)


@fault("IDIOM-81", breaks="torch.nn.SyncBatchNorm.forward")
def a_SyncBatchNorm_is_always_in_training_mode(original, self, x):
    """An `nn.SyncBatchNorm` computes with the statistics of the batch, and updates its own, in eval mode too."""
    training, self.training = self.training, True
    try:
        return original(self, x)
    finally:
        self.training = training


@fault("IDIOM-82", breaks="torch.nn.modules.batchnorm._BatchNorm.__init__")
def a_BatchNorm_ignores_its_dtype(original, self, *args, dtype=None, **options):
    original(self, *args, **options)
