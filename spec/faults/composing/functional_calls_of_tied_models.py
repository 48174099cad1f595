"""Faults in functional calls of models that use one parameter under two names."""

from .. import fault


@fault("UTIL-74", breaks="torch.nn.Module.to")
def a_move_keeps_the_parameters_of_one_module_tied(original, self, *args, **options):
    names = [(name, id(parameter)) for name, parameter in self._parameters.items()]
    original(self, *args, **options)
    first = {}
    for name, identity in names:
        self._parameters[name] = first.setdefault(identity, self._parameters[name])
    return self
