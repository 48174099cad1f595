"""functional_call with the regular name of a parametrized parameter changes the module.

The documentation says that the regular name of a parametrized parameter switches its parametrization off for the
call.

In fact, the value goes through `right_inverse` into the module's own original: the parametrization stays on, and
where the inverse is not exact, the module is changed after the call. Without a `right_inverse` the call raises, and
the gradient goes to the module's original and not to the tensor that was passed.
"""

import torch
from torch import nn
from torch.nn.utils import parametrize


class Half(nn.Module):
    def forward(self, x):
        return x * 2

    def right_inverse(self, x):
        return x.round() / 2


model = nn.Linear(2, 3)
parametrize.register_parametrization(model, "weight", Half(), unsafe=True)
model.parametrizations.weight.original.data.fill_(0.3)
assert torch.allclose(model.weight, torch.tensor(0.6))
torch.func.functional_call(model, {"weight": torch.full((3, 2), 5.3)}, torch.ones(1, 2))
assert model.weight.eq(1.0).all()  # it was 0.6 before the call
