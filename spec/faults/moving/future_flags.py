"""Faults in ``torch.__future__``."""

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply


@fault("MOVE-49", "MOVE-51", "MOVE-52", "MOVE-53", "MOVE-54", "MOVE-55", "MOVE-56")
def overwriting_cannot_be_set(patch):
    patch.setattr(torch.__future__, "get_overwrite_module_params_on_conversion", lambda: False)


@fault("MOVE-10", "MOVE-50", "MOVE-57", "MOVE-58", "MOVE-59", "MOVE-60", "MOVE-61", since="2.3")
def swapping_cannot_be_set(patch):
    patch.setattr(torch.__future__, "get_swap_module_params_on_conversion", lambda: False)


@fault("MOVE-09", "MOVE-37", "MOVE-50", "MOVE-51", since="2.3")
def swapping_is_always_on(patch):
    patch.setattr(torch.__future__, "get_swap_module_params_on_conversion", lambda: True)


@fault("MOVE-58", since="2.3")
def overwriting_prevails_over_swapping(patch):
    swap = torch.__future__.get_swap_module_params_on_conversion
    overwrite = torch.__future__.get_overwrite_module_params_on_conversion
    patch.setattr(torch.__future__, "get_swap_module_params_on_conversion", lambda: swap() and not overwrite())


@fault("MOVE-52")
def overwriting_spares_a_parameter_where_nothing_is_to_be_done(patch):
    def apply(self, fn, *args, **kwargs):
        before = dict(self._parameters)
        APPLY(self, fn, *args, **kwargs)
        for name, parameter in before.items():
            if parameter is not None and parameter.data_ptr() == self._parameters[name].data_ptr():
                self._parameters[name] = parameter
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-54", "MOVE-59")
def a_new_parameter_has_the_attributes_of_the_old_one(patch):
    def apply(self, fn, *args, **kwargs):
        before = {name: dict(vars(value)) for name, value in self._parameters.items() if value is not None}
        APPLY(self, fn, *args, **kwargs)
        for name, attributes in before.items():
            vars(self._parameters[name]).update(attributes)
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-60", "MOVE-61", since="2.3")
def an_error_while_swapping_does_not_name_the_parameter(patch):
    def apply(self, fn, *args, **kwargs):
        try:
            return APPLY(self, fn, *args, **kwargs)
        except RuntimeError as error:
            raise RuntimeError("could not swap") from error

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-60", since="2.3")
def an_error_while_swapping_loses_the_gradient(patch):
    def apply(self, fn, *args, **kwargs):
        try:
            return APPLY(self, fn, *args, **kwargs)
        except RuntimeError:
            for parameter in self._parameters.values():
                parameter.grad = None
            raise

    patch.setattr(nn.Module, "_apply", apply)
