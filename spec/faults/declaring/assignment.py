"""Faults in what assignment to a registered name does."""

import torch
from torch import nn

from .. import fault


def buffers_of(module):
    return vars(module).get("_buffers", {})


@fault("SET-01", "SET-21", breaks="torch.nn.Module.__setattr__")
def a_bare_tensor_takes_the_place_of_a_parameter(original, self, name, value):
    """Assigning a plain tensor to a parameter's name registers it as a parameter."""
    if type(value) is torch.Tensor and name in self._parameters:
        value = nn.Parameter(value)
    original(self, name, value)


@fault("SET-26", breaks="torch.nn.Module.__setattr__")
def a_bare_tensor_takes_the_place_of_a_parameter_registered_as_None(original, self, name, value):
    """Assigning a plain tensor to the name of a parameter that is None registers it as a parameter."""
    if type(value) is torch.Tensor and name in self._parameters and self._parameters[name] is None:
        value = nn.Parameter(value)
    original(self, name, value)


@fault("SET-02", breaks="torch.nn.Module.__setattr__")
def a_bare_tensor_over_a_buffer_is_a_plain_attribute(original, self, name, value):
    """Assigning a tensor to a buffer's name makes it a plain attribute."""
    if type(value) is torch.Tensor and name in buffers_of(self):
        delattr(self, name)
    original(self, name, value)


@fault("SET-02", "SET-27", breaks="torch.nn.Module.__setattr__")
def a_bare_tensor_over_a_non_persistent_buffer_is_persistent(original, self, name, value):
    """Assigning a tensor to the name of a non-persistent buffer makes the buffer persistent."""
    if type(value) is torch.Tensor:
        self._non_persistent_buffers_set.discard(name)
    original(self, name, value)


@fault("SET-03", breaks="torch.nn.Module.__setattr__")
def a_bare_tensor_over_a_buffer_takes_its_dtype(original, self, name, value):
    """Assigning a tensor to a buffer's name converts it to the dtype of the buffer."""
    held = buffers_of(self).get(name)
    original(self, name, value.to(held.dtype) if type(value) is torch.Tensor and held is not None else value)


@fault("SET-04", "SET-21", breaks="torch.nn.Module.__setattr__")
def what_is_no_tensor_takes_the_place_of_a_buffer(original, self, name, value):
    """A number, string or list can be assigned to a buffer's name."""
    if isinstance(value, (int, str, list)) and name in buffers_of(self):
        delattr(self, name)
    original(self, name, value)


@fault("SET-05", "SET-21", breaks="torch.nn.Module.__setattr__")
def a_parameter_over_a_non_persistent_buffer_leaves_the_name_non_persistent(original, self, name, value):
    """After a parameter was assigned to the name of a non-persistent buffer, a buffer there is non-persistent again."""
    marked = isinstance(value, nn.Parameter) and name in vars(self).get("_non_persistent_buffers_set", ())
    original(self, name, value)
    if marked:
        self._non_persistent_buffers_set.add(name)


@fault("SET-23", "SET-21", breaks="torch.nn.Module.__setattr__")
def a_module_over_a_non_persistent_buffer_leaves_the_name_non_persistent(original, self, name, value):
    """After a module was assigned to the name of a non-persistent buffer, a buffer there is non-persistent again."""
    marked = isinstance(value, nn.Module) and name in vars(self).get("_non_persistent_buffers_set", ())
    original(self, name, value)
    if marked:
        self._non_persistent_buffers_set.add(name)


@fault("SET-05", "SET-21", breaks="torch.nn.Module.__setattr__")
def a_parameter_over_a_buffer_leaves_the_buffer_too(original, self, name, value):
    """A parameter assigned to a buffer's name leaves the buffer registered."""
    buffer = buffers_of(self).get(name)
    original(self, name, value)
    if isinstance(value, nn.Parameter) and buffer is not None:
        self._buffers[name] = buffer


@fault("SET-06", "SET-21", breaks="torch.nn.Module.__setattr__")
def a_parameter_over_a_plain_attribute_leaves_the_attribute_too(original, self, name, value):
    """A parameter assigned to the name of a plain attribute leaves the attribute."""
    plain = {name: vars(self)[name]} if name in vars(self) else {}
    original(self, name, value)
    vars(self).update(plain if isinstance(value, nn.Parameter) else {})


