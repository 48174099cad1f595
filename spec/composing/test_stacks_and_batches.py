"""Copies of the state of several modules, batches on a device, the default of a moving average, and slots in a swap."""

import pytest
import torch
from torch import nn
from torch.optim import swa_utils

from ..vocabulary import claim


@claim("UTIL-123", source="torch.func.stack_module_state", since="2.0")
def test_stacked_state_is_a_copy_that_an_optimizer_can_train(real_device):
    """`torch.func.stack_module_state(models)` copies: an optimizer trains the stacked parameters, and the models keep
    their values and get no gradients.
    """
    models = [nn.Linear(1, 1).to(real_device), nn.Linear(1, 1).to(real_device)]
    values = [[parameter.item() for parameter in model.parameters()] for model in models]
    parameters, _ = torch.func.stack_module_state(models)
    stacked = parameters["weight"].flatten().tolist()
    assert stacked == [model.weight.item() for model in models]
    optimizer = torch.optim.SGD(parameters.values(), lr=1.0)
    sum(parameter.sum() for parameter in parameters.values()).backward()
    optimizer.step()
    assert parameters["weight"].flatten().tolist() == [pytest.approx(value - 1) for value in stacked]
    assert [[parameter.item() for parameter in model.parameters()] for model in models] == values
    assert [parameter.grad for model in models for parameter in model.parameters()] == [None] * 4


@claim("UTIL-124", source="torch.optim.swa_utils.update_bn")
def test_update_bn_moves_each_batch_to_the_device_that_it_is_given(device):
    """`update_bn(loader, model, device=device)` moves each batch to that device before it calls the model with it."""
    model, seen = nn.Sequential(nn.BatchNorm1d(2)), []

    def note(module, args):
        seen.append(args[0].device.type)
        return (torch.ones(2, 2),)

    model.register_forward_pre_hook(note)
    swa_utils.update_bn([torch.ones(2, 2), torch.ones(2, 2, device="meta")], model)
    swa_utils.update_bn([torch.ones(2, 2)], model, device=device)
    assert seen == ["cpu", "meta", torch.device(device).type]


@claim("UTIL-125", source="torch.optim.swa_utils.get_ema_multi_avg_fn", since="2.1")
def test_an_exponential_average_decays_by_a_thousandth_by_default():
    """`get_ema_multi_avg_fn()` and `get_ema_avg_fn()` have a decay of 0.999 by default."""
    averaged, current = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    assert swa_utils.get_ema_avg_fn()(averaged, current, 1).item() == pytest.approx(0.001)
    swa_utils.get_ema_multi_avg_fn()([averaged], [current], 1)
    assert averaged.item() == pytest.approx(0.001)


class First(torch.Tensor):
    __slots__ = ("x",)


class Second(torch.Tensor):
    __slots__ = ("y",)


@claim("UTIL-126", source="torch.utils.swap_tensors", since="2.3")
def test_tensors_of_classes_with_different_slots_cannot_be_swapped():
    """`torch.utils.swap_tensors` raises `RuntimeError` for tensors whose classes have different `__slots__`, and
    changes neither; for tensors with the same slots it exchanges the values in the slots.
    """
    first, other, second = (
        torch.full((1,), n).as_subclass(Class) for n, Class in ((1, First), (2, First), (3, Second))
    )
    first.x, other.x = "first", "other"
    with pytest.raises(RuntimeError, match="different slots"):
        torch.utils.swap_tensors(first, second)
    assert (first.item(), second.item()) == (1, 3)
    torch.utils.swap_tensors(first, other)
    assert (first.item(), first.x) == (2, "other")
