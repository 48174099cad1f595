"""Faults in which inputs a BatchNorm takes."""

from .. import fault


@fault(
    "IDIOM-56",
    breaks=tuple(f"torch.nn.{name}{n}d._check_input_dim" for name in ("BatchNorm", "LazyBatchNorm") for n in (1, 2, 3)),
)
def a_BatchNorm_takes_an_input_of_any_dimensions(original, self, input):
    return None


@fault("IDIOM-57", breaks="torch.nn.modules.batchnorm._LazyNormBase.initialize_parameters")
def a_lazy_BatchNorm_starts_from_zeros(original, self, input):
    original(self, input)
    for tensor in [*self.parameters(), *self.buffers()]:
        tensor.data.zero_()
    self.eps = 1.0


@fault("IDIOM-58", breaks="torch.nn.modules.batchnorm._BatchNorm.forward")
def a_BatchNorm_tracks_statistics_as_long_as_it_has_buffers(original, self, input):
    tracking, self.track_running_stats = self.track_running_stats, self.running_mean is not None
    try:
        return original(self, input)
    finally:
        self.track_running_stats = tracking


@fault("IDIOM-64", "IDIOM-65", breaks="torch.nn.modules.batchnorm._BatchNorm.forward")
def a_BatchNorm_with_one_statistic_normalizes_by_the_batch(original, self, input):
    """A BatchNorm with one statistic that is None normalizes by the batch, as with both None."""
    kept = self.running_mean, self.running_var
    if any(value is None for value in kept):
        self.running_mean = self.running_var = None
    try:
        return original(self, input)
    finally:
        self.running_mean, self.running_var = kept


@fault("IDIOM-66", breaks="torch.nn.modules.batchnorm._BatchNorm.forward")
def a_BatchNorm_without_its_counter_keeps_its_statistics(original, self, input):
    """A BatchNorm without its counter does not update its statistics."""
    before = None if self.running_mean is None else self.running_mean.clone()
    output = original(self, input)
    if self.num_batches_tracked is None and before is not None:
        self.running_mean.copy_(before)
    return output
