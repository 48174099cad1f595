"""The attribute parametrizations is a ModuleDict.

The documentation says that the attribute `parametrizations` of a module is a ParametrizationList.

In fact, it is an `nn.ModuleDict` of such lists, one for each name.
"""

from torch import nn
from torch.nn.utils import parametrizations, parametrize

model = parametrizations.orthogonal(nn.Linear(3, 3))
assert type(model.parametrizations) is nn.ModuleDict
assert type(model.parametrizations.weight) is parametrize.ParametrizationList
