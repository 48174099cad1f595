"""What averages of a model make of its parameters and buffers."""

import copy

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from ..vocabulary import BUFFERS, claim


class Steps(nn.Module):
    """A parameter ``p`` and nothing else, to be filled with the number of the step."""

    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.zeros(3))


def average(model, averaged, numbers=(1, 2, 3)):
    """Fill ``model`` with each number in turn and let ``averaged`` take it in."""
    for number in numbers:
        for tensor in [*model.parameters(), *model.buffers()]:
            tensor.data.fill_(number)
        averaged.update_parameters(model)


@claim("UTIL-11", source="torch.optim.swa_utils.AveragedModel", since="2.0")
@pytest.mark.parametrize("kind", BUFFERS)
def test_an_averaged_model_averages_parameters_and_copies_the_buffers_of_the_last_update(kind, real_device):
    """`AveragedModel(model)` averages the parameters and copies the buffers, non-persistent ones too, as they are at
    the last `update_parameters(model)`.
    """
    model = kind.on(Steps().to(real_device), "b", torch.zeros(3, device=real_device))
    averaged = AveragedModel(model)
    average(model, averaged)
    assert averaged.module.p.tolist() == [2, 2, 2]
    assert averaged.module.b.tolist() == [3, 3, 3]
    assert averaged.module.b is not model.b


@claim("UTIL-12", source="torch.optim.swa_utils.AveragedModel")
@pytest.mark.parametrize("kind", BUFFERS)
def test_an_averaged_model_with_use_buffers_averages_the_buffers_too(kind, real_device):
    """`AveragedModel(model, use_buffers=True)` averages the buffers of a floating-point dtype, non-persistent ones too,
    in the same way as the parameters.
    """
    model = kind.on(Steps().to(real_device), "b", torch.zeros(3, device=real_device))
    averaged = AveragedModel(model, use_buffers=True)
    average(model, averaged)
    assert averaged.module.p.tolist() == [2, 2, 2]
    assert averaged.module.b.tolist() == [2, 2, 2]
    assert model.b.tolist() == [3, 3, 3]


@claim("UTIL-34", source="torch.optim.swa_utils.AveragedModel")
def test_an_averaged_model_saves_its_counter_and_the_copy_under_module():
    """The `state_dict()` of an `AveragedModel` holds the counter `n_averaged` and the averaged copy under `module`, so
    that a loaded `AveragedModel` continues the average.
    """
    model = Steps()
    averaged = AveragedModel(model)
    assert list(averaged.state_dict()) == ["n_averaged", "module.p"]
    assert (averaged.n_averaged.dtype, averaged.n_averaged.shape) == (torch.int64, ())
    average(model, averaged)
    assert averaged.n_averaged.item() == 3
    fresh = AveragedModel(Steps())
    fresh.load_state_dict(averaged.state_dict())
    average(model, fresh, [6])
    assert fresh.module.p.tolist() == [3, 3, 3]


@claim("UTIL-35", source="torch.optim.swa_utils.AveragedModel")
def test_the_first_update_of_an_averaged_model_copies_and_avg_fn_is_called_from_the_second_on():
    """`AveragedModel(model, avg_fn=f)` copies the parameters at the first `update_parameters(model)`; from the second
    on, each averaged parameter becomes what `f(averaged, current, count)` returns.
    """
    model, asked = Steps(), []

    def keep_largest(averaged, current, count):
        asked.append((averaged.tolist(), current.tolist(), int(count)))
        return torch.maximum(averaged, current)

    averaged = AveragedModel(model, avg_fn=keep_largest)
    average(model, averaged, [5, 2, 7])
    assert asked == [([5, 5, 5], [2, 2, 2], 1), ([5, 5, 5], [7, 7, 7], 2)]
    assert averaged.module.p.tolist() == [7, 7, 7]


@claim("UTIL-43", source="torch.optim.swa_utils.get_ema_avg_fn", since="2.1")
@pytest.mark.parametrize(("way", "make"), [("avg_fn", "get_ema_avg_fn"), ("multi_avg_fn", "get_ema_multi_avg_fn")])
def test_an_exponential_average_multiplies_the_average_by_the_decay_and_adds_the_rest_from_the_model(
    way, make, real_device
):
    """With `avg_fn=get_ema_avg_fn(decay)` or `multi_avg_fn=get_ema_multi_avg_fn(decay)`, an update of an
    `AveragedModel` after the first sums `decay` times the average and `1 - decay` times the model's parameters.
    """
    model = Steps().to(real_device)
    averaged = AveragedModel(model, **{way: getattr(torch.optim.swa_utils, make)(0.75)})
    average(model, averaged, [8, 16, 18])
    assert averaged.module.p.tolist() == [12, 12, 12]
    assert model.p.tolist() == [18, 18, 18]


