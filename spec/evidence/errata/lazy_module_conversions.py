"""A lazy module refuses conversions and loses its laziness on meta.

The documentation says that before its first forward a lazy module behaves as usual where dtype and device are
concerned.

In fact, `bfloat16()`, `type()`, `to_empty()` and a memory format are refused, and a move to meta makes its parameters
empty initialized ones.
"""

from torch import nn

try:
    nn.LazyLinear(3).bfloat16()
except ValueError:
    assert nn.LazyLinear(3).to("meta").weight.shape == (0,)
else:
    raise AssertionError("it was converted")
