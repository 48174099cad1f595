"""Faults in what is kept and what is lost of a value that is not registered."""

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply
MODULE_GETATTR = nn.Module.__getattr__
MODULE_SETATTR = nn.Module.__setattr__
NAMED_PARAMETERS = nn.Module.named_parameters
REGISTER_BUFFER = nn.Module.register_buffer


@fault("ATTR-01")
def pickling_a_module_loses_its_plain_tensors(patch):
    def getstate(self):
        return {name: value for name, value in vars(self).items() if not isinstance(value, torch.Tensor)}

    patch.setattr(nn.Module, "__getstate__", getstate, raising=False)


@fault("ATTR-02")
def what_is_computed_from_a_parameter_is_the_parameter(patch):
    patch.setattr(nn.Parameter, "__mul__", lambda self, other: self.data, raising=False)


@fault("ATTR-03")
def a_conversion_keeps_buffer_objects(patch):
    def apply(self, *args, **kwargs):
        buffers = {name: buffer for name, buffer in self._buffers.items() if buffer is not None}
        APPLY(self, *args, **kwargs)
        for name, buffer in buffers.items():
            if not self._buffers[name].is_meta:
                buffer.data = self._buffers[name]
                self._buffers[name] = buffer
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("ATTR-04")
def a_parameter_set_past_the_module_is_listed(patch):
    def named_parameters(self, *args, **kwargs):
        yield from NAMED_PARAMETERS(self, *args, **kwargs)
        yield from ((name, value) for name, value in vars(self).items() if isinstance(value, nn.Parameter))

    patch.setattr(nn.Module, "named_parameters", named_parameters)


@fault("ATTR-05")
def a_conversion_takes_plain_tensors_along(patch):
    def apply(self, fn, *args, **kwargs):
        vars(self).update({name: fn(value) for name, value in vars(self).items() if isinstance(value, torch.Tensor)})
        return APPLY(self, fn, *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)


@fault("ATTR-06")
def an_array_of_another_library_can_be_a_buffer(patch):
    def register_buffer(self, name, tensor, persistent=True):
        if hasattr(tensor, "__array__") and not isinstance(tensor, torch.Tensor):
            self._buffers[name] = tensor
        else:
            REGISTER_BUFFER(self, name, tensor, persistent)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("ATTR-07")
def a_registered_parameter_is_found_before_a_plain_attribute(patch):
    def getattribute(self, name):
        registered = object.__getattribute__(self, "__dict__").get("_parameters", {})
        return registered[name] if name in registered else object.__getattribute__(self, name)

    patch.setattr(nn.Module, "__getattribute__", getattribute, raising=False)


@fault("ATTR-08")
def what_a_property_lacks_is_named(patch):
    def getattr(self, name):
        if isinstance(vars(type(self)).get(name), property):
            return vars(type(self))[name].fget(self)
        return MODULE_GETATTR(self, name)

    patch.setattr(nn.Module, "__getattr__", getattr)


@fault("ATTR-09")
def an_attribute_is_found_by_its_dotted_name(patch):
    def getattr(self, name):
        if "." in name:
            return self.get_parameter(name)
        return MODULE_GETATTR(self, name)

    patch.setattr(nn.Module, "__getattr__", getattr)


@fault("ATTR-09", "SET-38")
def a_missing_attribute_is_an_error_that_does_not_name_the_class(patch):
    def getattr(self, name):
        try:
            return MODULE_GETATTR(self, name)
        except AttributeError:
            raise AttributeError(f"no attribute '{name}'") from None

    patch.setattr(nn.Module, "__getattr__", getattr)


@fault("ATTR-10")
def a_plain_attribute_cannot_have_the_name_of_a_method(patch):
    def setattr(self, name, value):
        if isinstance(value, str) and hasattr(type(self), name):
            raise KeyError(f"attribute '{name}' already exists")
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)
