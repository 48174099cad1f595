"""What an optimizer can see."""

import pytest
import torch
from torch.optim import SGD, Adam, AdamW

from ..vocabulary import BUFFERS, FROZEN_PARAMETER, PARAMETER, PLAIN, ToyModel3, answers, claim

OPTIMIZERS = {
    "SGD with momentum": lambda parameters: SGD(parameters, lr=0.1, momentum=0.9),
    "Adam": lambda parameters: Adam(parameters, lr=0.1),
    "AdamW with weight decay": lambda parameters: AdamW(parameters, lr=0.1, weight_decay=0.1),
}


@claim("OPT-01", source="torch.optim.Optimizer")
@answers("updated by the optimizer?", yes=(PARAMETER,), no=(FROZEN_PARAMETER, *BUFFERS, *PLAIN))
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_of_the_parameters_updates_trainable_parameters_only(kind, answer, optimizer, real_device):
    model = kind.on(ToyModel3(5, 10).to(real_device), "x", torch.ones(10, device=real_device))
    optimizer = OPTIMIZERS[optimizer](model.parameters())
    before, c1 = torch.as_tensor(model.x).tolist(), model.c1.tolist()
    for _ in range(2):
        optimizer.zero_grad()
        (model(torch.ones(3, 5, device=real_device)) * model.x).sum().backward()
        optimizer.step()
    assert (torch.as_tensor(model.x).tolist() != before) is answer
    assert model.c1.tolist() == c1
