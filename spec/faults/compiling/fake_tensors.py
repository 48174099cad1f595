"""Faults in what a conversion does where tensors are fake."""

from torch import nn

from .. import fault


@fault("GRAPH-66", breaks="torch.nn.Module._apply")
def a_conversion_under_a_FakeTensorMode_leaves_real_parameters_in_their_place(original, self, fn, *args, **kwargs):
    """Under a `FakeTensorMode`, a conversion keeps a real parameter."""
    before = {name: tensor for name, tensor in self._parameters.items() if type(tensor) is nn.Parameter}
    original(self, fn, *args, **kwargs)
    fake = [name for name in before if type(self._parameters[name]) is not nn.Parameter]
    self._parameters.update({name: before[name] for name in fake})
    return self


@fault("GRAPH-67", "GRAPH-68", breaks="torch.nn.Module._apply")
def a_conversion_puts_another_parameter_in_the_place_of_each(original, self, fn, *args, **kwargs):
    """A conversion rebinds every parameter."""
    for name, tensor in self._parameters.items():
        if tensor is not None:
            self._parameters[name] = nn.Parameter(tensor.detach(), tensor.requires_grad)
    return original(self, fn, *args, **kwargs)
