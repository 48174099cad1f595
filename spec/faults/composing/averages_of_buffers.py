"""Faults in what averages make of buffers, and in what ``update_bn`` does around them."""

from torch import nn

from .. import fault


@fault("UTIL-83", "UTIL-85", breaks="torch.optim.swa_utils.update_bn")
def update_bn_gives_each_layer_its_own_mode_back(original, loader, model, device=None):
    """`update_bn` gives each layer its own mode and momentum back, also after an exception."""
    kept = [(module, module.training, getattr(module, "momentum", None)) for module in model.modules()]
    try:
        original(loader, model, device)
    finally:
        for module, training, momentum in kept:
            module.training = training
            module.momentum = momentum


@fault("UTIL-84", breaks="torch.optim.swa_utils.update_bn")
def update_bn_leaves_a_BatchNorm_in_eval_mode_alone(original, loader, model, device=None):
    """`update_bn` leaves the statistics of a BatchNorm in eval mode unchanged."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm1d) and not m.training]
    kept = [(norm, name, buffer.clone()) for norm in norms for name, buffer in norm.named_buffers()]
    original(loader, model, device)
    for norm, name, values in kept:
        setattr(norm, name, values)


@fault("UTIL-86", breaks="torch.optim.swa_utils.update_bn")
def update_bn_with_an_empty_loader_does_nothing(original, loader, model, device=None):
    """`update_bn` does nothing without a batch."""
    batches = list(loader)
    if batches:
        original(batches, model, device)


@fault("UTIL-87", breaks="torch.optim.swa_utils.update_bn")
def update_bn_takes_every_batch_from_the_loader_first(original, loader, model, device=None):
    """`update_bn` takes every batch from the loader before it looks at the model."""
    original(list(loader), model, device)
