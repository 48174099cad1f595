"""Weight decay moves the padding row of an Embedding.

The documentation says that the padding row is not updated in training and stays as it is.

In fact, its gradient is zero and not absent, so weight decay moves it wherever it is not zero, and so does any other
use of the weight.
"""

import torch
from torch import nn

model = nn.Embedding(3, 2, padding_idx=1)
nn.init.ones_(model.weight)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.5)
model(torch.tensor([0, 1])).sum().backward()
optimizer.step()
assert (model.weight[1] < 1).all()
