"""What a conversion of the dtype carries along."""

from itertools import product

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    BUFFERS,
    COMPLEX,
    CONVERSIONS,
    DECLARED,
    FLOATING,
    FROZEN_PARAMETER,
    INTEGER,
    PARAMETER,
    PLAIN,
    PLAIN_TENSOR,
    REGISTERED,
    NestedModel,
    answers,
    any_model,
    available,
    claim,
    core,
    registered,
    to,
)
from ..vocabulary.dtypes import CHANGING


@core
@claim("MOVE-01", source="torch.nn.Module.to")
@answers("follows a dtype conversion?", yes=REGISTERED)
@any_model
def test_a_conversion_converts_every_floating_parameter_and_buffer(device, Model, channels, shape):
    """A conversion by `.float()`, `.double()`, `.half()`, `.bfloat16()` or `.to(dtype)` converts every floating-point
    parameter and buffer of an initialized module and its submodules, on the device they are on.
    """
    model = Model(*channels).to(device)
    for kind, dtype in product(available(REGISTERED), FLOATING):
        kind.put(model, f"{kind.word} {dtype}".replace(".", " "), torch.ones(shape, dtype=dtype, device=device))
    floating = [name for name, tensor in registered(model).items() if tensor.is_floating_point()]
    for convert in CONVERSIONS:
        convert(model)
        state = registered(model)
        assert {state[name].dtype for name in floating} == {convert.dtype}
    assert {tensor.device.type for tensor in state.values()} == {torch.device(device).type}


@core
@claim("MOVE-02", source="torch.nn.Module.float")
@any_model
def test_a_conversion_other_than_type_leaves_integer_and_bool_state_as_it_is(device, Model, channels, shape):
    """By default, `.float()`, `.double()`, `.half()`, `.bfloat16()` and `.to(dtype)` keep buffers and frozen parameters
    of integer or bool dtype as the very same tensors; `.type(dtype)` does not.
    """
    model = Model(*channels).to(device)
    for kind, dtype in product(available([FROZEN_PARAMETER, *BUFFERS]), INTEGER):
        kind.put(model, f"{kind.word} {dtype}".replace(".", " "), torch.ones(shape, dtype=dtype, device=device))
    before = {name: tensor for name, tensor in registered(model).items() if not tensor.is_floating_point()}
    dtypes = {name: tensor.dtype for name, tensor in before.items()}
    assert set(dtypes.values()) == set(INTEGER)
    for convert in CONVERSIONS:
        convert(model)
    after = registered(model)
    assert all(after[name] is tensor for name, tensor in before.items())
    assert {name: tensor.dtype for name, tensor in before.items()} == dtypes


@claim("MOVE-14", source="torch.nn.Module.float")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("convert", ["float", "double", "half", "bfloat16"])
def test_float_double_half_and_bfloat16_leave_complex_state_as_it_is(kind, convert):
    """`.float()`, `.double()`, `.half()` and `.bfloat16()` leave complex parameters and buffers complex and
    unchanged.
    """
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
    """`.to(torch.float32)` and `.to(torch.float64)` make complex parameters and buffers real and drop the imaginary
    part, where `.float()` and `.double()` leave them complex.
    """
    model = kind.on(nn.Module(), "x", torch.tensor([1 + 2j, 3 + 4j], dtype=dtype, device=real_device))
    convert(model)
    assert model.x.dtype is convert.dtype
    assert model.x.tolist() == [1, 3]


@core
@claim("MOVE-04", source="torch.nn.Module.to")
@answers("follows a move?", "follows a dtype conversion?", no=PLAIN)
@any_model
def test_a_plain_attribute_is_left_behind_by_moves_and_conversions(move, Model, channels, shape):
    """Moving or converting a module leaves a plain tensor or number that it holds unchanged, on the old device and in
    the old dtype, unless the module's class overrides `_apply` to take it along.
    """
    model = Model(*channels).to(move.source)
    model.tensor, model.number = torch.ones(shape, device=move.source), 3
    plain = {name: getattr(model, name) for name in ("tensor", "number", *DECLARED[Model].plain)}
    before = [(tensor.dtype, tensor.device) for tensor in map(torch.as_tensor, plain.values())]
    for convert in CONVERSIONS:
        convert(model)
    move(model)
    assert all(getattr(model, name) is value for name, value in plain.items())
    assert [(tensor.dtype, tensor.device) for tensor in map(torch.as_tensor, plain.values())] == before


@core
@claim("MOVE-11", source="torch.nn.Module.to")
def test_every_move_and_conversion_changes_the_module_itself_and_returns_it(migration):
    """`.to()`, `.cpu()`, `.half()` and the like change a module in place: they return that same module, and its
    submodules stay the same objects.
    """
    model = NestedModel(5, 10).to(migration.source)
    inner = model.body.inner
    assert migration(model) is model
    assert model.body.inner is inner


class Projection(nn.Module):
    """A parameter ``weight`` multiplied by a ``table`` that is yet to be put on the module."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 3))

    def forward(self):
        return self.weight @ self.table


@core
@claim("MOVE-05", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("conversion", CHANGING)
def test_after_a_conversion_a_matrix_product_works_with_a_buffer_and_not_with_a_plain_tensor(
    kind, conversion, real_device
):
    """After a conversion, a matrix product of a parameter with a plain tensor, which has kept the old dtype, raises
    `RuntimeError`; with a buffer it works.

    After a move it raises too where a backend doesn't mix devices, as no GPU does: "Expected all tensors to be on the
    same device".
    """
    registered = kind.on(Projection().to(real_device), "table", torch.eye(3, device=real_device))
    plain = PLAIN_TENSOR.on(Projection().to(real_device), "table", torch.eye(3, device=real_device))
    assert conversion(registered)().tolist() == [[1, 1, 1]] * 3
    with pytest.raises(RuntimeError, match=r"dtype|scalar type"):
        conversion(plain)()
