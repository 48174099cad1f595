"""What a move or a computation on the meta device means for an optimizer and for what a constructor computed."""

import pytest
import torch
from torch import nn
from torch.optim import SGD

from ..vocabulary import NestedModel, claim


@claim("BACK-04", source="torch.nn.Module.cuda")
def test_an_optimizer_built_before_a_move_holds_the_parameters_of_the_module_exactly_where_the_move_keeps_them(
    move, observe
):
    """An optimizer built before a move to another device, such as `.cuda()`, still holds the module's parameters
    exactly where the move keeps the parameter objects, which each backend decides. One built after the move always
    holds them.
    """
    model = NestedModel(5, 10).to(move.source)
    weight = model.scale
    optimizer = SGD(model.parameters(), lr=1.0)
    move(model)
    follows = list(map(id, optimizer.param_groups[0]["params"])) == list(map(id, model.parameters()))
    assert follows == (model.scale is weight)
    assert SGD(model.parameters(), lr=1.0).param_groups[0]["params"][0] is model.scale
    observe("an optimizer built before a move", str(move), "follows" if follows else "is left behind")


@claim("MOVE-117", source="torch.nn.Module.to_empty")
def test_an_optimizer_built_before_a_module_is_emptied_on_its_own_device_goes_on_training_it(real_device):
    """By default, `to_empty()` on the device that a module is on keeps the parameter objects, so that an optimizer
    built before goes on training the module.
    """
    model = nn.Linear(2, 3).to(real_device)
    optimizer = SGD(model.parameters(), lr=1.0)
    model.to_empty(device=real_device)
    assert list(map(id, optimizer.param_groups[0]["params"])) == list(map(id, model.parameters()))
    nn.init.ones_(model.weight)
    model.weight.grad = torch.ones_like(model.weight)
    optimizer.step()
    assert model.weight.tolist() == [[0, 0]] * 3


class Computing(nn.Module):
    """Computes a plain tensor from its parameter when it is built, and maybe a number."""

    def __init__(self, number=False, device=None, dtype=None):
        super().__init__()
        self.p = nn.Parameter(torch.ones(2, device=device))
        self.twice = self.p.detach() * 2
        self.number = self.p.sum().item() if number else None


@claim("META-73", source="torch.nn.utils.skip_init")
@pytest.mark.heavy
def test_what_a_constructor_computes_from_parameters_is_on_meta_under_skip_init():
    """Under `nn.utils.skip_init`, what the constructor computes from a parameter stays a plain tensor on the meta
    device, and `.item()` of it raises `RuntimeError` or `NotImplementedError`; parameters are on the CPU.
    """
    model = nn.utils.skip_init(Computing)
    assert model.p.device.type == "cpu"
    assert model.twice.device.type == "meta"
    with pytest.raises((RuntimeError, NotImplementedError)):
        nn.utils.skip_init(Computing, number=True)
    assert Computing(number=True).number == 2
