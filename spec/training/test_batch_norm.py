"""What BatchNorm and its relatives do with their state."""

import pytest
import torch
from torch import nn

from ..vocabulary import any_channels, claim, core

BATCH_NORMS = {nn.BatchNorm1d: (4,), nn.BatchNorm2d: (4, 3, 3), nn.BatchNorm3d: (4, 2, 2, 2)}


@core
@claim("IDIOM-02", source="torch.nn.BatchNorm1d")
@pytest.mark.parametrize("BatchNorm", BATCH_NORMS)
def test_BatchNorm_has_two_parameters_and_three_buffers_one_of_them_an_integer(BatchNorm, device):
    """By default, `nn.BatchNorm1d`, `nn.BatchNorm2d` and `nn.BatchNorm3d` have the parameters `weight` and `bias` and
    the buffers `running_mean`, `running_var` and `num_batches_tracked`, an int64, all five in `state_dict()`.
    """
    model = BatchNorm(10).to(device)
    assert {name: p.shape for name, p in model.named_parameters()} == {"weight": (10,), "bias": (10,)}
    assert {name: (b.shape, b.dtype) for name, b in model.named_buffers()} == {
        "running_mean": ((10,), torch.float32),
        "running_var": ((10,), torch.float32),
        "num_batches_tracked": ((), torch.int64),
    }
    assert len(model.state_dict()) == 5


@core
@claim("IDIOM-03", source="torch.nn.BatchNorm1d")
@pytest.mark.parametrize("BatchNorm", BATCH_NORMS)
@pytest.mark.parametrize("grad", [True, False])
def test_a_forward_updates_the_buffers_of_BatchNorm_in_training_mode_only(BatchNorm, grad, real_device):
    """In training mode, a forward of a BatchNorm updates `running_mean`, `running_var` and `num_batches_tracked`, under
    `torch.no_grad()` too; in eval mode it leaves all three unchanged.
    """
    model = BatchNorm(2).to(real_device)
    _, *space = BATCH_NORMS[BatchNorm]
    x = torch.arange(8.0 * torch.Size(space).numel()).reshape(4, 2, *space).to(real_device)
    with torch.set_grad_enabled(grad):
        model.eval()(x)
        untrained = {name: buffer.tolist() for name, buffer in model.named_buffers()}
        model.train()(x)
    assert untrained == {"running_mean": [0, 0], "running_var": [1, 1], "num_batches_tracked": 0}
    assert model.num_batches_tracked.item() == 1
    assert 0 not in model.running_mean.tolist()
    assert 1 not in model.running_var.tolist()


@core
@claim("IDIOM-06", source="torch.nn.BatchNorm1d")
@any_channels
def test_a_BatchNorm_saved_without_its_buffers_computes_something_else(real_device, channels):
    """By default, a fresh BatchNorm that loads only a trained one's parameters, with `strict=False`, computes something
    else than the trained one in eval mode. If it loads the whole `state_dict()`, it computes the same.
    """
    _, out_channels = channels
    x = torch.randn(8, out_channels).to(real_device) + 3
    trained = nn.BatchNorm1d(out_channels).to(real_device)
    trained(x)
    whole, parameters_only = nn.BatchNorm1d(out_channels).to(real_device), nn.BatchNorm1d(out_channels).to(real_device)
    whole.load_state_dict(trained.state_dict())
    parameters_only.load_state_dict(dict(trained.named_parameters()), strict=False)
    expected = trained.eval()(x)
    assert torch.equal(whole.eval()(x), expected)
    assert not torch.allclose(parameters_only.eval()(x), expected)


def normal(*shape):
    """Normal numbers with mean 3, made on the CPU."""
    return torch.randn(*shape) + 3


@claim("IDIOM-04", source="torch.nn.Module.requires_grad_")
def test_freezing_a_BatchNorm_does_not_stop_its_statistics_and_eval_does(real_device):
    """Freezing a BatchNorm by `requires_grad_(False)` doesn't stop its running statistics: a forward in training mode
    still updates `running_mean` and `num_batches_tracked`; in eval mode they stay unchanged.
    """
    model = nn.BatchNorm1d(2).to(real_device).requires_grad_(False)
    x = normal(8, 2).to(real_device)
    model(x)
    mean = model.running_mean.tolist()
    assert mean != [0, 0]
    assert model.num_batches_tracked.item() == 1
    model.eval()(x)
    assert model.running_mean.tolist() == mean
    assert model.num_batches_tracked.item() == 1


