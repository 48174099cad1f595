"""What the usual modules do with their state: masks, positional encodings, counters, running statistics."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFERS, IntegerModel, claim, core


class PositionalEncoding(nn.Module):
    """The sinusoidal table of the Transformer, ``length`` positions by ``width`` channels, added to the input."""

    def __init__(self, length, width, persistent):
        super().__init__()
        angles = torch.arange(length).unsqueeze(1) / 10000 ** (torch.arange(width) / width)
        self.register_buffer("table", torch.where(torch.arange(width) % 2 == 0, angles.sin(), angles.cos()), persistent)

    def forward(self, x):
        return x + self.table[: x.shape[-2]]


@core
@claim("IDIOM-07", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("persistent", [True, False])
def test_a_positional_encoding_held_as_a_buffer_follows_the_module_and_is_not_trained(persistent, migration):
    """A positional encoding registered as a buffer moves (`.to(device)`) and converts (`.half()`, `.double()`) with its
    module, is not among `parameters()`, and is saved only if it is persistent.
    """
    model = PositionalEncoding(10, 4, persistent).to(migration.source)
    migration(model)
    assert model.table.device.type == torch.device(migration.device).type
    assert model.table.dtype is getattr(migration, "dtype", torch.float32)
    assert model.table.shape == (10, 4)
    assert list(model.parameters()) == []
    assert list(model.state_dict()) == ["table"] * persistent


class CausalMask(nn.Module):
    """Scores of each of ``length`` positions for those that come later are filled with -inf."""

    def __init__(self, length):
        super().__init__()
        self.register_buffer("mask", torch.ones(length, length).triu(1).bool())

    def forward(self, scores):
        return scores.masked_fill(self.mask, float("-inf"))


@core
@claim("IDIOM-09", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_causal_mask_held_as_a_buffer_moves_with_the_module_and_stays_bool_in_float16(length, dtype, real_device):
    """A bool causal mask held as a buffer moves with the module to another device, such as a GPU, and stays bool under
    `.to(torch.float16)` and `.to(torch.bfloat16)`.
    """
    model = CausalMask(length).to(real_device).to(dtype)
    assert model.mask.device.type == torch.device(real_device).type
    assert model.mask.dtype is torch.bool
    masked = model(torch.zeros(length, length, dtype=dtype, device=real_device))
    assert masked.dtype is dtype
    assert masked.isinf().sum(1).tolist() == list(range(length))[::-1]


@core
@claim("IDIOM-10", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("steps", [1, 3])
def test_a_step_counter_survives_save_and_load_as_a_buffer_and_not_as_an_int(steps, real_device):
    """A step counter held as an integer buffer survives `state_dict()` and `load_state_dict()`; held as a plain int it
    doesn't: the module that loads keeps its own value.
    """
    trained, fresh = IntegerModel(5, 10).to(real_device), IntegerModel(5, 10).to(real_device)
    trained.count = fresh.count = 0
    for _ in range(steps):
        trained(torch.ones(1, 5, device=real_device))
        trained.count += 1
    fresh.load_state_dict(trained.state_dict())
    assert fresh.steps.item() == trained.count == steps
    assert fresh.count == 0
    assert fresh.steps.dtype is torch.int64


@claim("IDIOM-08", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize(("saved", "loading"), [(10, 20), (20, 10)])
def test_a_persistent_positional_encoding_of_another_length_does_not_load(saved, loading, device):
    """Loading a checkpoint with a persistent positional encoding of another length raises `RuntimeError` that names
    both shapes, with `strict=False` too, and the module's buffer keeps its length.
    """
    model = PositionalEncoding(loading, 4, persistent=True).to(device)
    checkpoint = PositionalEncoding(saved, 4, persistent=True).to(device).state_dict()
    with pytest.raises(RuntimeError, match=rf"size mismatch for table: .*\[{saved}, 4\].*\[{loading}, 4\]"):
        model.load_state_dict(checkpoint)
    with pytest.raises(RuntimeError, match="size mismatch for table"):
        model.load_state_dict(checkpoint, strict=False)
    assert model.table.shape == (loading, 4)


@claim("IDIOM-37", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize(("saved", "loading"), [(10, 20), (20, 10)])
def test_a_non_persistent_positional_encoding_may_have_any_length(saved, loading, device):
    """If a positional encoding is a buffer with `persistent=False`, a checkpoint of a module with another length loads
    without a missing or unexpected key, and the module keeps its own length.
    """
    model = PositionalEncoding(loading, 4, persistent=False).to(device)
    checkpoint = PositionalEncoding(saved, 4, persistent=False).to(device).state_dict()
    assert model.load_state_dict(checkpoint) == ([], [])
    assert model.table.shape == (loading, 4)


@claim("IDIOM-11", source="torch.nn.Module.bfloat16")
@pytest.mark.parametrize(("convert", "limit"), [("bfloat16", 256), ("half", 2048)])
def test_a_float_counter_stops_counting_in_half_precision_and_an_integer_one_does_not(convert, limit, real_device):
    """A counter held as a float buffer stops at 256 after `.bfloat16()` and at 2048 after `.half()`, since adding 1 is
    rounded away; an integer buffer counts on.
    """
    model = nn.Module()
    model.register_buffer("floating", torch.tensor(limit - 1.0))
    model.register_buffer("integer", torch.tensor(limit - 1))
    getattr(model.to(real_device), convert)()
    for _ in range(3):
        model.floating += 1
        model.integer += 1
    assert model.floating.item() == limit
    assert model.integer.item() == limit + 2


@claim("IDIOM-39", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_counter_may_be_changed_in_place_or_rebound_and_stays_the_same_buffer_only_in_place(kind, real_device):
    """A counter held as a buffer stays the same tensor under `self.steps += 1`; `self.steps = self.steps + 1` rebinds
    it to a new tensor, which is registered under the same name.
    """
    model = kind.on(nn.Module(), "steps", torch.tensor(0, device=real_device))
    steps, keys = model.steps, list(model.state_dict())
    model.steps += 1
    assert model.steps is steps
    model.steps = model.steps + 1
    assert model.steps is not steps
    assert (steps.item(), model.steps.item()) == (1, 2)
    assert [name for name, _ in model.named_buffers()] == ["steps"]
    assert list(model.state_dict()) == keys


class RunningMean(nn.Module):
    """The running mean of PyTorch's own notes on modules, rebound or, if ``in_place``, as it should be."""

    def __init__(self, width, in_place):
        super().__init__()
        self.in_place = in_place
        self.register_buffer("mean", torch.zeros(width))

    def forward(self, x):
        if self.in_place:
            with torch.no_grad():
                self.mean.mul_(0.5).add_(0.5 * x)
        else:
            self.mean = 0.5 * self.mean + 0.5 * x
        return self.mean


