"""Faults in ``nn.Buffer``."""

import inspect

import torch
from torch import nn

from .. import fault


@fault("BUF-01", "BUF-14", breaks="torch.nn.Buffer.__new__")
def an_nn_Buffer_is_non_persistent_by_default(original, cls, data=None, *, persistent=False):
    """An `nn.Buffer` is non-persistent by default."""
    return original(cls, data, persistent=persistent)


@fault("BUF-02", "BUF-06", breaks="torch.nn.Buffer.__new__")
def an_nn_Buffer_is_always_persistent(original, cls, data=None, *, persistent=True):
    """An `nn.Buffer` is always persistent."""
    return original(cls, data, persistent=True)


@fault("BUF-05", breaks="torch.nn.Buffer.__new__")
def an_nn_Buffer_copies_its_argument(original, cls, data=None, *, persistent=True):
    """`nn.Buffer(tensor)` copies the tensor."""
    return original(cls, None if data is None else data.clone(), persistent=persistent)


@fault("BUF-05", breaks="torch.nn.Buffer.__new__")
def an_nn_Buffer_requires_no_grad(original, cls, data=None, *, persistent=True):
    """`nn.Buffer(tensor)` doesn't require grad, whatever the tensor."""
    return original(cls, None if data is None else data.detach(), persistent=persistent)


@fault("BUF-13", breaks="torch.nn.Buffer.__new__")
def an_nn_Buffer_marks_its_argument(original, cls, data=None, *, persistent=True):
    """`nn.Buffer(tensor)` makes an `nn.Buffer` of the tensor that it is given, too."""
    if data is not None:
        data._is_buffer = data.persistent = True
    return original(cls, data, persistent=persistent)


@fault("BUF-14", breaks="torch.nn.Buffer.__new__")
def an_nn_Buffer_without_data_has_one_element(original, cls, data=None, *, persistent=True):
    """`nn.Buffer()` has one element."""
    return original(cls, torch.zeros(1) if data is None else data, persistent=persistent)


@fault("BUF-15", breaks="torch.nn.Buffer.__new__")
def an_nn_Buffer_of_a_custom_tensor_is_a_plain_tensor(original, cls, data=None, *, persistent=True):
    """`nn.Buffer(tensor)` of an instance of a tensor subclass is a `torch.Tensor`."""
    return original(cls, None if data is None else data.as_subclass(torch.Tensor), persistent=persistent)


@fault("BUF-03", breaks="torch.nn.Buffer.__new__")
def an_nn_Buffer_is_of_a_type_of_its_own(original, cls, data=None, *, persistent=True):
    """The type of an `nn.Buffer` is `nn.Buffer`."""
    buffer = original(cls, data, persistent=persistent).as_subclass(nn.Buffer)
    buffer.persistent, buffer._is_buffer = persistent, True
    return buffer


@fault("BUF-04", breaks="torch.nn.Module.register_buffer")
def register_buffer_makes_an_nn_Buffer(original, self, name, tensor, persistent=True):
    """`register_buffer` makes an `nn.Buffer` of the tensor."""
    if isinstance(tensor, torch.Tensor):
        tensor._is_buffer, tensor.persistent = True, persistent
    original(self, name, tensor, persistent)


@fault("BUF-12", "BUF-20", breaks="torch.nn.parameter._BufferMeta.__instancecheck__")
def a_tensor_counts_as_an_nn_Buffer_where_it_has_the_flag_whatever_it_says(original, cls, instance):
    """A tensor whose `_is_buffer` is False is an instance of `nn.Buffer`."""
    return hasattr(instance, "_is_buffer")


@fault("BUF-19", breaks="torch.nn.parameter._BufferMeta.__instancecheck__")
def an_nn_Buffer_is_an_instance_of_every_kind_of_Buffer(original, cls, instance):
    """An `nn.Buffer` is an instance of every subclass of `nn.Buffer`."""
    return isinstance(instance, torch.Tensor) and getattr(instance, "_is_buffer", False)


@fault("BUF-06", breaks="torch.nn.Module.__setattr__")
def an_nn_Buffer_in_the_place_of_another_inherits_its_persistence(original, self, name, value):
    """An `nn.Buffer` assigned to a buffer's name is as persistent as that was."""
    if isinstance(value, nn.Buffer) and name in vars(self).get("_buffers", {}):
        value.persistent = name not in self._non_persistent_buffers_set
    original(self, name, value)