@claim("IDIOM-05", source="torch.nn.BatchNorm1d")
@pytest.mark.parametrize("BatchNorm", ["BatchNorm1d", "InstanceNorm2d"])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("track", [True, False])
def test_a_norm_without_scale_or_statistics_registers_them_as_None(BatchNorm, affine, track):
    """`nn.BatchNorm1d` and `nn.InstanceNorm2d` register `weight` and `bias` as None with `affine=False`, and their
    three buffers as None with `track_running_stats=False`; what is None is not in `state_dict()`.
    """
    model = getattr(nn, BatchNorm)(3, affine=affine, track_running_stats=track)
    parameters, buffers = ["weight", "bias"], ["running_mean", "running_var", "num_batches_tracked"]
    assert [name for name, _ in model.named_parameters()] == parameters * affine
    assert [name for name, _ in model.named_buffers()] == buffers * track
    assert list(model.state_dict()) == parameters * affine + buffers * track
    assert [getattr(model, name) is None for name in parameters] == [not affine] * 2
    assert [getattr(model, name) is None for name in buffers] == [not track] * 3


@claim("IDIOM-24", source="torch.nn.InstanceNorm1d")
@pytest.mark.parametrize(
    ("norm", "expected"),
    [
        pytest.param("InstanceNorm1d", [], id="InstanceNorm1d"),
        pytest.param("InstanceNorm3d", [], id="InstanceNorm3d"),
        pytest.param("LayerNorm", ["weight", "bias"], id="LayerNorm"),
        pytest.param(
            "BatchNorm2d",
            ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"],
            id="BatchNorm2d",
        ),
    ],
)
def test_by_default_BatchNorm_saves_five_tensors_LayerNorm_two_and_InstanceNorm_none(norm, expected):
    """By default, `nn.BatchNorm2d` saves `weight`, `bias` and three buffers, `nn.LayerNorm` saves `weight` and `bias`,
    and `nn.InstanceNorm1d` has an empty `state_dict()`.
    """
    assert list(getattr(nn, norm)(3).state_dict()) == expected


@claim("IDIOM-25", source="torch.nn.BatchNorm1d")
@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0])
def test_BatchNorm_moves_its_statistics_towards_those_of_the_batch_by_its_momentum(momentum, real_device):
    """In training mode, a BatchNorm moves `running_mean` and `running_var` towards the mean and the unbiased variance
    of the batch, by the fraction `momentum`.
    """
    model = nn.BatchNorm1d(2, momentum=momentum).to(real_device)
    x = normal(8, 2)
    model(x.to(real_device))
    assert torch.allclose(model.running_mean.cpu(), momentum * x.mean(0))
    assert torch.allclose(model.running_var.cpu(), 1 - momentum + momentum * x.var(0, unbiased=True))


@claim("IDIOM-26", source="torch.nn.BatchNorm1d")
def test_BatchNorm_without_momentum_keeps_the_mean_over_all_batches(real_device):
    """With `momentum=None`, a BatchNorm in training mode keeps in `running_mean` the plain average of the means of all
    batches so far.
    """
    model = nn.BatchNorm1d(2, momentum=None).to(real_device)
    batches = [normal(8, 2) for _ in range(3)]
    for batch in batches:
        model(batch.to(real_device))
    assert torch.allclose(model.running_mean.cpu(), torch.cat(batches).mean(0))
    assert model.num_batches_tracked.item() == 3


@claim("IDIOM-27", source="torch.nn.BatchNorm1d")
def test_BatchNorm_updates_its_buffers_in_place(real_device):
    """A forward of a BatchNorm in training mode updates its buffers in place: they stay the same tensors, and a
    `state_dict()` taken earlier shows the new values.
    """
    model = nn.BatchNorm1d(2).to(real_device)
    buffers, checkpoint = list(model.buffers()), model.state_dict()
    model(normal(8, 2).to(real_device))
    assert all(now is then for now, then in zip(model.buffers(), buffers, strict=True))
    assert checkpoint["running_mean"].tolist() == model.running_mean.tolist() != [0, 0]
    assert checkpoint["num_batches_tracked"].item() == 1


