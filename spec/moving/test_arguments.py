"""The forms in which ``to()`` takes its arguments, and those in which it doesn't."""

import pytest
import torch
from torch import nn

from ..vocabulary import REGISTERED, IntegerModel, ToyModel3, claim

FORMS = {
    "to(device, dtype)": lambda model: model.to("meta", torch.float64),
    "to(device=, dtype=)": lambda model: model.to(device="meta", dtype=torch.float64),
    "to(torch.device, dtype=)": lambda model: model.to(torch.device("meta"), dtype=torch.float64),
    "to(tensor)": lambda model: model.to(torch.ones(1, device="meta", dtype=torch.float64)),
    "to(tensor=)": lambda model: model.to(tensor=torch.ones(1, device="meta", dtype=torch.float64)),
}


@claim("MOVE-69", source="torch.nn.Module.to")
@pytest.mark.parametrize("form", FORMS)
def test_to_with_a_device_and_a_dtype_moves_all_registered_state_and_converts_floating_and_complex(form):
    """`.to(device, dtype)`, also by keywords or by an example tensor, moves every parameter and buffer and converts the
    floating-point and complex ones.
    """
    model = IntegerModel(5, 10)
    model.register_buffer("z", torch.tensor([1 + 2j]))
    assert FORMS[form](model) is model
    assert {tensor.device.type for tensor in [*model.parameters(), *model.buffers()]} == {"meta"}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float64}
    assert [buffer.dtype for buffer in model.buffers()] == [torch.int64, torch.bool, torch.float64]


@claim("MOVE-70", source="torch.nn.Module.to")
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool])
def test_to_raises_TypeError_for_an_integer_or_bool_tensor(dtype):
    """`.to(tensor)` with an integer or bool tensor raises `TypeError` and moves nothing, since `.to(tensor)` asks for
    the dtype of the tensor as well as its device.

    To follow a tensor's device only, use `.to(tensor.device)`.
    """
    model = ToyModel3(5, 10)
    with pytest.raises(TypeError, match="only accepts floating point or complex dtypes"):
        model.to(torch.zeros(1, dtype=dtype, device="meta"))
    assert (model.b1.device.type, model.c1.device.type) == ("cpu", "cpu")


@pytest.fixture
def calls(monkeypatch):
    """What the method ``to`` of each tensor is called with, the number of its dimensions first."""
    calls = []

    def to(tensor, *args, **kwargs):
        calls.append((tensor.dim(), *args, *kwargs.items()))
        return tensor

    monkeypatch.setattr(torch.Tensor, "to", to)
    return calls


def mixed():
    """A trainable vector, an integer scalar and a complex 4-d buffer."""
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(3))
    model.register_buffer("steps", torch.tensor(0))
    model.register_buffer("z", torch.ones(2, 2, 2, 2, dtype=torch.complex64))
    return model


@claim("MOVE-71", source="torch.nn.Module.to")
@pytest.mark.parametrize("non_blocking", [True, False])
def test_to_passes_non_blocking_to_each_parameter_and_buffer(non_blocking, calls):
    """`.to(device, dtype, non_blocking=True)` passes `non_blocking` to the `to()` of each parameter and buffer, and the
    dtype only to those of a floating-point or complex dtype.
    """
    mixed().to("cpu", torch.float64, non_blocking=non_blocking)
    cpu = torch.device("cpu")
    assert calls == [
        (1, cpu, torch.float64, non_blocking),
        (0, cpu, None, non_blocking),
        (4, cpu, torch.float64, non_blocking),
    ]


@claim("MOVE-72", source="torch.nn.Module.to")
def test_to_passes_the_memory_format_to_tensors_of_four_and_five_dimensions_only(calls):
    """`.to(memory_format=torch.channels_last)` passes `memory_format` to the `to()` of 4-d and 5-d parameters and
    buffers only.
    """
    model = mixed()
    for dimensions in range(7):
        model.register_buffer(f"x{dimensions}", torch.ones([1] * dimensions, dtype=torch.int8))
    model.to(dtype=torch.float64, memory_format=torch.channels_last, non_blocking=True)
    format = ("memory_format", torch.channels_last)
    assert calls == [
        (1, None, torch.float64, True),
        (0, None, None, True),
        (4, None, torch.float64, True, format),
        *[(dimensions, None, None, True) for dimensions in range(4)],
        (4, None, None, True, format),
        (5, None, None, True, format),
        (6, None, None, True),
    ]


