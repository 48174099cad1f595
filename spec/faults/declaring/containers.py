"""Faults in ``nn.ParameterList`` and ``nn.ParameterDict``."""

import copy

import torch
from torch import nn

from .. import fault

GET, SET = nn.ParameterList.__getitem__, nn.ParameterList.__setitem__
DICT_SET = nn.ParameterDict.__setitem__
EXTEND = nn.ParameterList.extend
REGISTER_BUFFER = nn.Module.register_buffer
UPDATE = nn.ParameterDict.update


@fault("CONT-01")
def a_ParameterList_holds_plain_attributes(patch):
    patch.setattr(nn.ParameterList, "__setitem__", lambda self, index, value: vars(self).update({str(index): value}))


@fault("CONT-06")
def a_ParameterDict_holds_plain_attributes(patch):
    def setitem(self, key, value):
        self._keys[key] = None
        vars(self)[key] = value

    patch.setattr(nn.ParameterDict, "__setitem__", setitem)


@fault("CONT-02")
def a_ParameterList_keeps_a_tensor_a_tensor(patch):
    patch.setattr(nn.ParameterList, "__setitem__", lambda self, index, value: setattr(self, str(index), value))


@fault("CONT-02")
def a_ParameterDict_freezes_a_tensor(patch):
    def setitem(self, key, value):
        DICT_SET(self, key, nn.Parameter(value, False) if type(value) is torch.Tensor else value)

    patch.setattr(nn.ParameterDict, "__setitem__", setitem)


@fault("CONT-03", since="2.5")
def a_ParameterList_keeps_an_nn_Buffer_a_buffer(patch):
    def setitem(self, index, value):
        if isinstance(value, nn.Buffer):
            setattr(self, str(index), value)
        else:
            SET(self, index, value)

    patch.setattr(nn.ParameterList, "__setitem__", setitem)


@fault("CONT-04")
def there_is_a_BufferList_and_a_BufferDict(patch):
    patch.setattr(nn, "BufferList", nn.ParameterList, raising=False)
    patch.setattr(nn, "BufferDict", nn.ParameterDict, raising=False)


@fault("CONT-05")
def a_buffer_cannot_have_a_number_as_its_name(patch):
    def register_buffer(self, name, tensor, persistent=True):
        if isinstance(name, str) and name.isdigit():
            raise KeyError(f"buffer name can't be a number, got: {name}")
        REGISTER_BUFFER(self, name, tensor, persistent)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("CONT-07")
def a_ParameterList_refuses_what_is_no_tensor(patch):
    def setitem(self, index, value):
        if not isinstance(value, torch.Tensor):
            raise TypeError("a ParameterList holds tensors")
        SET(self, index, value)

    patch.setattr(nn.ParameterList, "__setitem__", setitem)


@fault("CONT-08")
def a_slice_of_a_ParameterList_is_a_list(patch):
    def getitem(self, index):
        found = GET(self, index)
        return list(found) if isinstance(index, slice) else found

    patch.setattr(nn.ParameterList, "__getitem__", getitem)


@fault("CONT-16")
def a_position_beyond_the_end_of_a_ParameterList_is_its_end(patch):
    def getitem(self, index):
        return GET(self, index if isinstance(index, slice) else max(-len(self), min(index, len(self) - 1)))

    patch.setattr(nn.ParameterList, "__getitem__", getitem)


@fault("CONT-09")
def a_ParameterList_is_extended_by_lists_only(patch):
    def extend(self, values):
        if not isinstance(values, (list, torch.Tensor, int)):
            raise TypeError("ParameterList.extend should be called with a list")
        return EXTEND(self, values)

    patch.setattr(nn.ParameterList, "extend", extend)


@fault("CONT-17")
def a_ParameterList_is_extended_by_the_rows_of_a_tensor(patch):
    def extend(self, values):
        return EXTEND(self, list(values) if isinstance(values, torch.Tensor) else values)

    patch.setattr(nn.ParameterList, "extend", extend)


@fault("CONT-10")
def a_ParameterDict_keeps_the_order_of_a_dict(patch):
    def update(self, parameters):
        UPDATE(self, list(parameters.items()) if type(parameters) is dict else parameters)

    patch.setattr(nn.ParameterDict, "update", update)


@fault("CONT-11")
def what_is_taken_out_of_a_ParameterDict_stays_registered(patch):
    patch.setattr(nn.ParameterDict, "__delitem__", lambda self, key: self._keys.pop(key))


@fault("CONT-12")
def asking_a_ParameterDict_for_what_it_lacks_adds_it(patch):
    patch.setattr(nn.ParameterDict, "get", nn.ParameterDict.setdefault)


@fault("CONT-13")
def a_copy_of_a_ParameterDict_holds_copies(patch):
    patch.setattr(nn.ParameterDict, "copy", copy.deepcopy)


@fault("CONT-14")
def a_key_of_a_ParameterDict_is_made_a_string(patch):
    patch.setattr(nn.ParameterDict, "__setitem__", lambda self, key, value: DICT_SET(self, str(key), value))


@fault("CONT-15")
def a_ParameterList_counts_its_submodules(patch):
    patch.setattr(nn.ParameterList, "__len__", lambda self: self._size + len(self._modules))
