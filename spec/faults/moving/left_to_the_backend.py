"""Faults in what a move does to Parameter objects on any backend."""

import torch
from torch import nn

from .. import fault


def takes_a_device(args):
    return bool(args) and isinstance(args[0], str | torch.device)


@fault("BACK-01", breaks="torch.nn.Module.to")
def a_move_makes_a_new_object_of_every_second_parameter(original, self, *args, **kwargs):
    before = {} if not takes_a_device(args) else dict(self.named_parameters())
    original(self, *args, **kwargs)
    for position, (path, parameter) in enumerate(before.items()):
        prefix, _, name = path.rpartition(".")
        owner = self.get_submodule(prefix)
        if position % 2:
            now = owner._parameters[name]
            owner._parameters[name] = nn.Parameter(now.detach(), now.requires_grad)
        else:
            owner._parameters[name] = parameter
    return self


@fault("BACK-02", breaks="torch.nn.Module.to")
def a_move_that_replaces_parameters_keeps_them_tied(original, self, *args, **kwargs):
    owners = [(part, name, old) for part in self.modules() for name, old in part._parameters.items()]
    original(self, *args, **kwargs)
    moved = {}
    for part, name, old in owners:
        part._parameters[name] = moved.setdefault(id(old), part._parameters[name])
    return self