@claim("IDIOM-28", source="torch.nn.BatchNorm1d")
def test_the_statistics_of_BatchNorm_are_detached_from_an_input_that_requires_grad(real_device):
    """The buffers of a BatchNorm in training mode get no `grad_fn` from an input that requires grad, so forward and
    `backward()` can be repeated without a `detach()`.
    """
    model = nn.BatchNorm1d(2).to(real_device)
    for _ in range(2):
        model(normal(8, 2).to(real_device).requires_grad_()).sum().backward()
    assert [(buffer.grad_fn, buffer.requires_grad) for buffer in model.buffers()] == [(None, False)] * 3
    assert model.num_batches_tracked.item() == 2


@claim("IDIOM-29", source="torch.nn.BatchNorm1d")
def test_BatchNorm_without_statistics_normalizes_by_the_batch_in_eval_mode_too(real_device):
    """A BatchNorm with `track_running_stats=False` normalizes by the statistics of the batch even in eval mode, where a
    BatchNorm with running statistics normalizes by the running ones.
    """
    x = normal(8, 2).to(real_device)
    tracking = nn.BatchNorm1d(2).to(real_device)
    without = nn.BatchNorm1d(2, track_running_stats=False).to(real_device)
    assert torch.equal(without.eval()(x), without.train()(x))
    assert not torch.allclose(tracking.eval()(x), without(x))


@claim("IDIOM-30", source="torch.nn.BatchNorm1d")
def test_resetting_the_statistics_of_BatchNorm_keeps_its_tensors_and_its_scale(real_device):
    """`reset_running_stats()` of a BatchNorm sets its three buffers back to their initial values in place and leaves
    `weight`; `reset_parameters()` sets `weight` to ones and `bias` to zeros.
    """
    model = nn.BatchNorm1d(2).to(real_device)
    model(normal(8, 2).to(real_device))
    model.weight.detach().fill_(5)
    buffers = list(model.buffers())
    model.reset_running_stats()
    assert [buffer.tolist() for buffer in buffers] == [[0, 0], [1, 1], 0]
    assert all(now is then for now, then in zip(model.buffers(), buffers, strict=True))
    assert model.weight.tolist() == [5, 5]
    model.reset_parameters()
    assert model.weight.tolist() == [1, 1]
    assert model.bias.tolist() == [0, 0]


@claim("IDIOM-31", source="torch.nn.BatchNorm1d")
@pytest.mark.parametrize("convert", ["half", "bfloat16", "double"])
def test_a_conversion_of_BatchNorm_leaves_its_counter_an_integer(convert, device):
    """`.half()`, `.bfloat16()` and `.double()` convert the parameters and the running statistics of a BatchNorm and
    leave its counter `num_batches_tracked` an int64.
    """
    model = getattr(nn.BatchNorm1d(2).to(device), convert)()
    assert model.running_mean.dtype is model.running_var.dtype is model.weight.dtype is not torch.float32
    assert model.num_batches_tracked.dtype is torch.int64


@claim("IDIOM-33", source="torch.nn.BatchNorm1d", since="2.2")
def test_a_checkpoint_without_counter_leaves_the_one_that_BatchNorm_has(real_device):
    """A checkpoint that has neither `num_batches_tracked` nor metadata, such as a plain dict, leaves the counter of the
    BatchNorm that loads it unchanged.
    """
    model = nn.BatchNorm1d(2).to(real_device)
    model.num_batches_tracked.fill_(7)
    checkpoint = {name: torch.ones(2) for name in ("weight", "bias", "running_mean", "running_var")}
    model.load_state_dict(checkpoint)
    assert model.num_batches_tracked.item() == 7


