"""How averages of a model are computed, where they are, and how a scheduler moves towards them."""

import math

import pytest
import torch
from torch import nn
from torch.optim import SGD, swa_utils
from torch.optim.swa_utils import SWALR, AveragedModel

from ..vocabulary import claim


class Steps(nn.Module):
    """A parameter ``p`` and nothing else, to be filled with the number of the step."""

    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.zeros(3))


def average(model, averaged, numbers):
    """Fill ``model`` with each number in turn and let ``averaged`` take it in."""
    for number in numbers:
        for tensor in [*model.parameters(), *model.buffers()]:
            tensor.data.fill_(number)
        averaged.update_parameters(model)


@claim("UTIL-64", source="torch.optim.swa_utils.AveragedModel", since="2.1")
def test_an_averaged_model_with_two_functions_raises():
    """`AveragedModel` raises `AssertionError` if it is given both `avg_fn` and `multi_avg_fn`."""
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn should be provided"):
        AveragedModel(Steps(), avg_fn=swa_utils.get_swa_avg_fn(), multi_avg_fn=swa_utils.get_swa_multi_avg_fn())


@claim("UTIL-65", source="torch.optim.swa_utils.get_ema_avg_fn", since="2.6")
@pytest.mark.parametrize("make", ["get_ema_avg_fn", "get_ema_multi_avg_fn"])
def test_a_decay_outside_of_0_to_1_raises(make):
    """`get_ema_avg_fn(decay)` and `get_ema_multi_avg_fn(decay)` raise `ValueError` for a decay below 0 or above 1, and
    take 0 and 1.
    """
    for decay in (-0.1, 1.1):
        with pytest.raises(ValueError, match=r"Please provide a value in \[0,1\] range"):
            getattr(swa_utils, make)(decay)
    assert callable(getattr(swa_utils, make)(0.0))
    assert callable(getattr(swa_utils, make)(1.0))


@claim("UTIL-66", source="torch.optim.swa_utils.AveragedModel", since="2.1")
def test_a_multi_avg_fn_is_called_once_for_each_dtype_with_lists():
    """`AveragedModel(model, multi_avg_fn=f)` calls `f(averaged, current, count)` from the second update on, once for
    each dtype, with two lists of tensors; `f` changes those in `averaged` in place.
    """
    model, calls = Steps(), []
    model.q = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    model.r = nn.Parameter(torch.zeros(2))

    def add(averaged, current, count):
        calls.append((len(averaged), len(current), int(count)))
        for own, other in zip(averaged, current, strict=True):
            own += other

    averaged = AveragedModel(model, multi_avg_fn=add)
    average(model, averaged, (1, 2, 3))
    assert sorted(calls) == [(1, 1, 1), (1, 1, 2), (2, 2, 1), (2, 2, 2)]
    assert [parameter.tolist() for parameter in averaged.module.parameters()] == [[6, 6, 6], [6], [6, 6]]
    assert averaged.n_averaged.item() == 3


@claim("UTIL-67", source="torch.optim.swa_utils.get_ema_multi_avg_fn", since="2.1")
@pytest.mark.parametrize(("make", "expected"), [("get_ema_multi_avg_fn", 25), ("get_ema_avg_fn", 25)])
def test_an_exponential_average_of_integer_buffers_is_truncated(make, expected):
    """With `use_buffers=True`, an exponential average by `get_ema_avg_fn` or `get_ema_multi_avg_fn` truncates integer
    buffers: at a decay of 0.5, an average of 25 that is updated with 26 stays 25.
    """
    model = Steps()
    model.register_buffer("steps", torch.zeros(2, dtype=torch.int64))
    way = "multi_avg_fn" if "multi" in make else "avg_fn"
    averaged = AveragedModel(model, use_buffers=True, **{way: getattr(swa_utils, make)(0.5)})
    average(model, averaged, (20, 30.5))
    assert averaged.module.steps.tolist() == [expected] * 2
    average(model, averaged, (26,))
    assert averaged.module.steps.tolist() == [25] * 2


@claim("UTIL-68", source="torch.optim.swa_utils.AveragedModel")
def test_an_averaged_model_calls_its_copy_and_is_kept_on_its_own_device():
    """Calling an `AveragedModel` calls its copy of the model, with all arguments; with `device=`, the copy and the
    counter are on that device, and the model stays where it is.
    """

    class Sized(Steps):
        def forward(self, x, factor=1):
            return self.p * x * factor

    model = Sized()
    averaged = AveragedModel(model)
    nn.init.ones_(averaged.module.p)
    assert averaged(torch.ones(3), factor=2).tolist() == [2, 2, 2]
    assert model(torch.ones(3)).tolist() == [0, 0, 0]
    away = AveragedModel(model, device="meta")
    assert {tensor.device.type for tensor in away.state_dict().values()} == {"meta"}
    assert model.p.device.type == "cpu"


