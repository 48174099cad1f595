"""The running statistics of BatchNorm2d and BatchNorm3d are of the variance.

The documentation says that there is a moving average of the standard deviation.

In fact, it is one of the variance, as in BatchNorm1d.
"""

import torch
from torch import nn

model, x = nn.BatchNorm2d(1, momentum=1.0), torch.arange(4.0).view(1, 1, 2, 2)
model(x)
assert torch.allclose(model.running_var, x.var())
assert not torch.allclose(model.running_var, x.std())
