"""A strict load lets keys pass below a child that is None.

The documentation says that with `strict` the keys have to match those of the module exactly.

In fact, keys below a child that is registered as None are neither loaded nor unexpected.
"""

import torch
from torch import nn

model = nn.Module()
model.add_module("head", None)
assert model.load_state_dict({"head.weight": torch.ones(1)}, strict=True) == ([], [])
