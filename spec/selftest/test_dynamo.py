"""The stand-in for TorchDynamo: optimizers do with it what they do with the real thing, and nothing of it is left."""

import sys

import torch
from torch import nn

from ..engine.dynamo import eager_optimizers
from ..training.optimizers import OPTIMIZERS
from ..vocabulary.processes import in_a_process


def stepped():
    """The values of a parameter after three steps of each optimizer, and what each keeps of it."""
    found = {}
    for name, make in OPTIMIZERS.items():
        parameter = nn.Parameter(torch.arange(4.0))
        optimizer = make([parameter])
        for _ in range(3):
            (parameter**2).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        state = optimizer.state_dict()["state"][0]
        found[name] = (
            parameter.tolist(),
            {key: torch.as_tensor(value).tolist() for key, value in state.items() if value is not None},
        )
    return found


def stepped_with_the_real_one():
    import torch._dynamo

    return hasattr(torch._dynamo, "optimize"), stepped()


def test_optimizers_do_the_same_with_the_stand_in_and_with_the_real_thing():
    is_real, expected = in_a_process(stepped_with_the_real_one)
    assert is_real
    with eager_optimizers():
        assert stepped() == expected


def test_the_stand_in_for_TorchDynamo_leaves_nothing_behind():
    before = "torch._dynamo" in sys.modules
    with eager_optimizers():
        parameter = nn.Parameter(torch.ones(1))
        parameter.grad = torch.ones(1)
        torch.optim.SGD([parameter], lr=1.0).step()
    assert parameter.item() == 0
    assert ("torch._dynamo" in sys.modules) is before
    wrapped = getattr(torch.optim.Optimizer.add_param_group, "__wrapped__", None)
    assert before or "__dynamo_disable" not in vars(wrapped or stepped)
