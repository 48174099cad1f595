"""What a conversion of the dtype carries along."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    BUFFERS,
    COMPLEX,
    CONVERSIONS,
    FLOATING,
    FROZEN_PARAMETER,
    INTEGER,
    NON_PERSISTENT_BUFFER,
    PARAMETER,
    PLAIN,
    PLAIN_TENSOR,
    REGISTERED,
    NestedModel,
    answers,
    claim,
    to,
)


@claim("MOVE-01", source="torch.nn.Module.to")
@answers("follows a dtype conversion?", yes=REGISTERED)
@pytest.mark.parametrize("convert", CONVERSIONS)
def test_a_conversion_converts_every_floating_parameter_and_buffer(kind, convert, real_device):
    model = NestedModel(5, 10).to(real_device)
    for position, dtype in enumerate(FLOATING):
        kind.on(model.body.toy, f"x{position}", torch.ones(3, dtype=dtype, device=real_device))
    convert(model)
    toy = model.body.toy
    assert [toy.x0.dtype, toy.x1.dtype, toy.x2.dtype, toy.x3.dtype] == [convert.dtype] * 4
    assert {tensor.dtype for tensor in [*model.parameters(), *model.buffers()]} == {convert.dtype}
    assert toy.x0.device.type == torch.device(real_device).type


@claim("MOVE-02", source="torch.nn.Module.float")
@pytest.mark.parametrize("kind", [FROZEN_PARAMETER, BUFFER, NON_PERSISTENT_BUFFER])
@pytest.mark.parametrize("convert", CONVERSIONS)
def test_a_conversion_leaves_integer_and_bool_state_as_it_is(kind, convert, real_device):
    model = nn.Module()
    for position, dtype in enumerate(INTEGER):
        kind.on(model, f"x{position}", torch.ones(3, dtype=dtype, device=real_device))
    before = [*model.parameters(), *model.buffers()]
    convert(model)
    after = [*model.parameters(), *model.buffers()]
    assert [tensor.dtype for tensor in after] == list(INTEGER)
    assert all(now is then for now, then in zip(after, before, strict=True))


@claim("MOVE-14", source="torch.nn.Module.float")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("convert", ["float", "double", "half", "bfloat16"])
def test_float_double_half_and_bfloat16_leave_complex_state_as_it_is(kind, convert):
    model = kind.on(nn.Module(), "x", torch.tensor([1 + 2j, 3 + 4j], dtype=torch.complex64))
    kind.on(model, "y", torch.tensor([5 + 6j], dtype=torch.complex128))
    getattr(model, convert)()
    assert (model.x.dtype, model.y.dtype) == COMPLEX
    assert (model.x.tolist(), model.y.tolist()) == ([1 + 2j, 3 + 4j], [5 + 6j])


@claim("MOVE-15", source="torch.nn.Module.to")
@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("convert", [to(torch.float32), to(torch.float64)])
def test_to_a_real_dtype_makes_complex_state_real_and_drops_the_imaginary_part(kind, dtype, convert, real_device):
    model = kind.on(nn.Module(), "x", torch.tensor([1 + 2j, 3 + 4j], dtype=dtype, device=real_device))
    convert(model)
    assert model.x.dtype is convert.dtype
    assert model.x.tolist() == [1, 3]


@claim("MOVE-04", source="torch.nn.Module.to")
@answers("follows a move?", "follows a dtype conversion?", no=PLAIN)
def test_a_plain_attribute_is_left_behind_by_every_move_and_conversion(kind, migration):
    model = kind.on(NestedModel(5, 10).to(migration.source), "x", torch.ones(3, device=migration.source))
    x = model.x
    tensor = torch.as_tensor(x)
    dtype, device = tensor.dtype, tensor.device
    migration(model)
    assert model.x is x
    assert (tensor.dtype, tensor.device) == (dtype, device)


@claim("MOVE-11", source="torch.nn.Module.to")
def test_every_move_and_conversion_changes_the_module_itself_and_returns_it(migration):
    model = NestedModel(5, 10).to(migration.source)
    toy = model.body.toy
    assert migration(model) is model
    assert model.body.toy is toy


class Projection(nn.Module):
    """A parameter ``weight`` multiplied by a ``table`` that is yet to be put on the module."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 3))

    def forward(self):
        return self.weight @ self.table


@claim("MOVE-05", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_forward_fails_on_a_plain_tensor_left_behind_where_a_buffer_works(kind, real_migration):
    device = real_migration.source
    registered = kind.on(Projection().to(device), "table", torch.eye(3, device=device))
    plain = PLAIN_TENSOR.on(Projection().to(device), "table", torch.eye(3, device=device))
    assert real_migration(registered)().tolist() == [[1, 1, 1]] * 3
    with pytest.raises(RuntimeError, match=r"device|dtype|scalar type|XLA tensor"):
        real_migration(plain)()
