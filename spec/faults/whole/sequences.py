"""Faults that show only after a sequence of events."""

from torch import nn

from .. import fault

SETATTR = nn.Module.__setattr__


@fault("WHOLE-01")
def a_buffer_set_to_None_is_no_buffer_any_more(patch):
    def setattr(self, name, value):
        if value is None and name in self._buffers:
            del self._buffers[name]
        SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("WHOLE-01")
def a_conversion_makes_new_parameters(patch):
    apply = nn.Module._apply

    def replace(self, *args, **kwargs):
        apply(self, *args, **kwargs)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                self._parameters[name] = nn.Parameter(parameter.data, parameter.requires_grad)
        return self

    patch.setattr(nn.Module, "_apply", replace)
