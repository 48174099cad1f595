"""Faults in averages of models."""

from torch.optim import swa_utils
from torch.optim.swa_utils import AveragedModel

from .. import fault


@fault("UTIL-11", "UTIL-77", breaks="torch.optim.swa_utils.AveragedModel.update_parameters")
def an_averaged_model_leaves_its_buffers_as_they_were(original, self, model):
    """`AveragedModel` without `use_buffers` leaves its buffers as they were."""
    kept = [(buffer, buffer.clone()) for buffer in self.module.buffers()]
    original(self, model)
    for buffer, value in kept if not self.use_buffers else ():
        buffer.copy_(value)


@fault("UTIL-12", "UTIL-15", "UTIL-76", "UTIL-78", "UTIL-79", "UTIL-80", "UTIL-81", "UTIL-82")
def an_averaged_model_never_averages_its_buffers(patch):
    """`AveragedModel(use_buffers=True)` copies buffers instead of averaging them."""
    build, average = AveragedModel.__init__, AveragedModel.update_parameters

    def init(self, model, device=None, avg_fn=None, *args, use_buffers=False, **options):
        build(self, model, device, avg_fn, *args, **options)

    def update(self, model):
        average(self, model)
        for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
            mine.copy_(theirs)

    patch.setattr(AveragedModel, "__init__", init)
    patch.setattr(AveragedModel, "update_parameters", update)


@fault("UTIL-34", breaks="torch.optim.swa_utils.AveragedModel.__init__")
def an_averaged_model_does_not_save_its_counter(original, self, *args, **options):
    """`n_averaged` of an `AveragedModel` isn't saved."""
    original(self, *args, **options)
    self._non_persistent_buffers_set.add("n_averaged")


@fault("UTIL-35", "UTIL-34", breaks="torch.optim.swa_utils.AveragedModel.__init__")
def the_first_update_of_an_averaged_model_averages_with_what_it_copied_when_it_was_made(
    original, self, *args, **options
):
    """The first update of an `AveragedModel` averages with the values that it copied when it was built."""
    original(self, *args, **options)
    self.n_averaged += 1


@fault("UTIL-13", "UTIL-01", breaks="torch.nn.Module.parameters")
def parameters_lists_floating_buffers_too(original, self, recurse=True):
    """`parameters()` lists floating-point buffers too."""
    yield from original(self, recurse)
    yield from (buffer for buffer in self.buffers(recurse) if buffer.is_floating_point())


@fault("UTIL-36", breaks="torch.optim.swa_utils.update_bn")
def update_bn_leaves_the_model_in_eval_mode(original, loader, model, device=None):
    """`update_bn()` leaves the model in eval mode."""
    original(loader, model, device)
    model.eval()


@fault("UTIL-36", breaks="torch.optim.swa_utils.update_bn")
def update_bn_leaves_the_layers_without_a_momentum(original, loader, model, device=None):
    """`update_bn()` leaves BatchNorm layers with `momentum=None`."""
    original(loader, model, device)
    for norm in [module for module in model.modules() if hasattr(module, "momentum")]:
        norm.momentum = None


@fault("UTIL-43", breaks=("torch.optim.swa_utils.get_ema_avg_fn", "torch.optim.swa_utils.get_ema_multi_avg_fn"))
def an_exponential_average_takes_the_decay_from_the_model(original, decay=0.999):
    """`get_ema_avg_fn(decay)` takes `decay` for the weight of the model's values."""
    return original(1 - decay)


@fault("UTIL-44", breaks=("torch.optim.swa_utils.get_swa_avg_fn", "torch.optim.swa_utils.get_swa_multi_avg_fn"))
def an_average_of_equal_weights_is_an_exponential_one(original):
    """`get_swa_avg_fn()` averages exponentially."""
    return getattr(swa_utils, original.__name__.replace("swa", "ema"))(0.5)


@fault("UTIL-14", breaks="torch.Tensor.mul_")
def an_integer_tensor_is_multiplied_by_a_float_in_place(original, self, other):
    """`mul_()` of an integer tensor by a float truncates and raises nothing."""
    return original(self, other) if self.is_floating_point() else self.copy_(self * other)
