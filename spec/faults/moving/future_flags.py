"""Faults in ``torch.__future__``."""

import torch

from .. import fault

REPLACE_MODE = "torch.__future__.get_overwrite_module_params_on_conversion"
SWAP_MODE = "torch.__future__.get_swap_module_params_on_conversion"


@fault("MOVE-49", "MOVE-51", "MOVE-52", "MOVE-53", "MOVE-54", "MOVE-55", "MOVE-56", breaks=REPLACE_MODE)
def overwriting_cannot_be_set(original):
    """Replace mode can't be set."""
    return False


@fault("MOVE-10", "MOVE-50", "MOVE-57", "MOVE-58", "MOVE-59", "MOVE-60", "MOVE-61", breaks=SWAP_MODE)
def swapping_cannot_be_set(original):
    """Swap mode can't be set."""
    return False


@fault("MOVE-09", "MOVE-37", "MOVE-50", "MOVE-51", breaks=SWAP_MODE, since="2.3")
def swapping_is_always_on(original):
    """Swap mode is always on."""
    return True


@fault("MOVE-58", breaks=SWAP_MODE)
def overwriting_prevails_over_swapping(original):
    """Where both replace mode and swap mode are set, the module is converted in replace mode."""
    return original() and not torch.__future__.get_overwrite_module_params_on_conversion()


@fault("MOVE-52", breaks="torch.nn.Module._apply")
def overwriting_spares_a_parameter_where_nothing_is_to_be_done(original, self, fn, *args, **kwargs):
    """In replace mode, a conversion that has nothing to do keeps the parameter."""
    before = dict(self._parameters)
    original(self, fn, *args, **kwargs)
    for name, parameter in before.items():
        if parameter is not None and parameter.data_ptr() == self._parameters[name].data_ptr():
            self._parameters[name] = parameter
    return self


@fault("MOVE-54", "MOVE-59", breaks="torch.nn.Module._apply")
def a_new_parameter_has_the_attributes_of_the_old_one(original, self, fn, *args, **kwargs):
    """A parameter that a conversion replaces passes its attributes on."""
    before = {name: dict(vars(value)) for name, value in self._parameters.items() if value is not None}
    original(self, fn, *args, **kwargs)
    for name, attributes in before.items():
        vars(self._parameters[name]).update(attributes)
    return self


@fault("MOVE-60", "MOVE-61", breaks="torch.nn.Module._apply")
def an_error_while_swapping_does_not_name_the_parameter(original, self, fn, *args, **kwargs):
    """In swap mode, the error of a conversion does not name the parameter."""
    try:
        return original(self, fn, *args, **kwargs)
    except RuntimeError as error:
        raise RuntimeError("could not swap") from error


@fault("MOVE-60", breaks="torch.nn.Module._apply")
def an_error_while_swapping_loses_the_gradient(original, self, fn, *args, **kwargs):
    """In swap mode, a conversion that raises `RuntimeError` removes every gradient."""
    try:
        return original(self, fn, *args, **kwargs)
    except RuntimeError:
        for parameter in self._parameters.values():
            parameter.grad = None
        raise
