"""set_submodule adds a name that is missing.

The documentation says that a target that is not there is an error.

In fact, by default, without `strict`, a last name that is missing is added.
"""

from torch import nn

model, child = nn.Module(), nn.ReLU()
model.set_submodule("new", child)
assert model.new is child