@fault("BUF-07", breaks="torch.nn.Module.register_buffer")
def register_buffer_goes_by_the_persistence_of_an_nn_Buffer(original, self, name, tensor, persistent=True):
    """`register_buffer` ignores `persistent` where it gets an `nn.Buffer`."""
    original(self, name, tensor, getattr(tensor, "persistent", persistent))


@fault("BUF-08", breaks="torch.nn.Module._save_to_state_dict")
def a_changed_mark_of_an_nn_Buffer_counts_when_state_is_saved(original, self, destination, prefix, keep_vars):
    """`state_dict()` goes by the `persistent` that an `nn.Buffer` has when it is called."""
    for name, buffer in self._buffers.items():
        if isinstance(buffer, nn.Buffer):
            (set.discard if buffer.persistent else set.add)(self._non_persistent_buffers_set, name)
    original(self, destination, prefix, keep_vars)


@fault("BUF-09", breaks="torch.nn.Module.__setattr__")
def a_tensor_in_the_place_of_an_nn_Buffer_is_persistent(original, self, name, value):
    """A tensor assigned to the name of a non-persistent `nn.Buffer` is persistent."""
    if isinstance(vars(self).get("_buffers", {}).get(name), nn.Buffer) and isinstance(value, torch.Tensor):
        self._non_persistent_buffers_set.discard(name)
    original(self, name, value)


@fault("BUF-11", breaks="torch.nn.Module.__setattr__")
def assigning_an_nn_Buffer_registers_a_copy(original, self, name, value):
    """Assigning an `nn.Buffer` registers a copy."""
    if isinstance(value, nn.Buffer):
        value = nn.Buffer(value, persistent=value.persistent)
    original(self, name, value)


@fault("BUF-16", breaks="torch.Tensor.__deepcopy__")
def a_deep_copy_of_an_nn_Buffer_is_a_plain_tensor(original, self, memo):
    """A deep copy of an `nn.Buffer` is a plain tensor."""
    copied = original(self, memo)
    vars(copied).pop("_is_buffer", None)
    return copied


@fault("BUF-10", "BUF-17", "BUF-21", breaks="torch.nn.Module.__setattr__")
def an_nn_Buffer_goes_past_the_register_buffer_of_a_subclass(original, self, name, value):
    """Assigning an `nn.Buffer` doesn't call a `register_buffer` that the class overrides."""
    if isinstance(value, nn.Buffer) and name not in {*vars(self).get("_parameters", ()), *self._modules}:
        nn.Module.register_buffer(self, name, value, value.persistent)
    else:
        original(self, name, value)


@fault("BUF-18", breaks="torch.nn.Module.__setattr__")
def a_tensor_in_the_place_of_a_buffer_goes_past_the_register_buffer_of_a_subclass(original, self, name, value):
    """Assigning a tensor to a buffer's name doesn't call a `register_buffer` that the class overrides."""
    if type(value) is torch.Tensor and name in vars(self).get("_buffers", ()):
        self._buffers[name] = value
    else:
        original(self, name, value)


@fault("BUF-02", breaks="torch.nn.Buffer.__new__")
def an_nn_Buffer_made_of_another_is_as_persistent_as_that(original, cls, data=None, *, persistent=True):
    """An `nn.Buffer` made of another is as persistent as that."""
    return original(cls, data, persistent=persistent and getattr(data, "persistent", True))


@fault("BUF-10", "BUF-17", breaks="torch.nn.Module.__setattr__")
def an_nn_Buffer_goes_past_a_register_buffer_that_is_inherited(original, self, name, value):
    """Assigning an `nn.Buffer` doesn't call an overridden `register_buffer` that the class inherits."""
    if isinstance(value, nn.Buffer) and "register_buffer" not in {**vars(type(self)), **vars(self)}:
        nn.Module.register_buffer(self, name, value, value.persistent)
    else:
        original(self, name, value)


@fault("BUF-10", breaks="torch.nn.Module.__setattr__")
def a_third_argument_of_register_buffer_is_taken_for_persistence(original, self, name, value):
    """Assigning an `nn.Buffer` takes the third argument of an overridden `register_buffer` for `persistent`."""
    if isinstance(value, nn.Buffer) and len(inspect.signature(self.register_buffer).parameters) > 2:
        self.register_buffer(name, value, value.persistent)
    else:
        original(self, name, value)
