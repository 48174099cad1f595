"""Faults in what assignment to a registered name does."""

import torch
from torch import nn

from .. import fault

MODULE_SETATTR = nn.Module.__setattr__
REGISTER_BUFFER = nn.Module.register_buffer


def assigning(patch, change):
    """Let ``change(module, name, value)`` come before every assignment; the value that it returns is assigned."""

    def setattr(self, name, value):
        MODULE_SETATTR(self, name, change(self, name, value))

    patch.setattr(nn.Module, "__setattr__", setattr)


def buffers_of(module):
    return vars(module).get("_buffers", {})


@fault("SET-01", "SET-21")
def a_bare_tensor_takes_the_place_of_a_parameter(patch):
    def change(module, name, value):
        return nn.Parameter(value) if type(value) is torch.Tensor and name in module._parameters else value

    assigning(patch, change)


@fault("SET-26")
def a_bare_tensor_takes_the_place_of_a_parameter_registered_as_None(patch):
    def change(module, name, value):
        empty = name in module._parameters and module._parameters[name] is None
        return nn.Parameter(value) if type(value) is torch.Tensor and empty else value

    assigning(patch, change)


@fault("SET-02")
def a_bare_tensor_over_a_buffer_is_a_plain_attribute(patch):
    def change(module, name, value):
        if type(value) is torch.Tensor and name in buffers_of(module):
            delattr(module, name)
        return value

    assigning(patch, change)


@fault("SET-02", "SET-27")
def a_bare_tensor_over_a_non_persistent_buffer_is_persistent(patch):
    def change(module, name, value):
        if type(value) is torch.Tensor:
            module._non_persistent_buffers_set.discard(name)
        return value

    assigning(patch, change)


@fault("SET-03")
def a_bare_tensor_over_a_buffer_takes_its_dtype(patch):
    def change(module, name, value):
        held = buffers_of(module).get(name)
        return value.to(held.dtype) if type(value) is torch.Tensor and held is not None else value

    assigning(patch, change)


@fault("SET-04", "SET-21")
def what_is_no_tensor_takes_the_place_of_a_buffer(patch):
    def change(module, name, value):
        if isinstance(value, (int, str, list)) and name in buffers_of(module):
            delattr(module, name)
        return value

    assigning(patch, change)


def keeping_marks(patch, kind):
    def setattr(self, name, value):
        marked = isinstance(value, kind) and name in vars(self).get("_non_persistent_buffers_set", ())
        MODULE_SETATTR(self, name, value)
        if marked:
            self._non_persistent_buffers_set.add(name)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-05", "SET-21")
def a_parameter_over_a_non_persistent_buffer_leaves_the_name_non_persistent(patch):
    keeping_marks(patch, nn.Parameter)


@fault("SET-23", "SET-21")
def a_module_over_a_non_persistent_buffer_leaves_the_name_non_persistent(patch):
    keeping_marks(patch, nn.Module)


@fault("SET-05", "SET-21")
def a_parameter_over_a_buffer_leaves_the_buffer_too(patch):
    def setattr(self, name, value):
        buffer = buffers_of(self).get(name)
        MODULE_SETATTR(self, name, value)
        if isinstance(value, nn.Parameter) and buffer is not None:
            self._buffers[name] = buffer

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-06", "SET-21")
def a_parameter_over_a_plain_attribute_leaves_the_attribute_too(patch):
    def setattr(self, name, value):
        plain = {name: vars(self)[name]} if name in vars(self) else {}
        MODULE_SETATTR(self, name, value)
        vars(self).update(plain if isinstance(value, nn.Parameter) else {})

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-07", "SET-21", since="2.5")
def an_nn_Buffer_takes_the_place_of_a_plain_attribute(patch):
    def change(module, name, value):
        if isinstance(value, nn.Buffer):
            vars(module).pop(name, None)
        return value

    assigning(patch, change)


@fault("SET-08", "SET-21", since="2.5")
def an_nn_Buffer_takes_the_place_of_a_parameter(patch):
    def change(module, name, value):
        if isinstance(value, nn.Buffer):
            vars(module).get("_parameters", {}).pop(name, None)
        return value

    assigning(patch, change)


@fault("SET-24", "SET-50", "SET-21")
def what_is_no_module_takes_the_place_of_a_submodule(patch):
    def change(module, name, value):
        if value is not None and not isinstance(value, nn.Module):
            vars(module).get("_modules", {}).pop(name, None)
        return value

    assigning(patch, change)


@fault("SET-25", "SET-21")
def a_parameter_over_a_submodule_leaves_the_submodule_too(patch):
    def setattr(self, name, value):
        child = vars(self).get("_modules", {}).get(name)
        MODULE_SETATTR(self, name, value)
        if isinstance(value, nn.Parameter) and child is not None:
            self._modules[name] = child

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-12", "SET-21")
def assigning_None_to_registered_state_deletes_it(patch):
    def change(module, name, value):
        if value is None and (name in module._parameters or name in module._buffers):
            delattr(module, name)
        return value

    assigning(patch, change)


@fault("SET-19")
def assigning_to_data_keeps_the_dtype(patch):
    data = torch.Tensor.data
    kept = property(data.__get__, lambda self, value: data.__set__(self, value.to(self.dtype)))
    patch.setattr(nn.Parameter, "data", kept, raising=False)


@fault("SET-20")
def augmented_assignment_to_a_buffer_replaces_it(patch):
    def change(module, name, value):
        same = isinstance(value, torch.Tensor) and buffers_of(module).get(name) is value
        return value.clone() if same else value

    assigning(patch, change)


@fault("SET-28")
def augmented_assignment_to_a_parameter_needs_no_no_grad(patch):
    def iadd(self, other):
        self.data.add_(other)
        return self

    patch.setattr(nn.Parameter, "__iadd__", iadd, raising=False)


@fault("SET-29")
def a_refused_parameter_that_is_not_a_leaf_displaces_nothing(patch):
    def change(module, name, value):
        if isinstance(value, nn.Parameter) and value.grad_fn is not None:
            raise ValueError(f"Cannot assign non-leaf Tensor to parameter '{name}'.")
        return value

    assigning(patch, change)


@fault("SET-30")
def a_parameter_in_the_place_of_another_comes_last(patch):
    def change(module, name, value):
        if isinstance(value, nn.Parameter):
            vars(module).get("_parameters", {}).pop(name, None)
        return value

    assigning(patch, change)


@fault("SET-11")
def registering_a_buffer_again_keeps_its_persistence(patch):
    def register_buffer(self, name, tensor, persistent=True):
        kept = name not in self._non_persistent_buffers_set if name in buffers_of(self) else persistent
        REGISTER_BUFFER(self, name, tensor, kept)

    patch.setattr(nn.Module, "register_buffer", register_buffer)
