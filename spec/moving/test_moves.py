"""What a move to another device carries along."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFERS,
    COMPLEX,
    FLOATING,
    FROZEN_PARAMETER,
    INTEGER,
    REGISTERED,
    NestedModel,
    answers,
    claim,
)


@claim("MOVE-03", source="torch.nn.Module.to")
@answers("follows a move?", yes=REGISTERED)
def test_a_move_carries_every_parameter_and_buffer_at_every_depth(kind, move):
    model = NestedModel(5, 10).to(move.source)
    for position, dtype in enumerate(FLOATING + COMPLEX):
        kind.on(model.body.toy, f"x{position}", torch.ones(3, dtype=dtype, device=move.source))
    dtypes = [tensor.dtype for tensor in [*model.parameters(), *model.buffers()]]
    move(model)
    tensors = [*model.parameters(), *model.buffers()]
    assert {tensor.device.type for tensor in tensors} == {torch.device(move.device).type}
    assert [tensor.dtype for tensor in tensors] == dtypes
    assert model.body.toy.x5.shape == (3,)


@claim("MOVE-31", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", [FROZEN_PARAMETER, *BUFFERS])
def test_a_move_carries_integer_and_bool_state_too(kind, move):
    model = nn.Module()
    for position, dtype in enumerate(INTEGER):
        kind.on(model, f"x{position}", torch.ones(3, dtype=dtype, device=move.source))
    move(model)
    tensors = [*model.parameters(), *model.buffers()]
    assert {tensor.device.type for tensor in tensors} == {torch.device(move.device).type}
    assert [tensor.dtype for tensor in tensors] == list(INTEGER)


@claim("MOVE-32", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", REGISTERED)
def test_a_move_there_and_back_keeps_every_value(kind, real_device):
    tensor = torch.tensor([0.1, -0.0, 3e38, 1e-45, float("inf")])
    model = kind.on(nn.Module(), "x", tensor.clone())
    model.to(real_device)
    assert torch.equal(model.to("cpu").x, tensor)
