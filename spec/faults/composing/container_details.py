"""Faults in what containers do with defaults, orders, other containers, and how they show themselves."""

import copy

from torch import nn

from .. import fault


@fault("CONT-66", breaks="torch.nn.ParameterDict.setdefault")
def setdefault_without_a_default_does_nothing(original, self, key, default=None):
    """`nn.ParameterDict.setdefault(key)` leaves an absent key absent."""
    return original(self, key, default) if default is not None else None


@fault("CONT-67", breaks="torch.nn.ModuleDict.update")
def a_ModuleDict_sorts_what_it_is_given(original, self, modules):
    return original(self, sorted(dict(modules).items(), key=lambda pair: pair[0]))


@fault("CONT-68", breaks="torch.nn.Sequential.extend")
def a_Sequential_is_extended_by_copies(original, self, sequential):
    """`nn.Sequential.extend` appends copies."""
    return original(self, nn.Sequential(*(copy.deepcopy(module) for module in sequential)))


@fault("CONT-69", breaks=("torch.nn.ParameterList.extra_repr", "torch.nn.ParameterDict.extra_repr"))
def parameter_containers_show_nothing_of_their_elements(original, self):
    return ""


@fault("CONT-70", breaks="torch.nn.ModuleList.__repr__")
def the_repr_of_a_ModuleList_is_not_indented(original, self):
    """`repr()` of an `nn.ModuleList` does not indent its lines."""
    return "\n".join(line.strip() for line in original(self).splitlines())
