"""Faults that show only after a sequence of events."""

from torch import nn

from .. import fault


@fault("WHOLE-01", breaks="torch.nn.Module.__setattr__")
def a_buffer_set_to_None_is_no_buffer_any_more(original, self, name, value):
    if value is None and name in self._buffers:
        del self._buffers[name]
    original(self, name, value)


@fault("WHOLE-01", breaks="torch.nn.Module._apply")
def a_conversion_makes_new_parameters(original, self, *args, **kwargs):
    """A conversion rebinds every parameter."""
    original(self, *args, **kwargs)
    for name, parameter in self._parameters.items():
        if parameter is not None:
            self._parameters[name] = nn.Parameter(parameter.data, parameter.requires_grad)
    return self
