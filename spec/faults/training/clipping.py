"""Faults in what clipping does to gradients."""

import torch

from .. import fault

NORM, WITH_NORM = "torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grads_with_norm_"


@fault("GRAD-55", breaks=NORM)
def clipping_never_raises(original, parameters, max_norm, **options):
    """`clip_grad_norm_` ignores `error_if_nonfinite=True`."""
    return original(parameters, max_norm, **{**options, "error_if_nonfinite": False})


@fault("GRAD-56", breaks=NORM)
def clipping_leaves_gradients_where_one_is_nan(original, parameters, max_norm, **options):
    """`clip_grad_norm_` changes no gradient if one of them is nan."""
    parameters = list(parameters)
    if any(parameter.grad.isnan().any() for parameter in parameters):
        return torch.tensor(float("nan"))
    return original(parameters, max_norm, **options)


@fault("GRAD-57", breaks=WITH_NORM)
def clipping_by_a_known_norm_rebinds_the_gradients(original, parameters, *args, **options):
    """`clip_grads_with_norm_` gives each parameter a new gradient."""
    for parameter in parameters:
        parameter.grad = parameter.grad.clone()
    return original(parameters, *args, **options)


@fault("GRAD-58", breaks=WITH_NORM)
def clipping_by_a_known_norm_amplifies(original, parameters, max_norm, total_norm, *args, **options):
    """`clip_grads_with_norm_` scales gradients up to `max_norm`."""
    for parameter in parameters:
        parameter.grad.mul_(max_norm / (total_norm + 1e-6))
