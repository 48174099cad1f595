"""Faults in what a conversion does to a parameter that wraps a tensor of its own."""

from torch import nn
from torch.nn.modules import module as modules

from .. import fault

APPLY = nn.Module._apply


@fault("MOVE-96", since="2.3")
def a_conversion_does_not_reach_the_tensor_inside_a_parameter(patch):
    patch.setattr(modules, "is_traceable_wrapper_subclass", lambda tensor: False)


@fault("MOVE-97", until="2.3")
def a_conversion_reaches_the_tensor_inside_a_parameter(patch):
    def apply(self, fn, *args, **kwargs):
        for parameter in self.parameters(recurse=False):
            if hasattr(parameter, "__tensor_flatten__"):
                parameter.inner = fn(parameter.inner)
        return APPLY(self, fn, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)
