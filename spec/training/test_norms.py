"""Which parameters and buffers the norms have, with which values, and what InstanceNorm does with its statistics."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim

NORMS = {
    "BatchNorm2d": lambda **options: nn.BatchNorm2d(4, **options),
    "SyncBatchNorm": lambda **options: nn.SyncBatchNorm(4, **options),
    "InstanceNorm1d": lambda **options: nn.InstanceNorm1d(4, affine=True, **options),
    "GroupNorm": lambda **options: nn.GroupNorm(2, 4, **options),
}


@claim("IDIOM-67", source="torch.nn.GroupNorm", since="2.12")
@pytest.mark.parametrize("norm", NORMS)
def test_a_norm_without_bias_has_a_scale_and_no_key_for_a_bias(norm):
    """`nn.BatchNorm2d`, `nn.SyncBatchNorm`, `nn.InstanceNorm1d(affine=True)` and `nn.GroupNorm` have a `weight` and a
    `bias`; with `bias=False`, `bias` is None and not in `state_dict()`.
    """
    whole, scale = NORMS[norm](), NORMS[norm](bias=False)
    assert [name for name, _ in whole.named_parameters()] == ["weight", "bias"]
    assert [name for name, _ in scale.named_parameters()] == ["weight"]
    assert scale.bias is None
    assert [*scale.state_dict()] == [name for name in whole.state_dict() if name != "bias"]


@claim("IDIOM-68", source="torch.nn.LayerNorm", since="2.1")
def test_a_LayerNorm_without_bias_has_a_scale_and_no_key_for_a_bias():
    """`nn.LayerNorm(shape, bias=False)` has a `weight`, `bias` is None, and only `weight` is in `state_dict()`."""
    model = nn.LayerNorm(4, bias=False)
    assert [name for name, _ in model.named_parameters()] == list(model.state_dict()) == ["weight"]
    assert model.bias is None


@claim("IDIOM-69", source="torch.nn.LayerNorm")
def test_a_LayerNorm_begins_with_ones_and_zeros_of_the_shape_that_it_normalizes(real_device):
    """The parameters of `nn.LayerNorm(shape)` have that shape: `weight` begins as ones, `bias` as zeros; with
    `elementwise_affine=False` both are None and nothing is in `state_dict()`.
    """
    model, plain = nn.LayerNorm((2, 3)).to(real_device), nn.LayerNorm((2, 3), elementwise_affine=False)
    assert [(name, type(p)) for name, p in model.named_parameters()] == [
        ("weight", nn.Parameter),
        ("bias", nn.Parameter),
    ]
    assert model.weight.requires_grad is model.bias.requires_grad is True
    assert model.weight.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert model.bias.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert plain.weight is plain.bias is None
    assert dict(plain._parameters) == {"weight": None, "bias": None}
    assert list(plain.state_dict()) == []


@claim("IDIOM-70", source="torch.nn.GroupNorm")
def test_a_GroupNorm_begins_with_ones_and_zeros_for_each_channel_and_has_no_buffer(real_device):
    """`nn.GroupNorm(num_groups, num_channels)` has a trainable `weight` of ones and `bias` of zeros, one element for
    each channel, and no buffer; with `affine=False`, `weight` and `bias` are None.
    """
    model, plain = nn.GroupNorm(2, 4).to(real_device), nn.GroupNorm(2, 4, affine=False)
    assert [(name, p.requires_grad) for name, p in model.named_parameters()] == [("weight", True), ("bias", True)]
    assert model.weight.tolist() == [1, 1, 1, 1]
    assert model.bias.tolist() == [0, 0, 0, 0]
    assert list(model.buffers()) == []
    assert plain.weight is plain.bias is None
    assert list(plain.state_dict()) == []


@claim("IDIOM-71", source="torch.nn.InstanceNorm1d")
def test_an_InstanceNorm_without_statistics_computes_the_same_in_both_modes(real_device):
    """By default, `nn.InstanceNorm1d` has no statistics and normalizes by its input in training and eval mode alike;
    with `track_running_stats=True`, eval mode normalizes by the statistics.
    """
    x = torch.tensor([[[2.0, 6.0]]], device=real_device)
    model = nn.InstanceNorm1d(1).to(real_device)
    tracking = nn.InstanceNorm1d(1, track_running_stats=True).to(real_device)
    assert list(model.buffers()) == []
    assert model(x).flatten().tolist() == model.eval()(x).flatten().tolist() == pytest.approx([-1, 1], rel=1e-4)
    assert tracking.eval()(x).flatten().tolist() == pytest.approx([2, 6], rel=1e-4)


@claim("IDIOM-72", source="torch.nn.InstanceNorm1d")
def test_an_InstanceNorm_with_statistics_updates_them_in_training_mode_and_never_counts(real_device):
    """`nn.InstanceNorm1d(track_running_stats=True)` updates `running_mean` and the unbiased `running_var` in training
    mode only, and normalizes by them in eval mode; its `num_batches_tracked` stays 0.
    """
    model = nn.InstanceNorm1d(1, track_running_stats=True, momentum=0.5).to(real_device)
    x = torch.tensor([[[2.0, 6.0]]], device=real_device)
    model(x)
    assert (model.running_mean.item(), model.running_var.item()) == (2, 4.5)
    output = model.eval()(x)
    assert (model.running_mean.item(), model.running_var.item()) == (2, 4.5)
    assert output.flatten().tolist() == pytest.approx([0, 4 / 4.5**0.5], rel=1e-4)
    assert model.num_batches_tracked.item() == 0


@claim("IDIOM-73", source="torch.nn.InstanceNorm1d", since="2.4")
def test_an_InstanceNorm_without_momentum_never_updates_its_statistics(real_device):
    """With `momentum=None`, `nn.InstanceNorm1d(track_running_stats=True)` leaves its statistics unchanged in training
    mode, where `nn.BatchNorm1d` averages all batches.
    """
    x = torch.tensor([[[2.0, 6.0]]], device=real_device)
    model = nn.InstanceNorm1d(1, track_running_stats=True, momentum=None).to(real_device)
    batch = nn.BatchNorm1d(1, momentum=None).to(real_device)
    model(x)
    batch(x)
    assert (model.running_mean.item(), model.running_var.item()) == (0, 1)
    assert (batch.running_mean.item(), batch.running_var.item()) == (4, 8)


@claim("IDIOM-74", source="torch.nn.SyncBatchNorm")
def test_a_SyncBatchNorm_begins_with_ones():
    """The `weight` of an `nn.SyncBatchNorm` begins as ones and its `bias` as zeros, as those of `nn.BatchNorm1d` do.

    The documentation says that the weight is drawn from a uniform distribution.
    """
    model = nn.SyncBatchNorm(3)
    assert model.weight.tolist() == nn.BatchNorm1d(3).weight.tolist() == [1, 1, 1]
    assert model.bias.tolist() == [0, 0, 0]


@claim("IDIOM-75", source="torch.nn.BatchNorm2d")
@pytest.mark.parametrize(("Norm", "shape"), [("BatchNorm2d", (1, 1, 2, 2)), ("BatchNorm3d", (1, 1, 1, 2, 2))])
def test_the_running_variance_of_a_BatchNorm_averages_variances(Norm, shape, real_device):
    """`running_var` of `nn.BatchNorm2d` and `nn.BatchNorm3d` is a moving average of the variance, not of the standard
    deviation.
    """
    x = torch.tensor([0.0, 0.0, 6.0, 6.0], device=real_device).reshape(shape)
    model = getattr(nn, Norm)(1, momentum=1.0).to(real_device)
    model(x)
    assert model.running_var.item() == x.var().item() == pytest.approx(12)
    assert x.std().item() == pytest.approx(12**0.5)


@claim("META-72", source="torch.nn.LazyLinear")
def test_a_lazy_layer_without_bias_has_none_before_and_after_the_first_forward():
    """`nn.LazyLinear(n, bias=False)` has a `bias` of None and only `weight` in `state_dict()`, before the first forward
    and after it; `nn.LazyLinear(n)` has both.
    """
    model, whole = nn.LazyLinear(3, bias=False), nn.LazyLinear(3)
    assert model.bias is None
    assert list(model.state_dict()) == ["weight"]
    assert list(whole.state_dict()) == ["weight", "bias"]
    model(torch.ones(1, 2))
    assert model.bias is None
    assert list(model.state_dict()) == ["weight"]


@claim("IDIOM-81", source="torch.nn.SyncBatchNorm", since="2.0")
@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("tracked", [True, False])
def test_a_SyncBatchNorm_without_a_process_group_computes_as_a_BatchNorm(momentum, tracked):
    """Without a process group, an `nn.SyncBatchNorm` runs on the CPU and has the same outputs and running statistics as
    an `nn.BatchNorm1d` made with the same arguments, in training and in evaluation mode, also with `momentum=None` or
    `track_running_stats=False`.
    """
    x = torch.tensor([[0.001, 2.0], [0.003, 6.0]])
    models = [make(2, momentum=momentum, track_running_stats=tracked) for make in (nn.SyncBatchNorm, nn.BatchNorm1d)]
    for model in models:
        nn.init.constant_(model.weight, 2)
        nn.init.constant_(model.bias, 3)
    first, second, third = [[model.train(mode)(x).tolist() for model in models] for mode in (True, True, False)]
    assert [first[0], second[0], third[0]] == [first[1], second[1], third[1]]
    sync, batch = [{name: value.tolist() for name, value in model.state_dict().items()} for model in models]
    assert sync == batch
    assert ("num_batches_tracked", 2) in sync.items() or not tracked


@claim("IDIOM-82", source="torch.nn.BatchNorm1d")
@pytest.mark.parametrize("Norm", [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm])
def test_a_BatchNorm_is_built_in_a_dtype_with_an_integer_counter(Norm, device):
    """`nn.BatchNorm1d(n, dtype=torch.float64, device=device)`, and the other BatchNorms, have parameters and running
    statistics in this dtype on this device; `num_batches_tracked` is there too, and stays `torch.int64`.
    """
    state = Norm(2, dtype=torch.float64, device=device).state_dict()
    dtypes = {name: value.dtype for name, value in state.items()}
    assert dtypes.pop("num_batches_tracked") is torch.int64
    assert list(dtypes) == ["weight", "bias", "running_mean", "running_var"]
    assert set(dtypes.values()) == {torch.float64}
    assert {value.device.type for value in state.values()} == {torch.device(device).type}
