"""A weight that is parametrized already can't be made orthogonal by default.

The documentation says that a weight that is parametrized already begins with the composition of all its
parametrizations.

In fact, with `use_trivialization=True`, which is the default, reading it raises a TypeError: there is no base yet, and
nothing makes one.
"""

from torch import nn
from torch.nn.utils import parametrizations, parametrize

model = parametrize.register_parametrization(nn.Linear(2, 2), "weight", nn.Identity())
parametrizations.orthogonal(model)
failed = False
try:
    model.weight  # noqa: B018
except TypeError:
    failed = True
assert failed
