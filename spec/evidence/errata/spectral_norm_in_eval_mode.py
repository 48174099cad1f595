"""Spectral norm runs no power iteration in eval mode.

The documentation says that each access to the weight runs a power iteration.

In fact, in eval mode none is run, so nothing changes.
"""

import torch
from torch import nn
from torch.nn.utils import parametrizations

model = parametrizations.spectral_norm(nn.Linear(4, 4)).eval()
before = model.parametrizations.weight[0]._u.clone()
_ = model.weight
assert torch.equal(model.parametrizations.weight[0]._u, before)
_ = model.train().weight
assert not torch.equal(model.parametrizations.weight[0]._u, before)
