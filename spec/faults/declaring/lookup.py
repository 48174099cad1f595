"""Faults in finding and replacing state by its dotted name."""

import copy
from functools import reduce

from torch import nn

from .. import fault


@fault("ENUM-09", breaks="torch.nn.Module.get_parameter")
def get_parameter_gives_a_copy(original, self, target):
    """`get_parameter()` returns a copy."""
    return nn.Parameter(original(self, target).data)


@fault("ENUM-24", breaks="torch.nn.Module.get_buffer")
def get_buffer_gives_a_copy(original, self, target):
    """`get_buffer()` returns a copy."""
    return original(self, target).clone()


@fault("ENUM-25", breaks="torch.nn.Module.get_submodule")
def get_submodule_gives_nothing_for_the_empty_name(original, self, target):
    """`get_submodule("")` returns None."""
    return original(self, target) if target else None


@fault("ENUM-25", breaks="torch.nn.Module.get_submodule")
def get_submodule_goes_one_step_only(original, self, target):
    """`get_submodule()` looks up only the first part of a dotted name."""
    return original(self, target.partition(".")[0])


def anything(self, target):
    path, _, name = target.rpartition(".")
    return getattr(self.get_submodule(path), name)


@fault("ENUM-10", "ENUM-29", breaks="torch.nn.Module.get_parameter")
def get_parameter_gives_whatever_has_the_name(original, self, target):
    """`get_parameter()` returns whatever has the name."""
    return anything(self, target)


@fault("ENUM-26", breaks="torch.nn.Module.get_buffer")
def get_buffer_gives_whatever_has_the_name(original, self, target):
    """`get_buffer()` returns whatever has the name."""
    return anything(self, target)


@fault("ENUM-27", "ENUM-28", breaks="torch.nn.Module.get_submodule")
def get_submodule_gives_whatever_has_the_name(original, self, target):
    """`get_submodule()` returns whatever has the name."""
    return reduce(getattr, target.split(".") if target else [], self)


@fault("ENUM-28", breaks="torch.nn.Module.get_buffer")
def get_buffer_gives_None_for_what_is_not_there(original, self, target):
    """`get_buffer()` returns None for a name that the module lacks."""
    try:
        return original(self, target)
    except AttributeError as error:
        if "has no attribute" in str(error):
            return None
        raise


@fault("ENUM-29", breaks="torch.nn.Module.get_buffer")
def get_buffer_refuses_a_buffer_that_is_None(original, self, target):
    """`get_buffer()` raises `AttributeError` for a buffer that is None."""
    buffer = original(self, target)
    if buffer is None:
        raise AttributeError(f"`{target}` is not a buffer")
    return buffer


@fault("ENUM-30", breaks="torch.nn.Module.set_submodule")
def set_submodule_registers_a_copy(original, self, target, module, *args, **kwargs):
    """`set_submodule()` registers a copy."""
    return original(self, target, copy.copy(module), *args, **kwargs)


@fault("ENUM-31", breaks="torch.nn.Module.set_submodule")
def set_submodule_makes_the_modules_on_the_way(original, self, target, module, *args, **kwargs):
    """`set_submodule()` makes the modules that a dotted name leads through."""
    first, dot, _ = target.partition(".")
    if dot and not hasattr(self, first):
        self.add_module(first, nn.Module())
    original(self, target, module, *args, **kwargs)


@fault("ENUM-31", "ENUM-32", "ENUM-33", breaks="torch.nn.Module.set_submodule", since="2.7")
def set_submodule_checks_nothing(original, self, target, module, strict=False):
    """`set_submodule()` checks nothing."""
    path, _, name = target.rpartition(".")
    setattr(self.get_submodule(path), name, module)


@fault("ENUM-34", breaks="torch.nn.Module.set_submodule")
def set_submodule_replaces_nothing_but_modules(original, self, target, module):
    """Before torch 2.7, `set_submodule()` raised `AttributeError` for the name of a buffer."""
    path, _, name = target.rpartition(".")
    if name in self.get_submodule(path)._buffers:
        raise AttributeError(f"`{name}` is not an nn.Module")
    original(self, target, module)


@fault("ENUM-32", breaks="torch.nn.Module.set_submodule")
def set_submodule_fills_the_place_of_a_child_that_is_None(original, self, target, module, strict=False):
    """`set_submodule()` replaces a submodule that is None."""
    if target in self._modules and self._modules[target] is None:
        return setattr(self, target, module)
    return original(self, target, module, strict)


@fault("ENUM-44", breaks="torch.nn.Module.get_submodule")
def get_submodule_looks_at_registered_modules_only(original, self, target):
    """`get_submodule()` finds registered submodules only."""
    found = original(self, target)
    for name in target.split(".") if target else ():
        if name not in self._modules:
            raise AttributeError(f"{type(self).__name__} has no attribute `{name}`")
        self = self._modules[name]
    return found


@fault("ENUM-27", breaks="torch.nn.Module.get_submodule")
def a_dotted_name_may_lead_through_any_object_to_a_module(original, self, target):
    """`get_submodule()` goes through objects that are not modules."""
    found = reduce(lambda held, name: getattr(held, name, None), target.split("."), self) if target else self
    return found if isinstance(found, nn.Module) else original(self, target)


@fault("ENUM-32", breaks="torch.nn.Module.set_submodule")
def set_submodule_takes_None(original, self, target, module, strict=False):
    """`set_submodule(name, None)` raises nothing."""
    if module is not None:
        return original(self, target, module, strict)
    path, _, name = target.rpartition(".")
    setattr(self.get_submodule(path), name, None)


@fault("ENUM-47", breaks="torch.nn.Module.set_submodule")
def set_submodule_is_add_module(original, self, target, module, strict=False):
    """`set_submodule()` does what `add_module()` does."""
    path, _, name = target.rpartition(".")
    held = getattr(self.get_submodule(path), name, None)
    if isinstance(held, nn.Module) and isinstance(module, nn.Module):
        return self.get_submodule(path).add_module(name, module)
    return original(self, target, module, *([strict] if strict else []))


@fault("ENUM-44", breaks="torch.nn.Module.get_parameter")
def get_parameter_looks_at_registered_parameters_only(original, self, target):
    """`get_parameter()` finds registered parameters only."""
    found = original(self, target)
    path, _, name = target.rpartition(".")
    if name not in self.get_submodule(path)._parameters:
        raise AttributeError(f"`{name}` is not an nn.Parameter")
    return found
