"""What averages make of buffers that are not floating-point numbers, and what ``update_bn`` does around them."""

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from ..vocabulary import claim

BATCHES = [torch.tensor([[1.0, 2.0], [5.0, 6.0]]), torch.tensor([[3.0, 4.0], [7.0, 8.0]])]


def with_buffer(*values, dtype):
    """A module with a parameter, and a buffer ``b`` that has each of these values in turn."""
    model = nn.Linear(1, 1)
    model.register_buffer("b", torch.zeros(len(values[0])).to(dtype))
    for value in values:
        model.b.copy_(torch.tensor(value))
        yield model


def train(model, averaged, steps):
    for _ in range(steps):
        model(BATCHES[0])
        averaged.update_parameters(model)


@claim("UTIL-76", source="torch.optim.swa_utils.AveragedModel")
def test_an_averaged_model_with_use_buffers_stops_counting_the_batches_of_BatchNorm():
    """`AveragedModel(model, use_buffers=True)`, updated after every forward, keeps `num_batches_tracked` of a BatchNorm
    at its value at the first update: the average of the counter grows by less than one, and is truncated.
    """
    model = nn.BatchNorm1d(2)
    averaged = AveragedModel(model, use_buffers=True)
    train(model, averaged, 6)
    assert averaged.module.num_batches_tracked.item() == 1
    assert model.num_batches_tracked.item() == 6


@claim("UTIL-77", source="torch.optim.swa_utils.AveragedModel", since="2.0")
@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.bool])
def test_an_averaged_model_without_use_buffers_copies_a_buffer_of_any_dtype(dtype):
    """`AveragedModel(model)` copies floating-point, integer and bool buffers as they are at the last update, and so
    keeps `num_batches_tracked` right."""
    averaged = AveragedModel(next(with_buffer([0, 0], dtype=dtype)))
    for model in with_buffer([1, 1], [0, 1], dtype=dtype):
        averaged.update_parameters(model)
    assert averaged.module.b.tolist() == [0, 1]
    assert averaged.module.b.dtype is dtype
    norm = nn.BatchNorm1d(2)
    averaged = AveragedModel(norm)
    train(norm, averaged, 6)
    assert averaged.module.num_batches_tracked.item() == 6


@claim("UTIL-78", source="torch.optim.swa_utils.get_ema_avg_fn", since="2.1")
@pytest.mark.parametrize(("way", "make"), [("avg_fn", "get_ema_avg_fn"), ("multi_avg_fn", "get_ema_multi_avg_fn")])
def test_an_exponential_average_with_use_buffers_truncates_an_integer_buffer(way, make):
    """With `use_buffers=True`, an exponential average by `get_ema_avg_fn` or `get_ema_multi_avg_fn` truncates integer
    buffers: after 8 and 9 with a decay of 0.5, the buffer is 8."""
    average = getattr(torch.optim.swa_utils, make)(0.5)
    integer = AveragedModel(next(with_buffer([8], dtype=torch.int64)), use_buffers=True, **{way: average})
    floating = AveragedModel(next(with_buffer([8], dtype=torch.float32)), use_buffers=True, **{way: average})
    for number in ([8], [9]):
        integer.update_parameters(next(with_buffer(number, dtype=torch.int64)))
        floating.update_parameters(next(with_buffer(number, dtype=torch.float32)))
    assert integer.module.b.tolist() == [8]
    assert floating.module.b.tolist() == [8.5]


@claim("UTIL-79", source="torch.optim.swa_utils.get_swa_multi_avg_fn", since="2.1")
def test_an_average_by_get_swa_multi_avg_fn_with_use_buffers_raises_for_an_integer_buffer():
    """With `use_buffers=True` and `multi_avg_fn=get_swa_multi_avg_fn()`, the second `update_parameters()` raises
    `RuntimeError` for a model with an integer buffer, such as BatchNorm's counter; without `use_buffers` it doesn't."""
    average, model = torch.optim.swa_utils.get_swa_multi_avg_fn(), nn.BatchNorm1d(2)
    averaged = AveragedModel(model, use_buffers=True, multi_avg_fn=average)
    with pytest.raises(RuntimeError, match="Integer division"):
        train(model, averaged, 2)
    train(model, AveragedModel(model, multi_avg_fn=average), 2)


@claim("UTIL-80", source="torch.optim.swa_utils.AveragedModel")
def test_an_averaged_model_with_use_buffers_raises_for_a_bool_buffer():
    """`AveragedModel(model, use_buffers=True)` raises `RuntimeError` at the second update if the model has a bool
    buffer, such as a mask; without `use_buffers` it doesn't."""
    (model,) = with_buffer([True, False], dtype=torch.bool)
    averaged = AveragedModel(model, use_buffers=True)
    averaged.update_parameters(model)
    with pytest.raises(RuntimeError, match="Subtraction"):
        averaged.update_parameters(model)
    averaged = AveragedModel(model)
    averaged.update_parameters(model)
    averaged.update_parameters(model)
    assert averaged.module.b.tolist() == [True, False]


