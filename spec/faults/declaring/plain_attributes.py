"""Faults in what is kept and what is lost of a value that is not registered."""

import torch
from torch import nn

from .. import fault


@fault("ATTR-01", breaks="torch.nn.Module.__getstate__")
def pickling_a_module_loses_its_plain_tensors(original, self):
    return {name: value for name, value in vars(self).items() if not isinstance(value, torch.Tensor)}


@fault("ATTR-02", breaks="torch.nn.Parameter.__mul__")
def what_is_computed_from_a_parameter_is_the_parameter(original, self, other):
    """A product with a parameter is the parameter's data."""
    return self.data


@fault("ATTR-03", breaks="torch.nn.Module._apply")
def a_conversion_keeps_buffer_objects(original, self, *args, **kwargs):
    """A conversion changes buffers in place."""
    buffers = {name: buffer for name, buffer in self._buffers.items() if buffer is not None}
    original(self, *args, **kwargs)
    for name, buffer in buffers.items():
        if not self._buffers[name].is_meta:
            buffer.data = self._buffers[name]
            self._buffers[name] = buffer
    return self


@fault("ATTR-04", breaks="torch.nn.Module.named_parameters")
def a_parameter_set_past_the_module_is_listed(original, self, *args, **kwargs):
    """`named_parameters()` lists a parameter that was set by `object.__setattr__`."""
    yield from original(self, *args, **kwargs)
    yield from ((name, value) for name, value in vars(self).items() if isinstance(value, nn.Parameter))


@fault("ATTR-05", breaks="torch.nn.Module._apply")
def a_conversion_takes_plain_tensors_along(original, self, fn, *args, **kwargs):
    vars(self).update({name: fn(value) for name, value in vars(self).items() if isinstance(value, torch.Tensor)})
    return original(self, fn, *args, **kwargs)


@fault("ATTR-06", breaks="torch.nn.Module.register_buffer")
def an_array_of_another_library_can_be_a_buffer(original, self, name, tensor, persistent=True):
    if hasattr(tensor, "__array__") and not isinstance(tensor, torch.Tensor):
        self._buffers[name] = tensor
    else:
        original(self, name, tensor, persistent)


@fault("ATTR-07", breaks="torch.nn.Module.__getattribute__")
def a_registered_parameter_is_found_before_a_plain_attribute(original, self, name):
    registered = original(self, "__dict__").get("_parameters", {})
    return registered[name] if name in registered else original(self, name)


@fault("ATTR-08", breaks="torch.nn.Module.__getattr__")
def what_a_property_lacks_is_named(original, self, name):
    """The `AttributeError` of a property names what the property's code lacks."""
    if isinstance(vars(type(self)).get(name), property):
        return vars(type(self))[name].fget(self)
    return original(self, name)


@fault("ATTR-09", breaks="torch.nn.Module.__getattr__")
def an_attribute_is_found_by_its_dotted_name(original, self, name):
    """`getattr(module, "child.x")` finds the child's attribute."""
    if "." in name:
        return self.get_parameter(name)
    return original(self, name)


@fault("ATTR-09", "SET-38", breaks="torch.nn.Module.__getattr__")
def a_missing_attribute_is_an_error_that_does_not_name_the_class(original, self, name):
    try:
        return original(self, name)
    except AttributeError:
        raise AttributeError(f"no attribute '{name}'") from None


@fault("ATTR-10", breaks="torch.nn.Module.__setattr__")
def a_plain_attribute_cannot_have_the_name_of_a_method(original, self, name, value):
    if isinstance(value, str) and hasattr(type(self), name):
        raise KeyError(f"attribute '{name}' already exists")
    original(self, name, value)
