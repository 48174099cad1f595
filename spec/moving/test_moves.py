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
@pytest.mark.parametrize("dtype", FLOATING + COMPLEX)
def test_a_move_carries_every_parameter_and_buffer_at_every_depth(kind, dtype, move):
    model = NestedModel(5, 10).to(move.source)
    kind.on(model.body.toy, "x", torch.ones(3, dtype=dtype, device=move.source))
    move(model)
    tensors = [*model.parameters(), *model.buffers()]
    assert len(tensors) == 7
    assert {tensor.device.type for tensor in tensors} == {torch.device(move.device).type}
    assert (model.body.toy.x.dtype, model.body.toy.x.shape) == (dtype, (3,))


@claim("MOVE-31", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", [FROZEN_PARAMETER, *BUFFERS])
@pytest.mark.parametrize("dtype", INTEGER)
def test_a_move_carries_integer_and_bool_state_too(kind, dtype, move):
    model = kind.on(nn.Module(), "x", torch.ones(3, dtype=dtype, device=move.source))
    move(model)
    assert model.x.device.type == torch.device(move.device).type
    assert model.x.dtype is dtype


@claim("MOVE-32", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", REGISTERED)
def test_a_move_there_and_back_keeps_every_value(kind, real_device):
    tensor = torch.tensor([0.1, -0.0, 3e38, 1e-45, float("inf")])
    model = kind.on(nn.Module(), "x", tensor.clone())
    model.to(real_device)
    assert torch.equal(model.to("cpu").x, tensor)
