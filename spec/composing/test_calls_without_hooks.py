"""What runs the hooks of a module, and what doesn't."""

import pytest
import torch

from ..vocabulary import claim
from .hooked_modules import Scaled


@claim("HOOK-92", source="torch.nn.Module.forward")
@pytest.mark.parametrize(
    "register", ["register_forward_pre_hook", "register_forward_hook", "register_full_backward_hook"]
)
def test_calling_forward_itself_runs_no_hook(register):
    """`module.forward(x)` runs none of the module's hooks, forward or backward; `module(x)` runs them."""
    model, ran = Scaled(), []
    getattr(model, register)(lambda *args: ran.append(register))
    x = torch.ones(2, requires_grad=True)
    model.forward(x).sum().backward()
    assert ran == []
    model(x).sum().backward()
    assert ran == [register]