@claim("IDIOM-40", source="torch.nn.Module.register_buffer")
def test_a_running_mean_that_is_rebound_takes_the_shape_of_its_input_into_the_checkpoint(real_device):
    """When `forward` rebinds a running mean in a buffer, the mean takes the shape to which it and the averaged values
    broadcast. If this is another shape, loading the checkpoint into a fresh module raises `RuntimeError`.
    """
    trained, fresh = RunningMean(4, in_place=False).to(real_device), RunningMean(4, in_place=False).to(real_device)
    trained(torch.ones(2, 4, device=real_device))
    assert trained.state_dict()["mean"].tolist() == [[0.5] * 4] * 2
    with pytest.raises(RuntimeError, match="size mismatch for mean"):
        fresh.load_state_dict(trained.state_dict())


@claim("IDIOM-41", source="torch.nn.Module.register_buffer")
def test_a_running_mean_that_is_updated_in_place_keeps_its_shape_and_raises_for_another(real_device):
    """If `forward` updates a running mean in a buffer in place with the whole input, the mean keeps its shape. An input
    of more dimensions than the mean then makes `forward` raise `RuntimeError`.
    """
    model = RunningMean(4, in_place=True).to(real_device)
    model(torch.ones(4, device=real_device))
    with pytest.raises(RuntimeError, match=r"shape|size"):
        model(torch.ones(2, 4, device=real_device))
    assert model.mean.shape == (4,)


class Averaged(nn.Module):
    """A Linear, and the exponential moving average of its weight in a buffer."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1, bias=False)
        self.register_buffer("average", self.linear.weight.detach().clone())

    @torch.no_grad()
    def update(self):
        self.average.lerp_(self.linear.weight, 0.5)


@claim("IDIOM-44", source="torch.nn.Module.register_buffer")
def test_a_moving_average_in_a_buffer_is_saved_with_its_parameter_and_not_trained(real_device):
    """An exponential moving average (EMA) of a parameter, held in a buffer as a detached clone, is saved and loaded
    with the parameter; it doesn't require grad, and the optimizer leaves it unchanged.
    """
    model, fresh = Averaged().to(real_device), Averaged().to(real_device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    start = model.average.tolist()
    model.linear(torch.ones(1, 2, device=real_device)).sum().backward()
    optimizer.step()
    assert model.average.tolist() == start
    model.update()
    assert model.average.tolist() == [[pytest.approx(value - 0.5) for value in start[0]]]
    assert not model.average.requires_grad
    fresh.load_state_dict(model.state_dict())
    assert fresh.average.tolist() == model.average.tolist()


@claim("IDIOM-45", source="torch.Tensor.detach")
def test_a_buffer_that_is_a_detached_parameter_follows_every_step_where_a_clone_does_not(real_device):
    """A buffer registered as `parameter.detach()` is an alias: it follows the parameter at every `optimizer.step()`;
    one registered as `parameter.detach().clone()` is a snapshot and stays unchanged.
    """
    model = nn.Module()
    model.p = nn.Parameter(torch.zeros(3, device=real_device))
    model.register_buffer("alias", model.p.detach())
    model.register_buffer("copied", model.p.detach().clone())
    model.p.grad = torch.ones_like(model.p)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    optimizer.step()
    assert model.alias.tolist() == [-1, -1, -1]
    optimizer.step()
    assert model.alias.tolist() == [-2, -2, -2]
    assert model.copied.tolist() == [0, 0, 0]