@claim("IDIOM-34", source="torch.nn.BatchNorm1d", until="2.2")
def test_a_checkpoint_without_counter_sets_the_one_that_BatchNorm_has_to_zero(real_device):
    """Before torch 2.2, a checkpoint without `num_batches_tracked` and without metadata, such as a plain dict, set the
    counter of the BatchNorm that loaded it to 0; since then it leaves the counter unchanged.
    """
    model = nn.BatchNorm1d(2).to(real_device)
    model.num_batches_tracked.fill_(7)
    checkpoint = {name: torch.ones(2) for name in ("weight", "bias", "running_mean", "running_var")}
    model.load_state_dict(checkpoint)
    assert model.num_batches_tracked.item() == 0


@claim("IDIOM-35", source="torch.nn.SyncBatchNorm.convert_sync_batchnorm")
def test_converting_to_SyncBatchNorm_replaces_each_BatchNorm_inside_and_keeps_its_state(device):
    """`nn.SyncBatchNorm.convert_sync_batchnorm(module)` replaces each BatchNorm inside `module` (one that a module
    holds twice only under the first name) by an `nn.SyncBatchNorm` with the same parameter and buffer objects under the
    same keys, and returns the module itself.
    """
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(nn.BatchNorm2d(2), nn.LayerNorm(2))).to(device)
    layer, tensors = model[1][1], [*model.parameters(), *model.buffers()]
    keys = list(model.state_dict())
    assert nn.SyncBatchNorm.convert_sync_batchnorm(model) is model
    assert [type(module) for module in (model[0], model[1][0])] == [nn.SyncBatchNorm] * 2
    assert model[1][1] is layer
    assert all(now is then for now, then in zip([*model.parameters(), *model.buffers()], tensors, strict=True))
    assert list(model.state_dict()) == keys
    twice = nn.BatchNorm1d(2).to(device)
    held = nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(twice, nn.ReLU(), twice))
    assert [type(module) for module in held] == [nn.SyncBatchNorm, nn.ReLU, nn.BatchNorm1d]


@claim("IDIOM-54", source="torch.nn.SyncBatchNorm.convert_sync_batchnorm", since="2.2")
@pytest.mark.parametrize("training", [True, False])
def test_converting_to_SyncBatchNorm_keeps_the_mode(training):
    """An `nn.SyncBatchNorm` made by `nn.SyncBatchNorm.convert_sync_batchnorm()` has the mode, training or eval, of the
    BatchNorm that it replaces.
    """
    model = nn.Sequential(nn.BatchNorm1d(2)).train(training)
    assert nn.SyncBatchNorm.convert_sync_batchnorm(model)[0].training is training


@claim("IDIOM-83", source="torch.nn.SyncBatchNorm.convert_sync_batchnorm", since="2.0")
@pytest.mark.parametrize("tracked", [True, False])
def test_a_BatchNorm_converted_to_SyncBatchNorm_goes_on_tracking_or_not_as_before(tracked):
    """An `nn.SyncBatchNorm` made by `nn.SyncBatchNorm.convert_sync_batchnorm()` updates its running statistics in
    training mode if the BatchNorm that it replaces did, and leaves them unchanged if the
    `track_running_stats` of that one was `False`.
    """
    model = nn.Sequential(nn.BatchNorm1d(2))
    model[0].track_running_stats = tracked
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(model)[0]
    converted(torch.tensor([[1.0, 2.0], [3.0, 6.0]]))
    assert converted.running_mean.any().item() is tracked
    assert converted.num_batches_tracked.item() == tracked


@claim("IDIOM-36", source="torch.nn.SyncBatchNorm.convert_sync_batchnorm")
def test_converting_a_BatchNorm_itself_to_SyncBatchNorm_returns_another_module_with_the_same_state(device):
    """`nn.SyncBatchNorm.convert_sync_batchnorm()` called on a BatchNorm itself returns a new `nn.SyncBatchNorm` that
    shares its parameters and buffers; the BatchNorm stays as it was.
    """
    model = nn.BatchNorm1d(2).to(device)
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert type(model) is nn.BatchNorm1d
    assert type(converted) is nn.SyncBatchNorm
    assert converted.weight is model.weight
    assert converted.running_mean is model.running_mean
    assert converted.num_batches_tracked is model.num_batches_tracked
