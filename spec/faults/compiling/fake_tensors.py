"""Faults in what a conversion does where tensors are fake."""

from torch import nn

from .. import fault

APPLY = nn.Module._apply


@fault("GRAPH-66", since="2.10")
def a_conversion_under_a_FakeTensorMode_leaves_real_parameters_in_their_place(patch):
    def apply(self, fn, *args, **kwargs):
        before = {name: tensor for name, tensor in self._parameters.items() if type(tensor) is nn.Parameter}
        APPLY(self, fn, *args, **kwargs)
        fake = [name for name in before if type(self._parameters[name]) is not nn.Parameter]
        self._parameters.update({name: before[name] for name in fake})
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("GRAPH-67", "GRAPH-68")
def a_conversion_puts_another_parameter_in_the_place_of_each(patch):
    def apply(self, fn, *args, **kwargs):
        for name, tensor in self._parameters.items():
            if tensor is not None:
                self._parameters[name] = nn.Parameter(tensor.detach(), tensor.requires_grad)
        return APPLY(self, fn, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)
