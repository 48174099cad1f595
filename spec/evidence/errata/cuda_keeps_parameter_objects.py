"""A move to a GPU keeps the Parameter objects.

The documentation says that a move makes parameters and buffers other objects, so that it has to come before the
optimizer.

In fact, by what the code says, only buffers become other objects: by default a parameter keeps its identity between
devices whose tensors are compatible, as those of CPU and CUDA are. This script needs a GPU and has not been run yet.
"""

from torch import nn

model = nn.BatchNorm1d(1)
weight, mean = model.weight, model.running_mean
model.cuda()  # needs a GPU
assert model.weight is weight
assert model.running_mean is not mean
