"""Faults in ``nn.ModuleDict``."""

from torch import nn

from .. import fault


@fault("CONT-48", "CONT-49", breaks="torch.nn.ModuleDict.__setitem__")
def a_ModuleDict_takes_any_name_and_any_value(original, self, key, module):
    self._modules[key] = module


@fault("CONT-20", "CONT-50", breaks="torch.nn.ModuleDict.update")
def a_ModuleDict_sorts_its_names(original, self, modules):
    original(self, modules)
    held = sorted(self._modules.items())
    self._modules.clear()
    self._modules.update(held)


@fault("CONT-51", breaks="torch.nn.ModuleDict.pop")
def popping_a_name_that_a_ModuleDict_lacks_returns_None(original, self, key, default=None):
    return original(self, key) if key in self else default


@fault("CONT-52", breaks=("torch.nn.ModuleDict.update", "torch.nn.ParameterDict.update"))
def a_broken_pair_is_found_before_any_pair_is_taken(original, self, pairs):
    if isinstance(pairs, list):
        for pair in pairs:
            if len(pair) != 2:
                raise ValueError("has length")
    original(self, pairs)


@fault("CONT-53", breaks=("torch.nn.ModuleDict.update", "torch.nn.ParameterDict.update"))
def a_dict_of_a_number_is_empty(original, self, values):
    """A ModuleDict or ParameterDict that is made of a number is empty."""
    original(self, {} if isinstance(values, int) else values)


@fault("CONT-20", "CONT-54", breaks="torch.nn.ModuleDict.__len__")
def a_ModuleDict_does_not_count_None(original, self):
    return sum(module is not None for module in self._modules.values())


@fault("CONT-54", breaks="torch.nn.ModuleDict.__setitem__")
def None_in_a_ModuleDict_becomes_an_Identity(original, self, key, module):
    original(self, key, nn.Identity() if module is None else module)