@fault("SET-07", "SET-21", breaks="torch.nn.Module.__setattr__", since="2.5")
def an_nn_Buffer_takes_the_place_of_a_plain_attribute(original, self, name, value):
    """An `nn.Buffer` can be assigned to the name of a plain attribute."""
    if isinstance(value, nn.Buffer):
        vars(self).pop(name, None)
    original(self, name, value)


@fault("SET-08", "SET-21", breaks="torch.nn.Module.__setattr__", since="2.5")
def an_nn_Buffer_takes_the_place_of_a_parameter(original, self, name, value):
    """An `nn.Buffer` can be assigned to a parameter's name."""
    if isinstance(value, nn.Buffer):
        vars(self).get("_parameters", {}).pop(name, None)
    original(self, name, value)


@fault("SET-24", "SET-50", "SET-21", breaks="torch.nn.Module.__setattr__")
def what_is_no_module_takes_the_place_of_a_submodule(original, self, name, value):
    """Anything can be assigned to a submodule's name."""
    if value is not None and not isinstance(value, nn.Module):
        vars(self).get("_modules", {}).pop(name, None)
    original(self, name, value)


@fault("SET-25", "SET-21", breaks="torch.nn.Module.__setattr__")
def a_parameter_over_a_submodule_leaves_the_submodule_too(original, self, name, value):
    """A parameter assigned to a submodule's name leaves the submodule registered."""
    child = vars(self).get("_modules", {}).get(name)
    original(self, name, value)
    if isinstance(value, nn.Parameter) and child is not None:
        self._modules[name] = child


@fault("SET-12", "SET-21", breaks="torch.nn.Module.__setattr__")
def assigning_None_to_registered_state_deletes_it(original, self, name, value):
    """Assigning None to the name of a parameter or buffer makes None a plain attribute."""
    if value is None and (name in self._parameters or name in self._buffers):
        delattr(self, name)
    original(self, name, value)


@fault("SET-19")
def assigning_to_data_keeps_the_dtype(patch):
    """Assigning a tensor to `.data` of a parameter converts it to the dtype of the parameter."""
    data = torch.Tensor.data
    kept = property(data.__get__, lambda self, value: data.__set__(self, value.to(self.dtype)))
    patch.setattr(nn.Parameter, "data", kept)


@fault("SET-20", breaks="torch.nn.Module.__setattr__")
def augmented_assignment_to_a_buffer_replaces_it(original, self, name, value):
    """`module.x += 1` rebinds a buffer."""
    same = isinstance(value, torch.Tensor) and buffers_of(self).get(name) is value
    original(self, name, value.clone() if same else value)


@fault("SET-28", breaks="torch.nn.Parameter.__iadd__")
def augmented_assignment_to_a_parameter_needs_no_no_grad(original, self, other):
    """`module.x += 1` changes a trainable parameter outside `torch.no_grad()`, too."""
    self.data.add_(other)
    return self


@fault("SET-29", breaks="torch.nn.Module.__setattr__")
def a_refused_parameter_that_is_not_a_leaf_displaces_nothing(original, self, name, value):
    """Assigning a parameter that has a `grad_fn` raises `ValueError` and leaves what had the name."""
    if isinstance(value, nn.Parameter) and value.grad_fn is not None:
        raise ValueError(f"Cannot assign non-leaf Tensor to parameter '{name}'.")
    original(self, name, value)


@fault("SET-30", breaks="torch.nn.Module.__setattr__")
def a_parameter_in_the_place_of_another_comes_last(original, self, name, value):
    """A parameter assigned to another parameter's name comes last in `parameters()`."""
    if isinstance(value, nn.Parameter):
        vars(self).get("_parameters", {}).pop(name, None)
    original(self, name, value)


@fault("SET-11", breaks="torch.nn.Module.register_buffer")
def registering_a_buffer_again_keeps_its_persistence(original, self, name, tensor, persistent=True):
    kept = name not in self._non_persistent_buffers_set if name in buffers_of(self) else persistent
    original(self, name, tensor, kept)
