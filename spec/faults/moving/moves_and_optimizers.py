"""Faults in what a move means for an optimizer, and in what ``skip_init()`` builds."""

import torch
from torch import nn

from .. import fault


@fault("BACK-04", breaks="torch.optim.Optimizer.__init__")
def an_optimizer_holds_copies(original, self, params, defaults):
    """An optimizer holds copies of the parameters."""
    original(self, [nn.Parameter(parameter.detach().clone()) for parameter in params], defaults)


@fault("MOVE-117", breaks="torch.nn.Module.to_empty")
def to_empty_rebinds_parameters(original, self, **options):
    """`to_empty()` rebinds every parameter."""
    original(self, **options)
    for module in self.modules():
        for name, parameter in module._parameters.items():
            module._parameters[name] = nn.Parameter(parameter.detach())
    return self


@fault("META-73", breaks="torch.nn.utils.skip_init")
def skip_init_builds_on_the_cpu(original, module_cls, *args, **options):
    """`nn.utils.skip_init` runs the constructor on the CPU."""
    return module_cls(*args, **{"device": torch.device("cpu"), **options})
