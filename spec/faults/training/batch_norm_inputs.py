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
