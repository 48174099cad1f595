"""Faults in copies of the state of several modules, batches on a device, moving averages and swaps."""

import torch

from .. import fault

SWA = "torch.optim.swa_utils."


@fault("UTIL-123", breaks="torch.func.stack_module_state")
def stacked_state_gives_gradients_to_the_models(original, models):
    """The graph of stacked parameters leads to those of the models."""
    parameters, buffers = original(models)
    for name in parameters:
        parameters[name] = torch.stack([dict(model.named_parameters())[name] for model in models])
        parameters[name].retain_grad()
    return parameters, buffers


@fault("UTIL-124", breaks=SWA + "update_bn")
def update_bn_leaves_each_batch_where_it_is(original, loader, model, device=None):
    """`update_bn` ignores `device=`."""
    original(loader, model)


@fault("UTIL-125", breaks=(SWA + "get_ema_multi_avg_fn", SWA + "get_ema_avg_fn"))
def an_exponential_average_decays_by_a_tenth(original, decay=0.9):
    """The default decay of an exponential average is 0.9."""
    return original(decay)


@fault("UTIL-126", breaks="torch.utils.swap_tensors")
def tensors_with_different_slots_are_left(original, first, second):
    """`torch.utils.swap_tensors` does nothing where slots differ."""
    if getattr(type(first), "__slots__", ()) == getattr(type(second), "__slots__", ()):
        original(first, second)
