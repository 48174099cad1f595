"""A key for what is registered as None is only unexpected without strict.

The documentation says without a condition that a key for what is registered as None raises `RuntimeError`.

In fact, with `strict=False` the key is reported as unexpected and nothing raises.
"""

import torch
from torch import nn

model = nn.Module()
model.register_buffer("x", None)
assert model.load_state_dict({"x": torch.ones(1)}, strict=False) == ([], ["x"])
