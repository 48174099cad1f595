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
def test_to_an_integer_or_bool_dtype_raises_TypeError_and_changes_nothing(dtype):
    """`.to(dtype)` raises `TypeError` for an integer or bool dtype; it converts nothing then, and moves nothing to a
    device that is given with it.
    """
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
def test_type_converts_integers_and_bools_too(kind, convert):
    """`module.type(dtype)` converts frozen parameters and buffers of every dtype, integers and bools included, where
    `.to(dtype)` converts floating-point and complex ones only.
    """
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
    """`module.type(torch.int64)` converts floating-point buffers and frozen parameters to that integer dtype."""
    model = kind.on(nn.Module(), "x", torch.ones(3))
    model.type(torch.int64)
    assert model.x.dtype is torch.int64


@claim("MOVE-63", source="torch.nn.Module.type")
def test_type_raises_RuntimeError_for_an_integer_dtype_on_a_trainable_parameter(device):
    """`module.type(torch.int64)` raises `RuntimeError` at a trainable parameter, which stays floating-point and
    trainable: only floating-point and complex tensors can require grad.
    """
    model = nn.Linear(2, 3, device=device)
    weight = model.weight
    with pytest.raises(RuntimeError, match="must be floating point or complex"):
        model.type(torch.int64)
    assert model.weight is weight
    assert (weight.dtype, weight.requires_grad) == (torch.float32, True)


@claim("MOVE-64", source="torch.nn.Module.type")
def test_type_raises_ValueError_for_a_string_that_names_no_tensor_type():
    """`module.type("double")` raises `ValueError` and converts nothing: a string has to name a tensor type, such as
    `"torch.DoubleTensor"`.
    """
    model = nn.Linear(2, 3)
    with pytest.raises(ValueError, match="invalid type: 'double'"):
        model.type("double")
    assert model.weight.dtype is torch.float32


@claim("MOVE-16", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("dtype", COMPLEX)
def test_to_a_complex_dtype_warns_and_converts_floating_and_complex_state_but_no_integers(kind, dtype, real_device):
    """`.to(torch.complex64)` makes floating-point and complex parameters and buffers complex, leaves integers as they
    are, and gives one `UserWarning`.
    """
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
    """The `UserWarning` that complex modules are a new feature names the line that called `.to(torch.complex64)`, not
    one inside torch.
    """
    with pytest.warns(UserWarning, match="Complex modules") as warned:
        nn.Linear(2, 3).to(torch.complex64)
    assert warned[0].filename == __file__


@claim("MOVE-66", source="torch.nn.Module.to")
@pytest.mark.filterwarnings("error")
def test_to_warns_about_complex_modules_only_for_a_complex_dtype():
    """`.to()` warns about complex modules only if it is given a complex dtype: neither moving complex buffers nor
    `.type(torch.complex128)` warns.
    """
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
def test_a_conversion_to_half_precision_and_back_leaves_the_values_rounded(kind, dtype, real_device):
    """Converting to `torch.float16` or `torch.bfloat16` and back by `.float()` leaves parameters and buffers rounded:
    0.1 comes back inexact, 1.0 exact.
    """
    model = kind.on(nn.Module(), "x", torch.tensor([0.1, 1.0], device=real_device))
    tenth, one = model.to(dtype).float().x.tolist()
    assert tenth != pytest.approx(0.1, rel=1e-5)
    assert tenth == pytest.approx(0.1, rel=1e-2)
    assert one == 1
    assert model.x.dtype is torch.float32


@claim("MOVE-24", source="torch.nn.Module.half")
@pytest.mark.parametrize("kind", BUFFERS)
def test_half_makes_a_large_negative_mask_infinite_where_bfloat16_does_not(kind, real_device):
    """`.half()` turns the -1e9 of an attention mask held as a buffer into minus infinity, where `.bfloat16()` keeps it
    finite.
    """
    half = kind.on(nn.Module(), "x", torch.tensor([-1e9, 0.0], device=real_device)).half()
    bfloat16 = kind.on(nn.Module(), "x", torch.tensor([-1e9, 0.0], device=real_device)).bfloat16()
    assert half.x.tolist() == [-math.inf, 0]
    assert bfloat16.x.tolist() == [pytest.approx(-1e9, rel=1e-2), 0]


@claim("MOVE-30", source="torch.nn.Module.half", since="2.1")
@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("convert", [to(torch.float16), to(torch.float32), to(torch.bfloat16)])
def test_a_conversion_converts_float8_buffers_and_leaves_int8_and_uint8_ones_as_they_are(dtype, convert):
    """A conversion such as `.to(torch.float16)` converts float8 buffers like other floating-point ones, and leaves int8
    and uint8 buffers unchanged.

    So a conversion undoes storage in float8 and leaves storage in int8 or uint8 alone.
    """
    model = nn.Module()
    model.register_buffer("float8", torch.tensor([1.0, 2.0]).to(getattr(torch, dtype)))
    model.register_buffer("int8", torch.tensor([1, 2], dtype=torch.int8))
    model.register_buffer("uint8", torch.tensor([1, 2], dtype=torch.uint8))
    convert(model)
    assert [buffer.dtype for buffer in model.buffers()] == [convert.dtype, torch.int8, torch.uint8]
    assert model.float8.tolist() == [1, 2]


@claim("MOVE-67", source="torch.nn.Module.to", since="2.1")
@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2"])
def test_to_converts_a_module_to_a_float8_dtype(dtype):
    """`.to(torch.float8_e4m3fn)` and `.to(torch.float8_e5m2)` convert every floating-point parameter and buffer of a
    float32 module.
    """
    dtype = getattr(torch, dtype)
    model = NestedModel(5, 10).to(dtype)
    assert {tensor.dtype for tensor in [*model.parameters(), *model.buffers()]} == {dtype}


@claim("MOVE-68", source="torch.nn.Module.to")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_conversion_leaves_a_quantized_buffer_as_it_is(kind):
    """`.half()` and `.to(torch.float64)` leave a buffer made by `torch.quantize_per_tensor` unchanged and convert a
    floating-point buffer beside it.
    """
    quantized = torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8)
    model = kind.on(nn.Module(), "x", quantized)
    model.register_buffer("scale", torch.ones(1))
    model.half().to(torch.float64)
    assert (model.x.dtype, model.scale.dtype) == (torch.qint8, torch.float64)
    assert model.x.int_repr().tolist() == [2, 2]
