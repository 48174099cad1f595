"""Faults in ``nn.Sequential``."""

import copy

from torch import nn

from .. import fault


@fault("CONT-37", "CONT-47", breaks="torch.nn.Sequential.forward")
def a_Sequential_gives_its_input_to_each_module(original, self, input):
    """A Sequential gives its own input to each module and returns the last output."""
    outputs = [module(input) for module in self if module is not None]
    return outputs[-1] if outputs else None


@fault("CONT-38", breaks="torch.nn.Sequential.__init__")
def a_Sequential_takes_names_from_a_dict_and_from_pairs(original, self, *modules):
    original(self)
    for name, module in enumerate(modules) if not isinstance(modules[0], dict | list) else dict(modules[0]).items():
        self.add_module(str(name), module)


@fault("CONT-39", "CONT-40", breaks="torch.nn.Sequential.__getitem__")
def a_slice_of_a_Sequential_is_numbered_anew(original, self, index):
    return type(self)(*original(self, index)) if isinstance(index, slice) else original(self, index)


@fault("CONT-40", "CONT-41", breaks="torch.nn.Sequential.append")
def an_appended_module_gets_a_name_that_is_free(original, self, module):
    self.add_module(next(name for name in map(str, range(len(self) * 2 + 2)) if name not in self._modules), module)
    return self


@fault("CONT-42", breaks=("torch.nn.Sequential.__mul__", "torch.nn.Sequential.__imul__"))
def a_multiple_of_a_Sequential_holds_copies(original, self, factor):
    copied = copy.deepcopy(original(self, factor))
    for position, module in enumerate(self):
        copied[position] = module
    return copied


@fault("CONT-43", breaks=("torch.nn.Sequential.__mul__", "torch.nn.Sequential.__imul__"))
def a_Sequential_is_multiplied_by_zero(original, self, factor):
    return original(self, factor) if factor else nn.Sequential()


@fault("CONT-44", breaks=("torch.nn.Sequential.__add__", "torch.nn.Sequential.__iadd__"))
def a_Sequential_adds_any_modules(original, self, others):
    return original(self, others if isinstance(others, nn.Sequential) else nn.Sequential(*others))


@fault("CONT-45", breaks="torch.nn.Sequential.insert")
def a_Sequential_inserts_beyond_its_ends_as_a_list_does(original, self, index, module):
    return original(self, max(-len(self), min(index, len(self))), module)


@fault("CONT-46", breaks="torch.nn.Sequential.insert")
def a_Sequential_numbers_its_modules_before_one_is_inserted(original, self, index, module):
    modules = list(self)
    modules.insert(index, module)
    self._modules.clear()
    return self.extend(modules)
