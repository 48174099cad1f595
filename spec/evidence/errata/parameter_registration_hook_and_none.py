"""A parameter registration hook is not called for None.

The documentation says that the hook is called at every `register_parameter`.

In fact, it is not called where None is registered, as the hooks for buffers and modules are.
"""

from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

names = []
with register_module_parameter_registration_hook(lambda module, name, parameter: names.append(name)):
    nn.Module().register_parameter("x", None)
assert names == []
