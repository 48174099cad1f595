"""Faults in ``nn.Buffer``."""

import inspect

import torch
from torch import nn

from .. import fault

MODULE_SETATTR = nn.Module.__setattr__
REGISTER_BUFFER = nn.Module.register_buffer
SAVE = nn.Module._save_to_state_dict


@fault("BUF-01", "BUF-14", since="2.5")
def an_nn_Buffer_is_non_persistent_by_default(patch):
    new = nn.Buffer.__new__
    patch.setattr(
        nn.Buffer, "__new__", lambda cls, data=None, *, persistent=False: new(cls, data, persistent=persistent)
    )


@fault("BUF-02", "BUF-06", since="2.5")
def an_nn_Buffer_is_always_persistent(patch):
    new = nn.Buffer.__new__
    patch.setattr(nn.Buffer, "__new__", lambda cls, data=None, *, persistent=True: new(cls, data, persistent=True))


def making(patch, change):
    """Let ``change(data)`` come before every ``nn.Buffer``; what it returns is made a buffer."""
    new = nn.Buffer.__new__

    def changed(cls, data=None, *, persistent=True):
        return new(cls, change(data), persistent=persistent)

    patch.setattr(nn.Buffer, "__new__", changed)


@fault("BUF-05", since="2.5")
def an_nn_Buffer_copies_its_argument(patch):
    making(patch, lambda data: None if data is None else data.clone())


@fault("BUF-05", since="2.5")
def an_nn_Buffer_requires_no_grad(patch):
    making(patch, lambda data: None if data is None else data.detach())


@fault("BUF-13", since="2.5")
def an_nn_Buffer_marks_its_argument(patch):
    def change(data):
        if data is not None:
            data._is_buffer = data.persistent = True
        return data

    making(patch, change)


@fault("BUF-14", since="2.5")
def an_nn_Buffer_without_data_has_one_element(patch):
    making(patch, lambda data: torch.zeros(1) if data is None else data)


@fault("BUF-15", since="2.5")
def an_nn_Buffer_of_a_custom_tensor_is_a_plain_tensor(patch):
    making(patch, lambda data: None if data is None else data.as_subclass(torch.Tensor))


@fault("BUF-03", since="2.5")
def an_nn_Buffer_is_of_a_type_of_its_own(patch):
    new = nn.Buffer.__new__

    def typed(cls, data=None, *, persistent=True):
        buffer = new(cls, data, persistent=persistent).as_subclass(nn.Buffer)
        buffer.persistent, buffer._is_buffer = persistent, True
        return buffer

    patch.setattr(nn.Buffer, "__new__", typed)


@fault("BUF-04", since="2.5")
def register_buffer_makes_an_nn_Buffer(patch):
    def register_buffer(self, name, tensor, persistent=True):
        if isinstance(tensor, torch.Tensor):
            tensor._is_buffer, tensor.persistent = True, persistent
        REGISTER_BUFFER(self, name, tensor, persistent)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("BUF-12", "BUF-20", since="2.5")
def a_tensor_counts_as_an_nn_Buffer_where_it_has_the_flag_whatever_it_says(patch):
    patch.setattr(type(nn.Buffer), "__instancecheck__", lambda cls, instance: hasattr(instance, "_is_buffer"))


@fault("BUF-19", since="2.5")
def an_nn_Buffer_is_an_instance_of_every_kind_of_Buffer(patch):
    def is_instance(cls, instance):
        return isinstance(instance, torch.Tensor) and getattr(instance, "_is_buffer", False)

    patch.setattr(type(nn.Buffer), "__instancecheck__", is_instance)


@fault("BUF-06", since="2.5")
def an_nn_Buffer_in_the_place_of_another_inherits_its_persistence(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Buffer) and name in vars(self).get("_buffers", {}):
            value.persistent = name not in self._non_persistent_buffers_set
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("BUF-07", since="2.5")
def register_buffer_goes_by_the_persistence_of_an_nn_Buffer(patch):
    def register_buffer(self, name, tensor, persistent=True):
        REGISTER_BUFFER(self, name, tensor, getattr(tensor, "persistent", persistent))

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("BUF-08", since="2.5")
def a_changed_mark_of_an_nn_Buffer_counts_when_state_is_saved(patch):
    def save(self, destination, prefix, keep_vars):
        for name, buffer in self._buffers.items():
            if isinstance(buffer, nn.Buffer):
                (set.discard if buffer.persistent else set.add)(self._non_persistent_buffers_set, name)
        SAVE(self, destination, prefix, keep_vars)

    patch.setattr(nn.Module, "_save_to_state_dict", save)


@fault("BUF-09", since="2.5")
def a_tensor_in_the_place_of_an_nn_Buffer_is_persistent(patch):
    def setattr(self, name, value):
        if isinstance(vars(self).get("_buffers", {}).get(name), nn.Buffer) and isinstance(value, torch.Tensor):
            self._non_persistent_buffers_set.discard(name)
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("BUF-11", since="2.5")
def assigning_an_nn_Buffer_registers_a_copy(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Buffer):
            value = nn.Buffer(value, persistent=value.persistent)
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("BUF-16", since="2.5")
def a_deep_copy_of_an_nn_Buffer_is_a_plain_tensor(patch):
    deepcopy = torch.Tensor.__deepcopy__

    def forgetting(self, memo):
        copied = deepcopy(self, memo)
        vars(copied).pop("_is_buffer", None)
        return copied

    patch.setattr(torch.Tensor, "__deepcopy__", forgetting)


@fault("BUF-10", "BUF-17", "BUF-21", since="2.5")
def an_nn_Buffer_goes_past_the_register_buffer_of_a_subclass(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Buffer) and name not in {*vars(self).get("_parameters", ()), *self._modules}:
            REGISTER_BUFFER(self, name, value, value.persistent)
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("BUF-18", since="2.5")
def a_tensor_in_the_place_of_a_buffer_goes_past_the_register_buffer_of_a_subclass(patch):
    def setattr(self, name, value):
        if type(value) is torch.Tensor and name in vars(self).get("_buffers", ()):
            self._buffers[name] = value
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("BUF-02", since="2.5")
def an_nn_Buffer_made_of_another_is_as_persistent_as_that(patch):
    new = nn.Buffer.__new__

    def inheriting(cls, data=None, *, persistent=True):
        return new(cls, data, persistent=persistent and getattr(data, "persistent", True))

    patch.setattr(nn.Buffer, "__new__", inheriting)


@fault("BUF-10", "BUF-17", since="2.5")
def an_nn_Buffer_goes_past_a_register_buffer_that_is_inherited(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Buffer) and "register_buffer" not in {**vars(type(self)), **vars(self)}:
            REGISTER_BUFFER(self, name, value, value.persistent)
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("BUF-10", since="2.5")
def a_third_argument_of_register_buffer_is_taken_for_persistence(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Buffer) and len(inspect.signature(self.register_buffer).parameters) > 2:
            self.register_buffer(name, value, value.persistent)
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)
