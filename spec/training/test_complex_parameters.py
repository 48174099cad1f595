"""What the faster ways of an optimizer do with a complex parameter."""

import pytest
import torch
from torch import nn
from torch.optim import Adam, AdamW

from ..vocabulary import claim
from .optimizers import OPTIMIZERS


@claim("OPT-79", source="torch.optim.Adam", since="2.5")
@pytest.mark.parametrize("Optimizer", [Adam, AdamW])
def test_a_fused_optimizer_raises_for_a_complex_parameter(Optimizer):
    """`optim.Adam` and `optim.AdamW` with `fused=True` raise `RuntimeError` in `step()` for a complex parameter, which
    stays as it was; without `fused`, they update it.
    """
    model = nn.Module()
    model.x = nn.Parameter(torch.ones(2, dtype=torch.complex64))
    model.x.grad = torch.ones_like(model.x)
    fused = Optimizer([model.x], lr=0.1, fused=True)
    with pytest.raises(RuntimeError, match="requires all the params to be floating point"):
        fused.step()
    assert model.x.tolist() == [1, 1]
    Optimizer([model.x], lr=0.1).step()
    assert model.x.abs().max().item() < 1


@claim("OPT-80", source="torch.optim.Optimizer", since="2.1")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_complex_parameter_gets_the_same_value_with_foreach_and_without(optimizer):
    """Optimizers such as `optim.SGD` and `optim.Adam` update a complex parameter to the same value with `foreach=True`
    and with `foreach=False`, at each step.
    """
    both = [nn.Parameter(torch.tensor([1 + 2j, 3 - 1j])) for _ in range(2)]
    optimizers = [OPTIMIZERS[optimizer]([x]) for x in both]
    optimizers[0].param_groups[0]["foreach"], optimizers[1].param_groups[0]["foreach"] = True, False
    for gradient in ([1 + 1j, 2j], [2 - 1j, 1 + 0j]):
        for x, its_optimizer in zip(both, optimizers, strict=True):
            x.grad = torch.tensor(gradient)
            its_optimizer.step()
        assert torch.allclose(*both)
    assert not torch.isclose(both[0], torch.tensor([1 + 2j, 3 - 1j])).any()