@claim("UTIL-44", source="torch.optim.swa_utils.get_swa_avg_fn", since="2.1")
@pytest.mark.parametrize(("way", "make"), [("avg_fn", "get_swa_avg_fn"), ("multi_avg_fn", "get_swa_multi_avg_fn")])
def test_get_swa_avg_fn_gives_the_mean_that_an_averaged_model_computes_by_default(way, make, real_device):
    """`AveragedModel(model)` computes by default the mean of the parameters over all updates, as with
    `avg_fn=get_swa_avg_fn()` or `multi_avg_fn=get_swa_multi_avg_fn()`.
    """
    model = Steps().to(real_device)
    averaged = AveragedModel(model, **{way: getattr(torch.optim.swa_utils, make)()})
    by_itself = AveragedModel(model)
    average(model, averaged, [8, 16, 18])
    average(model, by_itself, [8, 16, 18])
    assert averaged.module.p.tolist() == by_itself.module.p.tolist() == [14, 14, 14]


class Net(nn.Module):
    """A BatchNorm after a Linear."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.norm = nn.BatchNorm1d(2)

    def forward(self, x):
        return self.norm(self.linear(x))


@claim("UTIL-13", source="torch.optim.swa_utils.update_bn")
def test_an_average_over_the_parameters_leaves_the_statistics_of_BatchNorm_as_they_were(real_device):
    """A deep copy that averages only the `parameters()` of a model keeps its BatchNorm statistics, such as
    `running_var`, unchanged, because they are buffers.
    """
    model = Net().to(real_device)
    averaged = copy.deepcopy(model)
    model(torch.tensor([[1.0, 2.0], [5.0, 9.0]], device=real_device))
    with torch.no_grad():
        for mean, parameter in zip(averaged.parameters(), model.parameters(), strict=True):
            mean.mul_(0.9).add_(parameter + 1, alpha=0.1)
    assert averaged.norm.weight.tolist() == pytest.approx([1.1, 1.1])
    assert averaged.norm.running_var.tolist() == [1, 1]
    assert averaged.norm.num_batches_tracked.item() == 0
    assert model.norm.running_var.tolist() != [1, 1]


@claim("UTIL-36", source="torch.optim.swa_utils.update_bn")
@pytest.mark.parametrize("training", [True, False])
def test_update_bn_computes_the_statistics_anew_and_leaves_mode_momentum_and_parameters(training, real_device):
    """If `update_bn(loader, model)` ends without an error, it has computed the running statistics of each BatchNorm
    anew from the batches. The mode of the model, each `momentum` and the parameters are unchanged.
    """
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(nn.Identity(), nn.BatchNorm1d(2, momentum=0.3)))
    model.to(real_device).train(training)
    for norm in (model[0], model[1][1]):
        norm.running_mean.fill_(100)
    batches = [torch.tensor([[1.0, 2.0], [5.0, 6.0]]), torch.tensor([[3.0, 4.0], [7.0, 8.0]])]
    torch.optim.swa_utils.update_bn([batch.to(real_device) for batch in batches], model)
    assert model[0].running_mean.tolist() == [4, 5]
    assert model[1][1].running_mean.tolist() == pytest.approx([0, 0], abs=1e-6)
    assert model[0].num_batches_tracked.item() == model[1][1].num_batches_tracked.item() == 2
    assert [module.training for module in model.modules()] == [training] * 5
    assert (model[0].momentum, model[1][1].momentum) == (0.1, 0.3)
    assert [parameter.tolist() for parameter in model.parameters()] == [[1, 1], [0, 0]] * 2


@claim("UTIL-14", source="torch.nn.Module.state_dict")
def test_an_average_over_the_values_of_a_state_dict_raises_on_an_integer_buffer(real_device):
    """A hand-written average that multiplies the values of a `state_dict()` by a float in place raises `RuntimeError`
    on an integer buffer such as `num_batches_tracked`.
    """
    model = nn.BatchNorm1d(2).to(real_device)
    *floating, (name, counter) = model.state_dict().items()
    assert (name, counter.dtype) == ("num_batches_tracked", torch.int64)
    with pytest.raises(RuntimeError, match=r"result type Float can't be cast to .*Long"):
        counter.mul_(0.9)
    for _, value in floating:
        value.mul_(0.5)
    assert model.weight.tolist() == [0.5, 0.5]


@claim("UTIL-15", source="torch.optim.swa_utils.AveragedModel")
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_an_averaged_model_truncates_the_average_of_an_integer_buffer(dtype, real_device):
    """`AveragedModel(model, use_buffers=True)` truncates the average of an integer buffer: after updates with 1, 2 and
    3, the buffer is 1 and not 2.
    """
    model = Steps().to(real_device)
    model.register_buffer("steps", torch.zeros((), dtype=dtype, device=real_device))
    averaged = AveragedModel(model, use_buffers=True)
    average(model, averaged)
    assert averaged.module.steps.item() == 1
    assert averaged.module.steps.dtype is dtype
    assert averaged.module.p.tolist() == [2, 2, 2]
