"""An optimizer takes a set of parameters.

The documentation says that parameters have to come in an order that is the same in every run, which sets don't have.

In fact, a set is accepted, before torch 2.15 without a word; only inside of a group is it refused.
"""

import torch
from torch import nn

parameters = {nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))}
assert len(torch.optim.SGD(parameters, lr=0.1).param_groups[0]["params"]) == 2
