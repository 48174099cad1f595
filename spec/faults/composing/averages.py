"""Faults in averages of models."""

import torch
from torch import nn
from torch.optim import swa_utils
from torch.optim.swa_utils import AveragedModel

from .. import fault

INIT = AveragedModel.__init__
UPDATE = AveragedModel.update_parameters


@fault("UTIL-11", since="2.0")
def an_averaged_model_leaves_its_buffers_as_they_were(patch):
    def update(self, model):
        kept = [(buffer, buffer.clone()) for buffer in self.module.buffers()]
        UPDATE(self, model)
        for buffer, value in kept if not self.use_buffers else ():
            buffer.copy_(value)

    patch.setattr(AveragedModel, "update_parameters", update)


@fault("UTIL-12", "UTIL-15")
def an_averaged_model_never_averages_its_buffers(patch):
    def init(self, model, device=None, avg_fn=None, *args, use_buffers=False, **options):
        INIT(self, model, device, avg_fn, *args, **options)

    def update(self, model):
        UPDATE(self, model)
        for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
            mine.copy_(theirs)

    patch.setattr(AveragedModel, "__init__", init)
    patch.setattr(AveragedModel, "update_parameters", update)


@fault("UTIL-34")
def an_averaged_model_does_not_save_its_counter(patch):
    def init(self, *args, **options):
        INIT(self, *args, **options)
        self._non_persistent_buffers_set.add("n_averaged")

    patch.setattr(AveragedModel, "__init__", init)


@fault("UTIL-35", "UTIL-34")
def the_first_update_of_an_averaged_model_averages_with_what_it_copied_when_it_was_made(patch):
    def init(self, *args, **options):
        INIT(self, *args, **options)
        self.n_averaged += 1

    patch.setattr(AveragedModel, "__init__", init)


@fault("UTIL-13", "UTIL-01")
def parameters_lists_floating_buffers_too(patch):
    parameters = nn.Module.parameters

    def listed(self, recurse=True):
        yield from parameters(self, recurse)
        yield from (buffer for buffer in self.buffers(recurse) if buffer.is_floating_point())

    patch.setattr(nn.Module, "parameters", listed)


@fault("UTIL-36")
def update_bn_leaves_the_model_in_eval_mode(patch):
    update_bn = swa_utils.update_bn

    def update(loader, model, device=None):
        update_bn(loader, model, device)
        model.eval()

    patch.setattr(swa_utils, "update_bn", update)


@fault("UTIL-36")
def update_bn_leaves_the_layers_without_a_momentum(patch):
    update_bn = swa_utils.update_bn

    def update(loader, model, device=None):
        update_bn(loader, model, device)
        model.momentum = None

    patch.setattr(swa_utils, "update_bn", update)


@fault("UTIL-43", since="2.1")
def an_exponential_average_takes_the_decay_from_the_model(patch):
    for name in ("get_ema_avg_fn", "get_ema_multi_avg_fn"):
        make = getattr(swa_utils, name)
        patch.setattr(swa_utils, name, lambda decay=0.999, make=make: make(1 - decay))


@fault("UTIL-44", since="2.1")
def an_average_of_equal_weights_is_an_exponential_one(patch):
    patch.setattr(swa_utils, "get_swa_avg_fn", lambda: swa_utils.get_ema_avg_fn(0.5))
    patch.setattr(swa_utils, "get_swa_multi_avg_fn", lambda: swa_utils.get_ema_multi_avg_fn(0.5))


@fault("UTIL-14")
def an_integer_tensor_is_multiplied_by_a_float_in_place(patch):
    mul = torch.Tensor.mul_

    def truncate(self, other):
        return mul(self, other) if self.is_floating_point() else self.copy_(self * other)

    patch.setattr(torch.Tensor, "mul_", truncate)
