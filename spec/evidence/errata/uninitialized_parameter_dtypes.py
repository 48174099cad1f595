"""Not every dtype is open to an uninitialized parameter.

The documentation says that an uninitialized parameter or buffer may be converted, and that nothing but moves,
conversions and materialization is allowed.

In fact, `bfloat16()`, `bool()`, `byte()` and `cfloat()` raise `ValueError`, and others such as `size()` and `copy_()`
are allowed.
"""

from torch import nn

try:
    nn.UninitializedParameter().bfloat16()
except ValueError:
    assert nn.UninitializedBuffer().size() == (0,)
else:
    raise AssertionError("it was converted")
