"""Faults in ``nn.ParameterList`` and ``nn.ParameterDict``."""

from torch import nn

from .. import fault


@fault("CONT-55", breaks="torch.nn.ParameterList.__delitem__")
def an_element_of_a_ParameterList_is_deleted(original, self, index):
    kept = list(self)
    del kept[index]
    self._parameters.clear()
    self._size = 0
    self.extend(kept)


@fault(
    "CONT-21",
    "CONT-22",
    "CONT-57",
    breaks=("torch.nn.ParameterList.__setitem__", "torch.nn.ParameterDict.__setitem__"),
)
def a_container_keeps_its_parameters_sorted(original, self, key, value):
    original(self, key, value)
    for name, parameter in sorted(self._parameters.items()):
        del self._parameters[name]
        self._parameters[name] = parameter


@fault("CONT-22", "CONT-58", breaks="torch.nn.ParameterDict.__getitem__")
def a_key_that_a_ParameterDict_lacks_raises_KeyError(original, self, key):
    """A key that an `nn.ParameterDict` lacks raises `KeyError`."""
    if key not in self:
        raise KeyError(key)
    return original(self, key)


@fault("CONT-59", breaks="torch.nn.ParameterDict.__setitem__")
def a_ParameterDict_drops_a_key_that_it_raises_for(original, self, key, value):
    had = key in self
    try:
        original(self, key, value)
    except (KeyError, TypeError):
        if not had:
            del self._keys[key]
        raise


@fault("CONT-60", breaks="torch.nn.ParameterDict.fromkeys")
def fromkeys_copies_its_default(original, self, keys, default=None):
    return original(self, keys) if default is None else nn.ParameterDict([(key, default.clone()) for key in keys])


@fault("CONT-61", breaks="torch.nn.ParameterDict.__ror__")
def a_union_with_a_dict_on_the_left_is_a_ParameterDict(original, self, other):
    return nn.ParameterDict(original(self, other))


@fault("CONT-62", breaks=("torch.nn.ParameterList.__call__", "torch.nn.ParameterDict.__call__"))
def calling_a_container_of_parameters_returns_it(original, self, *arguments):
    return self


@fault("CONT-63", breaks="torch.nn.ParameterList.append")
def a_ParameterList_is_no_longer_than_before_where_appending_raises(original, self, value):
    try:
        return original(self, value)
    except RuntimeError:
        self._size -= 1
        raise
