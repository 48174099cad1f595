"""Faults in what is kept of a value that is not registered."""

import torch
from torch import nn

from .. import fault


@fault("ATTR-01")
def pickling_a_module_loses_its_plain_tensors(patch):
    def getstate(self):
        return {name: value for name, value in vars(self).items() if not isinstance(value, torch.Tensor)}

    patch.setattr(nn.Module, "__getstate__", getstate, raising=False)