@claim("UTIL-69", source="torch.optim.swa_utils.update_bn")
def test_update_bn_takes_the_first_element_of_a_batch_and_calls_no_model_without_BatchNorm():
    """`update_bn(loader, model)` calls the model with each batch, or with the first element of a batch that is a list
    or tuple; a model without BatchNorm isn't called, and the loader isn't read.
    """
    model = nn.Sequential(nn.BatchNorm1d(1, momentum=0.3))
    batch = torch.tensor([[1.0], [3.0]])
    swa_utils.update_bn([batch, [batch, "label"], (batch + 3, "label")], model)
    assert model[0].running_mean.item() == 3
    assert (model[0].num_batches_tracked.item(), model[0].momentum) == (3, 0.3)
    loader = iter([batch])
    swa_utils.update_bn(loader, nn.Linear(7, 1))
    assert next(loader) is batch


@claim("UTIL-70", source="torch.optim.swa_utils.SWALR")
@pytest.mark.parametrize(
    ("strategy", "epochs", "rates"),
    [
        ("linear", 4, [7, 5, 3, 1, 1, 1]),
        ("cos", 4, [5 + 4 * math.cos(math.pi * epoch / 4) for epoch in range(1, 5)] + [1, 1]),
        ("linear", 0, [1, 1, 1, 1, 1, 1]),
    ],
)
def test_SWALR_moves_the_learning_rate_of_each_group_to_swa_lr(strategy, epochs, rates):
    """`SWALR(optimizer, swa_lr, anneal_epochs=n)` moves the learning rate of each group to `swa_lr` within `n` steps,
    along a line or a cosine by `anneal_strategy`, and keeps it there.
    """
    parameters = [nn.Parameter(torch.ones(1)) for _ in range(2)]
    groups = [{"params": parameters[:1], "lr": 9.0}, {"params": parameters[1:], "lr": 4.0}]
    optimizer = SGD(groups, lr=1.0)
    scheduler = SWALR(optimizer, swa_lr=[1.0, 4.0], anneal_epochs=epochs, anneal_strategy=strategy)
    seen = []
    for _ in range(6):
        optimizer.step()
        scheduler.step()
        assert optimizer.param_groups[1]["lr"] == pytest.approx(4)
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == pytest.approx(rates)


@claim("UTIL-71", source="torch.optim.swa_utils.SWALR")
def test_SWALR_with_an_unknown_strategy_or_a_negative_number_of_epochs_raises():
    """`SWALR` raises `ValueError` for a strategy other than `"cos"` and `"linear"`, and for a number of epochs that is
    negative or not an integer; the learning rate stays.
    """
    optimizer = SGD([nn.Parameter(torch.ones(1))], lr=9.0)
    with pytest.raises(ValueError, match=r"anneal_strategy must b. one of 'cos' or 'linear'"):
        SWALR(optimizer, swa_lr=1.0, anneal_strategy="line")
    for epochs in (-1, 1.5):
        with pytest.raises(ValueError, match="anneal_epochs must be equal or greater than 0"):
            SWALR(optimizer, swa_lr=1.0, anneal_epochs=epochs)
    assert optimizer.param_groups[0]["lr"] == 9


@claim("UTIL-72", source="torch.optim.swa_utils.SWALR")
def test_SWALR_goes_on_from_its_state_dict():
    """A `SWALR` that loads the `state_dict()` of another `SWALR` takes its annealing strategy too, and goes on with the
    same learning rates if its optimizer loaded the other's optimizer state; the `state_dict()` has no `optimizer`.
    """

    def build(strategy):
        optimizer = SGD([nn.Parameter(torch.ones(1))], lr=9.0)
        return optimizer, SWALR(optimizer, swa_lr=1.0, anneal_epochs=4, anneal_strategy=strategy)

    def step(optimizer, scheduler):
        optimizer.step()
        scheduler.step()
        return optimizer.param_groups[0]["lr"]

    first, second = build("linear"), build("cos")
    assert step(*first) == pytest.approx(7)
    saved = first[1].state_dict()
    assert "optimizer" not in saved
    second[0].load_state_dict(first[0].state_dict())
    second[1].load_state_dict(saved)
    assert [step(*second), step(*second)] == pytest.approx([step(*first), step(*first)])
    assert first[0].param_groups[0]["lr"] == pytest.approx(3)
