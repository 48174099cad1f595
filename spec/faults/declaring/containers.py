"""Faults in ``nn.ParameterList`` and ``nn.ParameterDict``."""

import copy

import torch
from torch import nn

from .. import fault


@fault("CONT-01", breaks="torch.nn.ParameterList.__setitem__")
def a_ParameterList_holds_plain_attributes(original, self, index, value):
    vars(self)[str(index)] = value


@fault("CONT-06", breaks="torch.nn.ParameterDict.__setitem__")
def a_ParameterDict_holds_plain_attributes(original, self, key, value):
    self._keys[key] = None
    vars(self)[key] = value


@fault("CONT-02", breaks="torch.nn.ParameterList.__setitem__")
def a_ParameterList_keeps_a_tensor_a_tensor(original, self, index, value):
    setattr(self, str(index), value)


@fault("CONT-02", breaks="torch.nn.ParameterDict.__setitem__")
def a_ParameterDict_freezes_a_tensor(original, self, key, value):
    original(self, key, nn.Parameter(value, False) if type(value) is torch.Tensor else value)


@fault("CONT-03", breaks="torch.nn.ParameterList.__setitem__")
def a_ParameterList_keeps_an_nn_Buffer_a_buffer(original, self, index, value):
    """An `nn.ParameterList` registers an `nn.Buffer` as a buffer."""
    if isinstance(value, nn.Buffer):
        setattr(self, str(index), value)
    else:
        original(self, index, value)


@fault("CONT-04")
def there_is_a_BufferList_and_a_BufferDict(patch):
    """`nn.BufferList` and `nn.BufferDict` exist."""
    patch.setattr(nn, "BufferList", nn.ParameterList, raising=False)
    patch.setattr(nn, "BufferDict", nn.ParameterDict, raising=False)


@fault("CONT-05", breaks="torch.nn.Module.register_buffer")
def a_buffer_cannot_have_a_number_as_its_name(original, self, name, tensor, persistent=True):
    if isinstance(name, str) and name.isdigit():
        raise KeyError(f"buffer name can't be a number, got: {name}")
    original(self, name, tensor, persistent)


@fault("CONT-07", breaks="torch.nn.ParameterList.__setitem__")
def a_ParameterList_refuses_what_is_no_tensor(original, self, index, value):
    """An `nn.ParameterList` raises `TypeError` for a value that is not a tensor."""
    if not isinstance(value, torch.Tensor):
        raise TypeError("a ParameterList holds tensors")
    original(self, index, value)


@fault("CONT-08", breaks="torch.nn.ParameterList.__getitem__")
def a_slice_of_a_ParameterList_is_a_list(original, self, index):
    """A slice of an `nn.ParameterList` is a list."""
    found = original(self, index)
    return list(found) if isinstance(index, slice) else found


@fault("CONT-16", breaks="torch.nn.ParameterList.__getitem__")
def a_position_beyond_the_end_of_a_ParameterList_is_its_end(original, self, index):
    """An index beyond the end of an `nn.ParameterList` gives its last element."""
    return original(self, index if isinstance(index, slice) else max(-len(self), min(index, len(self) - 1)))


@fault("CONT-09", breaks="torch.nn.ParameterList.extend")
def a_ParameterList_is_extended_by_lists_only(original, self, values):
    """`extend()` of an `nn.ParameterList` raises `TypeError` for anything but a list."""
    if not isinstance(values, (list, torch.Tensor, int)):
        raise TypeError("ParameterList.extend should be called with a list")
    return original(self, values)


@fault("CONT-17", breaks="torch.nn.ParameterList.extend")
def a_ParameterList_is_extended_by_the_rows_of_a_tensor(original, self, values):
    """`extend(tensor)` of an `nn.ParameterList` adds the rows of the tensor."""
    return original(self, list(values) if isinstance(values, torch.Tensor) else values)


@fault("CONT-10", breaks="torch.nn.ParameterDict.update")
def a_ParameterDict_keeps_the_order_of_a_dict(original, self, parameters):
    """`update()` of an `nn.ParameterDict` keeps the order of a dict."""
    original(self, list(parameters.items()) if type(parameters) is dict else parameters)


@fault("CONT-11", breaks="torch.nn.ParameterDict.__delitem__")
def what_is_taken_out_of_a_ParameterDict_stays_registered(original, self, key):
    """A key that is deleted from an `nn.ParameterDict` stays registered."""
    del self._keys[key]


@fault("CONT-12", breaks="torch.nn.ParameterDict.get")
def asking_a_ParameterDict_for_what_it_lacks_adds_it(original, self, *args):
    """`get(key)` of an `nn.ParameterDict` adds a key that it lacks."""
    return self.setdefault(*args)


@fault("CONT-13", breaks="torch.nn.ParameterDict.copy")
def a_copy_of_a_ParameterDict_holds_copies(original, self):
    """`copy()` of an `nn.ParameterDict` copies the parameters."""
    return copy.deepcopy(self)


@fault("CONT-14", breaks="torch.nn.ParameterDict.__setitem__")
def a_key_of_a_ParameterDict_is_made_a_string(original, self, key, value):
    return original(self, str(key), value)


@fault("CONT-15", breaks="torch.nn.ParameterList.__len__")
def a_ParameterList_counts_its_submodules(original, self):
    return self._size + len(self._modules)


@fault("CONT-64", breaks="torch.nn.TransformerEncoder.__init__")
def a_TransformerEncoder_takes_the_layer_that_is_given_as_its_first(original, self, encoder_layer, *args, **options):
    original(self, encoder_layer, *args, **options)
    self.layers[0] = encoder_layer


@fault("CONT-65", breaks="torch.nn.Sequential.__init__")
def a_Sequential_holds_copies(original, self, *modules):
    """`nn.Sequential` holds a copy of each module."""
    original(self, *map(copy.deepcopy, modules))
