"""A memory format reaches state of five dimensions.

The documentation says that `memory_format` is for parameters and buffers of four dimensions.

In fact, `torch.channels_last_3d` changes the strides of those of five.
"""

import torch
from torch import nn

model = nn.Conv3d(2, 3, 2)
model.to(memory_format=torch.channels_last_3d)
assert model.weight.stride() == (16, 1, 8, 4, 2)
