"""Faults in finding and replacing state by its dotted name."""

import copy
from functools import reduce

from torch import nn

from .. import fault

GET_BUFFER = nn.Module.get_buffer
GET_PARAMETER = nn.Module.get_parameter
GET_SUBMODULE = nn.Module.get_submodule
SET_SUBMODULE = getattr(nn.Module, "set_submodule", None)


@fault("ENUM-09")
def get_parameter_gives_a_copy(patch):
    patch.setattr(nn.Module, "get_parameter", lambda self, target: nn.Parameter(GET_PARAMETER(self, target).data))


@fault("ENUM-24")
def get_buffer_gives_a_copy(patch):
    patch.setattr(nn.Module, "get_buffer", lambda self, target: GET_BUFFER(self, target).clone())


@fault("ENUM-25")
def get_submodule_gives_nothing_for_the_empty_name(patch):
    patch.setattr(nn.Module, "get_submodule", lambda self, target: GET_SUBMODULE(self, target) if target else None)


@fault("ENUM-25")
def get_submodule_goes_one_step_only(patch):
    patch.setattr(nn.Module, "get_submodule", lambda self, target: GET_SUBMODULE(self, target.partition(".")[0]))


def anything(self, target):
    path, _, name = target.rpartition(".")
    return getattr(self.get_submodule(path), name)


@fault("ENUM-10", "ENUM-29")
def get_parameter_gives_whatever_has_the_name(patch):
    patch.setattr(nn.Module, "get_parameter", anything)


@fault("ENUM-26")
def get_buffer_gives_whatever_has_the_name(patch):
    patch.setattr(nn.Module, "get_buffer", anything)


@fault("ENUM-27", "ENUM-28")
def get_submodule_gives_whatever_has_the_name(patch):
    patch.setattr(
        nn.Module, "get_submodule", lambda self, target: reduce(getattr, target.split(".") if target else [], self)
    )


@fault("ENUM-28")
def get_buffer_gives_None_for_what_is_not_there(patch):
    def get_buffer(self, target):
        try:
            return GET_BUFFER(self, target)
        except AttributeError as error:
            if "has no attribute" in str(error):
                return None
            raise

    patch.setattr(nn.Module, "get_buffer", get_buffer)


@fault("ENUM-29")
def get_buffer_refuses_a_buffer_that_is_None(patch):
    def get_buffer(self, target):
        buffer = GET_BUFFER(self, target)
        if buffer is None:
            raise AttributeError(f"`{target}` is not a buffer")
        return buffer

    patch.setattr(nn.Module, "get_buffer", get_buffer)


@fault("ENUM-30", since="2.5")
def set_submodule_registers_a_copy(patch):
    set_submodule = nn.Module.set_submodule
    patch.setattr(
        nn.Module,
        "set_submodule",
        lambda self, target, module, *args, **kwargs: set_submodule(self, target, copy.copy(module), *args, **kwargs),
    )


@fault("ENUM-31", since="2.5")
def set_submodule_makes_the_modules_on_the_way(patch):
    set_submodule = nn.Module.set_submodule

    def making(self, target, module, *args, **kwargs):
        first, dot, _ = target.partition(".")
        if dot and not hasattr(self, first):
            self.add_module(first, nn.Module())
        set_submodule(self, target, module, *args, **kwargs)

    patch.setattr(nn.Module, "set_submodule", making)


def unchecked(self, target, module, strict=False):
    path, _, name = target.rpartition(".")
    setattr(self.get_submodule(path), name, module)


@fault("ENUM-31", "ENUM-32", "ENUM-33", since="2.7")
def set_submodule_checks_nothing(patch):
    patch.setattr(nn.Module, "set_submodule", unchecked)


@fault("ENUM-34", since="2.5", until="2.7")
def set_submodule_replaces_nothing_but_modules(patch):
    set_submodule = nn.Module.set_submodule

    def checking(self, target, module):
        path, _, name = target.rpartition(".")
        if name in self.get_submodule(path)._buffers:
            raise AttributeError(f"`{name}` is not an nn.Module")
        set_submodule(self, target, module)

    patch.setattr(nn.Module, "set_submodule", checking)


@fault("ENUM-32", since="2.7")
def set_submodule_fills_the_place_of_a_child_that_is_None(patch):
    def set_submodule(self, target, module, strict=False):
        if target in self._modules and self._modules[target] is None:
            return setattr(self, target, module)
        return SET_SUBMODULE(self, target, module, strict)

    patch.setattr(nn.Module, "set_submodule", set_submodule)


@fault("ENUM-44")
def get_submodule_looks_at_registered_modules_only(patch):
    def get_submodule(self, target):
        found = GET_SUBMODULE(self, target)
        for name in target.split(".") if target else ():
            if name not in self._modules:
                raise AttributeError(f"{type(self).__name__} has no attribute `{name}`")
            self = self._modules[name]
        return found

    patch.setattr(nn.Module, "get_submodule", get_submodule)


@fault("ENUM-27")
def a_dotted_name_may_lead_through_any_object_to_a_module(patch):
    def get_submodule(self, target):
        found = reduce(lambda held, name: getattr(held, name, None), target.split("."), self) if target else self
        return found if isinstance(found, nn.Module) else GET_SUBMODULE(self, target)

    patch.setattr(nn.Module, "get_submodule", get_submodule)


@fault("ENUM-32", since="2.7")
def set_submodule_takes_None(patch):
    def set_submodule(self, target, module, strict=False):
        if module is not None:
            return SET_SUBMODULE(self, target, module, strict)
        path, _, name = target.rpartition(".")
        setattr(self.get_submodule(path), name, None)

    patch.setattr(nn.Module, "set_submodule", set_submodule)


@fault("ENUM-47", since="2.5")
def set_submodule_is_add_module(patch):
    def set_submodule(self, target, module, strict=False):
        path, _, name = target.rpartition(".")
        held = getattr(self.get_submodule(path), name, None)
        if isinstance(held, nn.Module) and isinstance(module, nn.Module):
            return self.get_submodule(path).add_module(name, module)
        return SET_SUBMODULE(self, target, module, *([strict] if strict else []))

    patch.setattr(nn.Module, "set_submodule", set_submodule)


@fault("ENUM-44")
def get_parameter_looks_at_registered_parameters_only(patch):
    def get_parameter(self, target):
        found = GET_PARAMETER(self, target)
        path, _, name = target.rpartition(".")
        if name not in self.get_submodule(path)._parameters:
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    patch.setattr(nn.Module, "get_parameter", get_parameter)
