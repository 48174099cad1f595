"""Faults in ``nn.ModuleList``."""

import copy

from torch import nn

from .. import fault


@fault("CONT-25", breaks="torch.nn.ModuleList.insert")
def a_ModuleList_inserts_at_a_negative_position_as_a_list_does(original, self, index, module):
    original(self, index + len(self) if index < 0 else index, module)


@fault("CONT-26", breaks="torch.nn.ModuleList.insert")
def a_ModuleList_inserts_at_its_end_what_is_inserted_beyond_it(original, self, index, module):
    original(self, min(index, len(self)), module)


@fault("CONT-27", breaks="torch.nn.ModuleList.insert")
def a_ModuleList_looks_at_what_is_inserted(original, self, index, module):
    if not isinstance(module, nn.Module):
        raise TypeError("not a module")
    original(self, index, module)


@fault("CONT-28", breaks="torch.nn.ModuleList.extend")
def extending_a_ModuleList_leaves_out_what_is_no_module(original, self, modules):
    """Extending an `nn.ModuleList` leaves out anything but modules."""
    kept = [module for module in modules if isinstance(module, nn.Module)] if hasattr(modules, "__iter__") else []
    return original(self, kept)


@fault("CONT-29", breaks=("torch.nn.ModuleList._get_abs_string_index", "torch.nn.Sequential._get_item_by_idx"))
def a_position_beyond_the_end_counts_on_from_the_start(original, self, *arguments):
    *before, index = arguments
    return original(self, *before, index % len(self))


@fault("CONT-30", breaks=("torch.nn.ModuleList.__setitem__", "torch.nn.Sequential.__setitem__"))
def modules_are_assigned_to_a_slice(original, self, index, modules):
    """Assigning to a slice of a container assigns its modules one by one."""
    if not isinstance(index, slice):
        return original(self, index, modules)
    for position, module in zip(range(len(self))[index], modules, strict=True):
        original(self, position, module)


@fault(
    "CONT-18",
    "CONT-19",
    "CONT-31",
    "CONT-39",
    breaks=("torch.nn.ModuleList.__getitem__", "torch.nn.Sequential.__getitem__"),
)
def a_slice_of_a_container_is_a_deep_copy(original, self, index):
    found = original(self, index)
    return copy.deepcopy(found) if isinstance(index, slice) else found


@fault("CONT-32", breaks="torch.nn.Module.add_module")
def a_submodule_that_is_None_is_not_added(original, self, name, module):
    if module is not None:
        original(self, name, module)


@fault("CONT-33", breaks=("torch.nn.ModuleList.extend", "torch.nn.Sequential.__iadd__"))
def a_container_is_extended_by_itself_as_a_list_is(original, self, modules):
    if modules is not self:
        return original(self, modules)
    for module in list(self):
        self.append(module)
    return self


@fault("CONT-34", breaks="torch.nn.Module.forward")
def a_module_without_forward_returns_its_input(original, self, *arguments):
    return arguments[0]


@fault(
    "CONT-35", breaks=("torch.nn.ModuleList.__dir__", "torch.nn.Sequential.__dir__", "torch.nn.ParameterList.__dir__")
)
def dir_of_a_container_lists_its_positions(original, self):
    return [*original(self), *map(str, range(len(self)))]


@fault("CONT-36", breaks="torch.nn.ModuleList.__repr__")
def a_ModuleList_shows_each_module(original, self):
    return nn.Module.__repr__(self)
