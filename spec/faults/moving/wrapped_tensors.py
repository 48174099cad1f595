"""Faults in what a conversion does to a parameter that wraps a tensor of its own."""

from .. import fault


@fault("MOVE-96", breaks="torch.nn.modules.module.is_traceable_wrapper_subclass")
def a_conversion_does_not_reach_the_tensor_inside_a_parameter(original, tensor):
    return False


@fault("MOVE-97", breaks="torch.nn.Module._apply")
def a_conversion_reaches_the_tensor_inside_a_parameter(original, self, fn, *args, **kwargs):
    for parameter in self.parameters(recurse=False):
        if hasattr(parameter, "__tensor_flatten__"):
            parameter.inner = fn(parameter.inner)
    return original(self, fn, *args, **kwargs)
