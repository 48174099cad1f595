"""A ParameterList takes floating-point tensors only.

The documentation says that any tensor is converted to a parameter.

In fact, a tensor of integers or bools raises `RuntimeError`, since the parameter that is made of it requires grad.
"""

import torch
from torch import nn

try:
    nn.ParameterList([torch.arange(3)])
except RuntimeError:
    assert nn.ParameterList([torch.ones(3)])[0].requires_grad
else:
    raise AssertionError("it was converted")
