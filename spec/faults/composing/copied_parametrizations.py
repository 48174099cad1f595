"""Faults in what a copy of a parametrized module takes along."""

import copy

from .. import fault


@fault("UTIL-127", "UTIL-128", breaks="torch.nn.utils.parametrize.register_parametrization")
def a_copy_of_a_parametrized_module_refers_to_the_old_one(original, module, *args, **options):
    """A deep copy of a parametrized module refers to the old module, and lacks what was in its slots."""
    original(module, *args, **options)
    type(module).__deepcopy__ = copied
    return module


def copied(self, memo):
    replica = type(self).__new__(type(self))
    vars(replica).update(copy.deepcopy(vars(self), {**memo, id(self): self}))
    return replica