@claim("MOVE-17", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", REGISTERED)
def test_channels_last_reorders_state_of_four_dimensions_and_leaves_state_of_fewer_as_it_is(kind, real_device):
    """`.to(memory_format=torch.channels_last)` gives 4-d parameters and buffers channels-last strides and leaves the
    strides of those of fewer dimensions, and all values, unchanged.
    """
    model = nn.Module()
    for shape in ((3,), (2, 3), (2, 3, 4), (2, 3, 4, 5)):
        kind.on(model, f"x{len(shape)}", torch.arange(float(torch.Size(shape).numel()), device=real_device).view(shape))
    values = [tensor.tolist() for tensor in [*model.parameters(), *model.buffers()]]
    model.to(memory_format=torch.channels_last)
    tensors = [*model.parameters(), *model.buffers()]
    assert [tensor.stride() for tensor in tensors] == [(1,), (3, 1), (12, 4, 1), (60, 1, 15, 3)]
    assert [tensor.tolist() for tensor in tensors] == values


FORMATS = [(nn.Conv2d, "channels_last_3d", 5), (nn.Conv3d, "channels_last", 4)]


@claim("MOVE-73", source="torch.nn.Module.to")
@pytest.mark.parametrize(("Conv", "format", "rank"), FORMATS)
def test_a_memory_format_for_another_number_of_dimensions_raises_RuntimeError(Conv, format, rank):
    """`.to(memory_format=torch.channels_last_3d)` on an `nn.Conv2d`, and `torch.channels_last` on an `nn.Conv3d`, raise
    `RuntimeError` and leave the strides of `weight` unchanged.
    """
    model = Conv(2, 3, 2)
    strides = model.weight.stride()
    with pytest.raises(RuntimeError, match=f"required rank {rank} tensor to use {format} format"):
        model.to(memory_format=getattr(torch, format))
    assert model.weight.stride() == strides


@claim("MOVE-74", source="torch.nn.Module.to")
def test_a_memory_format_may_be_given_with_a_dtype_and_a_device():
    """`.to(device, dtype, memory_format=torch.channels_last_3d)` moves, converts and reorders the parameters of an
    `nn.Conv3d` in one call.
    """
    model = nn.Conv3d(2, 3, 2)
    model.to("meta", torch.float64, memory_format=torch.channels_last_3d)
    assert (model.weight.device.type, model.weight.dtype) == ("meta", torch.float64)
    assert (model.bias.device.type, model.bias.dtype) == ("meta", torch.float64)
    assert model.weight.stride() == (16, 1, 8, 4, 2)


@claim("MOVE-75", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", REGISTERED)
def test_a_conversion_keeps_the_order_of_the_elements_in_memory(kind):
    """A conversion such as `.double()` keeps the strides of a transposed or channels-last parameter or buffer, and so
    the order of its elements in memory.
    """
    model = kind.on(nn.Module(), "x", torch.ones(2, 3).t())
    kind.on(model, "y", torch.ones(2, 3, 4, 5).contiguous(memory_format=torch.channels_last))
    model.double()
    assert (model.x.stride(), model.y.stride()) == ((1, 3), (60, 1, 15, 3))


WRONG = {
    "unknown keyword": (lambda model: model.to(devise="meta"), TypeError, "invalid combination of arguments"),
    "dtype as a string": (lambda model: model.to("meta", "float64"), TypeError, "invalid combination of arguments"),
    "memory format by position": (
        lambda model: model.to("meta", torch.channels_last),
        TypeError,
        "invalid combination of arguments",
    ),
    "unknown device": (lambda model: model.to("mta"), RuntimeError, "Expected one of cpu, cuda"),
    "copy": (lambda model: model.to("meta", copy=True), RuntimeError, "does not accept copy argument"),
}


@claim("MOVE-76", source="torch.nn.Module.to")
@pytest.mark.parametrize("mistake", WRONG)
def test_to_raises_for_arguments_that_it_does_not_know_and_moves_nothing(mistake):
    """`.to()` raises `TypeError` for an unknown keyword, a string as the dtype after a device or a positional
    `memory_format`. It raises `RuntimeError` for an unknown device name or `copy=True`, and moves nothing in either
    case.
    """
    call, error, words = WRONG[mistake]
    model = ToyModel3(5, 10)
    with pytest.raises(error, match=words):
        call(model)
    assert {tensor.device.type for tensor in [*model.parameters(), *model.buffers()]} == {"cpu"}
