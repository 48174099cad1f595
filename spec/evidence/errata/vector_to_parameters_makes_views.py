"""vector_to_parameters makes the parameters views of the vector.

The documentation says that slices of the vector are copied into the parameters.

In fact, the parameters become views of the vector: what changes it in place changes them.
"""

import torch
from torch import nn

model, vector = nn.Linear(1, 1), torch.zeros(2)
nn.utils.vector_to_parameters(vector, model.parameters())
vector.fill_(9)
assert model.bias.tolist() == [9]
