"""Faults in who gets a gradient."""

import torch
from torch import nn

from .. import fault

BACKWARD = torch.Tensor.backward


@fault("GRAD-02", "GRAD-03", "GRAD-14")
def backward_doubles_every_gradient(patch):
    def backward(self, gradient=None, *args, **kwargs):
        BACKWARD(self * 2, gradient, *args, **kwargs)

    patch.setattr(torch.Tensor, "backward", backward)


@fault("GRAD-04")
def parameters_lists_a_buffer_that_requires_grad(patch):
    parameters = nn.Module.parameters

    def listed(self, recurse=True):
        yield from parameters(self, recurse)
        yield from (buffer for buffer in self.buffers(recurse) if buffer.requires_grad)

    patch.setattr(nn.Module, "parameters", listed)
