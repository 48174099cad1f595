"""Sequential.insert raises KeyError where the modules have names.

The documentation says that a module is inserted at an index.

In fact, in an `nn.Sequential` made of an `OrderedDict`, whose modules have names of their own, `insert` raises
`KeyError` and inserts nothing.
"""

from collections import OrderedDict

from torch import nn

model = nn.Sequential(OrderedDict(x=nn.Identity(), y=nn.Identity()))
try:
    model.insert(0, nn.Tanh())
except KeyError:
    assert [name for name, _ in model.named_children()] == ["x", "y"]
else:
    raise AssertionError("it was inserted")
