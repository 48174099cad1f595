"""Which dtypes a conversion takes, and what it does to the values."""

import math

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    BUFFERS,
    COMPLEX,
    FLOATING,
    FROZEN_PARAMETER,
    INTEGER,
    PARAMETER,
    IntegerModel,
    NestedModel,
    claim,
    to,
)


@claim("MOVE-12", source="torch.nn.Module.to")
@pytest.mark.parametrize("dtype", INTEGER)
def test_to_refuses_an_integer_or_bool_dtype_and_changes_nothing(dtype):
    model = IntegerModel(5, 10)
    before = [*model.parameters(), *model.buffers()]
    with pytest.raises(TypeError, match=f"only accepts floating point or complex dtypes, .* desired dtype={dtype}"):
        model.to("meta", dtype)
    after = [*model.parameters(), *model.buffers()]
    assert all(now is then for now, then in zip(after, before, strict=True))
    assert {tensor.device.type for tensor in after} == {"cpu"}


TYPES = {
    "type(float64)": lambda model: model.type(torch.float64),
    "type(DoubleTensor)": lambda model: model.type(torch.DoubleTensor),
    "type('torch.DoubleTensor')": lambda model: model.type("torch.DoubleTensor"),
}


@claim("MOVE-13", source="torch.nn.Module.type")
@pytest.mark.parametrize("kind", [FROZEN_PARAMETER, BUFFER])
@pytest.mark.parametrize("convert", TYPES)
def test_type_converts_everything_integers_and_bools_too(kind, convert):
    model = nn.Module()
    model.child = nn.Module()
    for position, dtype in enumerate(FLOATING + INTEGER):
        kind.on(model.child, f"x{position}", torch.tensor([0, 1]).to(dtype))
    assert TYPES[convert](model) is model
    tensors = [*model.parameters(), *model.buffers()]
    assert [tensor.dtype for tensor in tensors] == [torch.float64] * 10
    assert [tensor.tolist() for tensor in tensors] == [[0, 1]] * 10


@claim("MOVE-62", source="torch.nn.Module.type")
@pytest.mark.parametrize("kind", [FROZEN_PARAMETER, *BUFFERS])
def test_type_converts_frozen_parameters_and_buffers_to_an_integer_dtype(kind):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    model.type(torch.int64)
    assert model.x.dtype is torch.int64


@claim("MOVE-63", source="torch.nn.Module.type")
def test_type_cannot_make_a_trainable_parameter_an_integer(device):
    model = nn.Linear(2, 3, device=device)
    weight = model.weight
    with pytest.raises(RuntimeError, match="must be floating point or complex"):
        model.type(torch.int64)
    assert model.weight is weight
    assert (weight.dtype, weight.requires_grad) == (torch.float32, True)


@claim("MOVE-64", source="torch.nn.Module.type")
def test_type_refuses_a_name_that_is_no_tensor_type():
    model = nn.Linear(2, 3)
    with pytest.raises(ValueError, match="invalid type: 'double'"):
        model.type("double")
    assert model.weight.dtype is torch.float32


@claim("MOVE-16", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("dtype", COMPLEX)
def test_to_a_complex_dtype_warns_and_converts_floating_and_complex_state_but_no_integers(kind, dtype, real_device):
    model = nn.Module()
    model.child = kind.on(nn.Module(), "x", torch.tensor([1.0, 2.0], device=real_device))
    kind.on(model, "z", torch.tensor([1 + 2j], device=real_device))
    model.register_buffer("steps", torch.tensor(0, device=real_device))
    with pytest.warns(UserWarning, match="Complex modules are a new feature") as warned:
        model.to(dtype)
    assert len(warned) == 1
    assert (model.child.x.dtype, model.z.dtype, model.steps.dtype) == (dtype, dtype, torch.int64)
    assert (model.child.x.tolist(), model.z.tolist()) == ([1, 2], [1 + 2j])


@claim("MOVE-65", source="torch.nn.Module.to", since="2.10")
def test_the_warning_about_complex_modules_points_to_the_line_that_converts():
    with pytest.warns(UserWarning, match="Complex modules") as warned:
        nn.Linear(2, 3).to(torch.complex64)
    assert warned[0].filename == __file__


@claim("MOVE-66", source="torch.nn.Module.to")
@pytest.mark.filterwarnings("error")
def test_to_warns_of_complex_modules_only_when_a_complex_dtype_is_asked_for():
    model = nn.Module()
    model.register_buffer("z", torch.tensor([1 + 2j]))
    model.register_buffer("x", torch.tensor([1.0]))
    model.to("meta")
    model.type(torch.complex128)
    assert nn.Linear(2, 3).to(torch.float64).weight.dtype is torch.float64
    assert (model.z.dtype, model.x.dtype) == (torch.complex128, torch.complex128)


@claim("MOVE-23", source="torch.nn.Module.half")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_round_trip_through_half_precision_loses_digits_for_good(kind, dtype, real_device):
    model = kind.on(nn.Module(), "x", torch.tensor([0.1, 1.0], device=real_device))
    tenth, one = model.to(dtype).float().x.tolist()
    assert tenth != pytest.approx(0.1, rel=1e-5)
    assert tenth == pytest.approx(0.1, rel=1e-2)
    assert one == 1
    assert model.x.dtype is torch.float32


@claim("MOVE-24", source="torch.nn.Module.half")
@pytest.mark.parametrize("kind", BUFFERS)
def test_half_makes_a_large_negative_mask_infinite_where_bfloat16_does_not(kind, real_device):
    half = kind.on(nn.Module(), "x", torch.tensor([-1e9, 0.0], device=real_device)).half()
    bfloat16 = kind.on(nn.Module(), "x", torch.tensor([-1e9, 0.0], device=real_device)).bfloat16()
    assert half.x.tolist() == [-math.inf, 0]
    assert bfloat16.x.tolist() == [pytest.approx(-1e9, rel=1e-2), 0]


@claim("MOVE-30", source="torch.nn.Module.half", since="2.1")
@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("convert", [to(torch.float16), to(torch.float32), to(torch.bfloat16)])
def test_a_conversion_casts_a_float8_buffer_and_leaves_int8_and_uint8_storage_alone(dtype, convert):
    model = nn.Module()
    model.register_buffer("float8", torch.tensor([1.0, 2.0]).to(getattr(torch, dtype)))
    model.register_buffer("int8", torch.tensor([1, 2], dtype=torch.int8))
    model.register_buffer("uint8", torch.tensor([1, 2], dtype=torch.uint8))
    convert(model)
    assert [buffer.dtype for buffer in model.buffers()] == [convert.dtype, torch.int8, torch.uint8]
    assert model.float8.tolist() == [1, 2]


@claim("MOVE-67", source="torch.nn.Module.to", since="2.1")
@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2"])
def test_to_takes_a_float8_dtype(dtype):
    dtype = getattr(torch, dtype)
    model = NestedModel(5, 10).to(dtype)
    assert {tensor.dtype for tensor in [*model.parameters(), *model.buffers()]} == {dtype}


@claim("MOVE-68", source="torch.nn.Module.to")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_conversion_leaves_a_quantized_buffer_as_it_is(kind):
    quantized = torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8)
    model = kind.on(nn.Module(), "x", quantized)
    model.register_buffer("scale", torch.ones(1))
    model.half().to(torch.float64)
    assert (model.x.dtype, model.scale.dtype) == (torch.qint8, torch.float64)
    assert model.x.int_repr().tolist() == [2, 2]
