"""Faults in containers that show after a sequence of events."""

from collections import OrderedDict

from torch import nn

from .. import fault


@fault(
    "CONT-18",
    "CONT-19",
    "CONT-23",
    "CONT-41",
    breaks=("torch.nn.ModuleList.__delitem__", "torch.nn.Sequential.__delitem__"),
)
def a_deletion_leaves_the_other_modules_under_their_names(original, self, which):
    names = list(self._modules)[which]
    for name in names if isinstance(names, list) else [names]:
        delattr(self, name)


@fault("CONT-18", "CONT-24", breaks="torch.nn.ModuleList.insert")
def a_module_inserted_into_a_ModuleList_replaces_the_one_that_is_there(original, self, index, module):
    self._modules[str(index)] = module


@fault("CONT-19", "CONT-45", breaks="torch.nn.Sequential.insert")
def a_Sequential_inserts_behind_a_negative_position(original, self, index, module):
    return original(self, index + 1 if index < -1 else index, module)


@fault("CONT-20", "CONT-50", breaks="torch.nn.ModuleDict.__setitem__")
def a_module_that_is_replaced_in_a_ModuleDict_comes_last(original, self, key, module):
    self._modules.pop(key, None)
    original(self, key, module)


@fault(
    "CONT-21",
    "CONT-22",
    "CONT-56",
    breaks=("torch.nn.ParameterList.__setitem__", "torch.nn.ParameterDict.__setitem__"),
)
def a_number_replaces_a_parameter(original, self, key, value):
    """A parameter of a container is replaced by any value."""
    name = self._get_abs_string_index(key) if isinstance(self, nn.ParameterList) else key
    if not isinstance(value, nn.Parameter):
        self._parameters.pop(name, None)
    original(self, key, value)


@fault("CONT-22", "CONT-61", breaks="torch.nn.ParameterDict.__or__")
def a_union_of_ParameterDicts_changes_the_left_one(original, self, other):
    self.update(other)
    return nn.ParameterDict(OrderedDict(self.items())) if isinstance(other, nn.ParameterDict) else dict(self.items())