@claim("UTIL-81", source="torch.optim.swa_utils.get_ema_avg_fn", since="2.1")
@pytest.mark.parametrize(("way", "make"), [("avg_fn", "get_ema_avg_fn"), ("multi_avg_fn", "get_ema_multi_avg_fn")])
def test_an_exponential_average_with_use_buffers_makes_a_bool_buffer_true_for_good(way, make):
    """With `use_buffers=True`, an exponential average by `get_ema_avg_fn` or `get_ema_multi_avg_fn` makes each element
    of a bool buffer True if it is True in the average or in the model, without an error."""
    average = getattr(torch.optim.swa_utils, make)(0.5)
    averaged = AveragedModel(
        next(with_buffer([True, False, False], dtype=torch.bool)), use_buffers=True, **{way: average}
    )
    for mask in ([True, False, False], [False, True, False]):
        averaged.update_parameters(next(with_buffer(mask, dtype=torch.bool)))
    assert averaged.module.b.tolist() == [True, True, False]


@claim("UTIL-82", source="torch.optim.swa_utils.AveragedModel", since="2.1")
def test_an_averaged_model_with_use_buffers_raises_for_a_float8_buffer():
    """`AveragedModel(model, use_buffers=True)` raises `RuntimeError` at the second update if the model has a float8
    buffer on the CPU; without `use_buffers` the buffer is copied.
    """
    (model,) = with_buffer([2.0], dtype=torch.float8_e4m3fn)
    averaged = AveragedModel(model, use_buffers=True)
    averaged.update_parameters(model)
    with pytest.raises(RuntimeError, match="not implemented for 'Float8_e4m3fn'"):
        averaged.update_parameters(model)
    averaged = AveragedModel(model)
    averaged.update_parameters(model)
    averaged.update_parameters(model)
    assert averaged.module.b.float().tolist() == [2]


def normalizing():
    """A BatchNorm before a Dropout."""
    return nn.Sequential(nn.BatchNorm1d(2), nn.Dropout())


@claim("UTIL-83", source="torch.optim.swa_utils.update_bn")
def test_update_bn_leaves_every_layer_in_the_mode_of_the_model():
    """`update_bn(loader, model)` of a model with BatchNorm leaves every layer in the mode that the model itself had: a
    BatchNorm in eval mode inside a training model is in training mode afterwards, and the other way round.
    """
    training, evaluated = normalizing().train(), normalizing().eval()
    training[0].eval()
    evaluated[1].train()
    torch.optim.swa_utils.update_bn(BATCHES, training)
    torch.optim.swa_utils.update_bn(BATCHES, evaluated)
    assert [module.training for module in training.modules()] == [True, True, True]
    assert [module.training for module in evaluated.modules()] == [False, False, False]


@claim("UTIL-84", source="torch.optim.swa_utils.update_bn")
def test_update_bn_runs_every_layer_in_training_mode_and_updates_a_BatchNorm_in_eval_mode():
    """`update_bn(loader, model)` runs the model in training mode, its Dropout too, and without gradients, and computes
    anew the statistics of a BatchNorm that was in eval mode."""
    model, seen = normalizing().eval(), []
    model[0].running_mean.fill_(100)
    model[1].register_forward_hook(lambda module, args, output: seen.append((module.training, output.requires_grad)))
    torch.optim.swa_utils.update_bn(BATCHES, model)
    assert seen == [(True, False), (True, False)]
    assert model[0].running_mean.tolist() == [4, 5]


@claim("UTIL-85", source="torch.optim.swa_utils.update_bn")
def test_update_bn_that_raises_leaves_the_model_in_training_mode_and_without_momentum():
    """If a batch raises `RuntimeError` in `update_bn(loader, model)`, the model stays in training mode, and each
    BatchNorm has `momentum` None and the statistics of the batches before.
    """
    model = normalizing().eval()
    model[0].running_mean.fill_(100)
    with pytest.raises(RuntimeError, match="running_mean"):
        torch.optim.swa_utils.update_bn([BATCHES[0], torch.ones(2, 5)], model)
    assert [module.training for module in model.modules()] == [True, True, True]
    assert model[0].momentum is None
    assert model[0].running_mean.tolist() == [3, 4]


@claim("UTIL-86", source="torch.optim.swa_utils.update_bn")
def test_update_bn_with_an_empty_loader_resets_the_statistics():
    """`update_bn([], model)` resets the running statistics of a BatchNorm to those of a new one, and its counter to 0;
    the model's mode and the momentum stay.
    """
    model = normalizing().eval()
    for buffer in model.buffers():
        buffer.fill_(100)
    torch.optim.swa_utils.update_bn([], model)
    assert model[0].running_mean.tolist() == [0, 0]
    assert model[0].running_var.tolist() == [1, 1]
    assert model[0].num_batches_tracked.item() == 0
    assert (model.training, model[0].momentum) == (False, 0.1)


@claim("UTIL-87", source="torch.optim.swa_utils.update_bn")
def test_update_bn_of_a_model_without_BatchNorm_takes_no_batch_and_leaves_InstanceNorm():
    """Where the model has no BatchNorm, `update_bn(loader, model)` takes no batch from `loader`, and the running
    statistics of an InstanceNorm stay unchanged; beside a BatchNorm, they are updated."""
    model = nn.Sequential(nn.InstanceNorm1d(2, track_running_stats=True))
    model[0].running_mean.fill_(100)
    batches = iter(BATCHES)
    torch.optim.swa_utils.update_bn(batches, model)
    assert next(batches) is BATCHES[0]
    assert model[0].running_mean.tolist() == [100, 100]
    beside = nn.Sequential(nn.InstanceNorm1d(2, track_running_stats=True), nn.BatchNorm1d(2))
    beside[0].running_mean.fill_(100)
    torch.optim.swa_utils.update_bn([torch.zeros(3, 2, 4)], beside)
    assert beside[0].running_mean.tolist() == [90, 90]
