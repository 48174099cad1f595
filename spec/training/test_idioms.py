"""What the usual modules do with their state: BatchNorm, masks, positional encodings, counters."""

import pytest
import torch
from torch import nn

from ..vocabulary import FrozenModel, IntegerModel, NestedModel, any_channels, claim

BATCH_NORMS = {nn.BatchNorm1d: (4,), nn.BatchNorm2d: (4, 3, 3), nn.BatchNorm3d: (4, 2, 2, 2)}


@claim("IDIOM-01", source="torch.nn.Module.train")
@pytest.mark.parametrize("Model", [NestedModel, FrozenModel, IntegerModel])
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_train_and_eval_change_the_training_flag_and_no_state(Model, mode, real_device):
    model = Model(5, 10).to(real_device)

    def state():
        tensors = [*model.named_parameters(), *model.named_buffers()]
        return [(name, id(tensor), tensor.dtype, tensor.requires_grad, tensor.tolist()) for name, tensor in tensors]

    before = state()
    assert getattr(model, mode)() is model
    assert {module.training for module in model.modules()} == {mode == "train"}
    assert state() == before


@claim("IDIOM-02", source="torch.nn.BatchNorm1d")
@pytest.mark.parametrize("BatchNorm", BATCH_NORMS)
@any_channels
def test_BatchNorm_has_two_parameters_and_three_buffers_one_of_them_an_integer(BatchNorm, device, channels):
    model = BatchNorm(channels[1]).to(device)
    assert {name: p.shape for name, p in model.named_parameters()} == {"weight": channels[1:], "bias": channels[1:]}
    assert {name: (b.shape, b.dtype) for name, b in model.named_buffers()} == {
        "running_mean": (channels[1:], torch.float32),
        "running_var": (channels[1:], torch.float32),
        "num_batches_tracked": ((), torch.int64),
    }
    assert len(model.state_dict()) == 5


@claim("IDIOM-03", source="torch.nn.BatchNorm1d")
@pytest.mark.parametrize("BatchNorm", BATCH_NORMS)
@pytest.mark.parametrize("grad", [True, False])
def test_a_forward_updates_the_buffers_of_BatchNorm_in_train_mode_only(BatchNorm, grad, real_device):
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


@claim("IDIOM-06", source="torch.nn.BatchNorm1d")
@any_channels
def test_a_BatchNorm_saved_without_its_buffers_computes_something_else(real_device, channels):
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


class PositionalEncoding(nn.Module):
    """The sinusoidal table of the Transformer, ``length`` positions by ``width`` channels, added to the input."""

    def __init__(self, length, width, persistent):
        super().__init__()
        angles = torch.arange(length).unsqueeze(1) / 10000 ** (torch.arange(width) / width)
        self.register_buffer("table", torch.where(torch.arange(width) % 2 == 0, angles.sin(), angles.cos()), persistent)

    def forward(self, x):
        return x + self.table[: x.shape[-2]]


@claim("IDIOM-07", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("persistent", [True, False])
@pytest.mark.parametrize(("length", "width"), [(10, 4), (1, 1)])
def test_a_positional_encoding_follows_the_module_and_trains_nothing(persistent, length, width, migration):
    model = PositionalEncoding(length, width, persistent).to(migration.source)
    migration(model)
    assert model.table.device.type == torch.device(migration.device).type
    assert model.table.dtype is getattr(migration, "dtype", torch.float32)
    assert model.table.shape == (length, width)
    assert list(model.parameters()) == []
    assert list(model.state_dict()) == ["table"] * persistent


class CausalMask(nn.Module):
    """Scores of each of ``length`` positions for those that come later are filled with -inf."""

    def __init__(self, length):
        super().__init__()
        self.register_buffer("mask", torch.ones(length, length).triu(1).bool())

    def forward(self, scores):
        return scores.masked_fill(self.mask, float("-inf"))


@claim("IDIOM-09", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_causal_mask_moves_with_the_module_and_stays_bool_in_half_precision(length, dtype, real_device):
    model = CausalMask(length).to(real_device).to(dtype)
    assert model.mask.device.type == torch.device(real_device).type
    assert model.mask.dtype is torch.bool
    masked = model(torch.zeros(length, length, dtype=dtype, device=real_device))
    assert masked.dtype is dtype
    assert masked.isinf().sum(1).tolist() == list(range(length))[::-1]


@claim("IDIOM-10", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("steps", [1, 3])
def test_a_step_counter_survives_save_and_load_as_a_buffer_and_not_as_an_int(steps, real_device):
    trained, fresh = IntegerModel(5, 10).to(real_device), IntegerModel(5, 10).to(real_device)
    trained.count = fresh.count = 0
    for _ in range(steps):
        trained(torch.ones(1, 5, device=real_device))
        trained.count += 1
    fresh.load_state_dict(trained.state_dict())
    assert fresh.steps.item() == trained.count == steps
    assert fresh.count == 0
    assert fresh.steps.dtype is torch.int64
