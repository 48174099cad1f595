"""The scale of a SyncBatchNorm begins with ones.

The documentation says that the scale is drawn from a uniform distribution.

In fact, it begins as ones, as that of every BatchNorm.
"""

from torch import nn

assert nn.SyncBatchNorm(3).weight.tolist() == [1, 1, 1]
