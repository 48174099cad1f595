"""A ParameterList has not all that a list has.

The documentation says that it can be used as a Python list.

In fact, there is no `del`, `insert`, `pop`, `remove`, `reverse` and `+`.
"""

import torch
from torch import nn

weights = nn.ParameterList([torch.ones(1)])
assert not any(hasattr(weights, name) for name in ("__delitem__", "insert", "pop", "remove", "reverse", "__add__"))
