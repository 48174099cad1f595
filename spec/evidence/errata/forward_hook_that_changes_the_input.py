"""A forward hook that changes the input may change the output.

The documentation says that a change of the input in place, made by a forward hook, has no effect on the output.

In fact, it has where the output is the input or shares its memory.
"""

import torch
from torch import nn

model = nn.Identity()
model.register_forward_hook(lambda module, args, output: args[0].zero_() and None)
assert model(torch.ones(1)).tolist() == [0]
