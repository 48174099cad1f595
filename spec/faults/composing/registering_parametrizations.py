"""Faults in what registering a parametrization calls and does to modes and optimizers."""

import torch
from torch import nn

from .. import fault

REGISTER = "torch.nn.utils.parametrize.register_parametrization"
REMOVE = "torch.nn.utils.parametrize.remove_parametrizations"


@fault("UTIL-107", breaks=REGISTER)
def a_parametrization_keeps_its_own_mode(original, module, name, parametrization, **options):
    """A parametrization keeps its own training mode when it is registered."""
    mode = parametrization.training
    original(module, name, parametrization, **options)
    parametrization.train(mode)
    return module


@fault("UTIL-108", breaks=REGISTER)
def registering_a_parametrization_checks_nothing(original, module, name, parametrization, **options):
    return original(module, name, parametrization, unsafe=True)


@fault("UTIL-109", breaks=REGISTER)
def registering_an_unsafe_parametrization_checks_it(original, module, name, parametrization, **options):
    """`register_parametrization(unsafe=True)` checks as it does without."""
    return original(module, name, parametrization)


@fault("UTIL-110", "UTIL-02", "UTIL-129", breaks=REGISTER)
def the_original_of_a_parametrized_parameter_is_another(original, module, name, *args, **options):
    """The original of a parametrized parameter is a new parameter."""
    original(module, name, *args, **options)
    originals = module.parametrizations[name]
    if getattr(originals, "original", None) is not None:
        originals.original = nn.Parameter(originals.original.detach().clone())
    return module


@fault("UTIL-111", breaks=REGISTER)
def several_originals_hold_the_old_parameter(original, module, name, *args, **options):
    """The first of several originals is the parameter that was there."""
    weight = module._parameters.get(name)
    original(module, name, *args, **options)
    originals = module.parametrizations[name]
    if hasattr(originals, "original0"):
        weight.data = originals.original0.data
        originals.original0 = weight
    return module


@fault("UTIL-112", breaks=REMOVE)
def removing_a_parametrization_takes_any_dtype(original, module, name, leave_parametrized=True):
    """`remove_parametrizations` leaves a value of another dtype as the parameter."""
    value = getattr(module, name).detach()
    original(module, name, leave_parametrized=False)
    if leave_parametrized:
        module._parameters[name].data = value
    return module


@fault("UTIL-113", breaks=REGISTER)
def parametrizations_hold_the_last_alone(original, module, name, *args, **options):
    """A `ParametrizationList` holds the last parametrization alone."""
    original(module, name, *args, **options)
    originals = module.parametrizations[name]
    while len(originals) > 1:
        del originals[0]
    return module


@fault("UTIL-114", breaks=REMOVE)
def removing_a_parametrization_leaves_a_tensor(original, module, name, **options):
    """`remove_parametrizations` leaves a plain tensor."""
    original(module, name, **options)
    tensor = module._parameters.pop(name).detach()
    vars(module)[name] = torch.as_tensor(tensor)
    return module
