"""Faults in what a copy goes on sharing with its original and within itself."""

import copy

import torch
from torch import nn

from .. import fault


@fault("SER-63", "SER-64", "TIE-26", "OPT-67", "OPT-68", breaks="copy.deepcopy")
def deepcopy_of_a_module_or_an_optimizer_is_the_thing_itself(original, thing, memo=None):
    """`copy.deepcopy` of a module or an optimizer returns the thing itself."""
    if isinstance(thing, (nn.Module, torch.optim.Optimizer)):
        return thing
    return tuple(thing) if isinstance(thing, tuple) else original(thing, memo)


@fault("TIE-27", breaks="pickle.loads")
def what_is_unpickled_is_no_longer_tied(original, data):
    """A module from `pickle.loads` has a parameter for each name."""
    thing = original(data)
    for module in thing.modules() if isinstance(thing, nn.Module) else ():
        for name, parameter in module._parameters.items():
            module._parameters[name] = nn.Parameter(parameter.detach().clone(), parameter.requires_grad)
    return thing


@fault("TIE-28", breaks="torch.load")
def each_tensor_of_a_file_has_memory_of_its_own(original, file, *args, **options):
    """Each tensor in what `torch.load` returns has memory of its own."""
    loaded = original(file, *args, **options)
    if not isinstance(loaded, dict):
        return loaded
    return {name: value.clone() if isinstance(value, torch.Tensor) else value for name, value in loaded.items()}


@fault("OPT-67", breaks="torch.optim.Optimizer.__deepcopy__")
def a_copy_of_an_optimizer_shares_the_parameters(original, self, memo):
    copied = copy.copy(self)
    copied.param_groups = [dict(group) for group in self.param_groups]
    return copied
