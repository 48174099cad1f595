"""What a move to another device carries along."""

from itertools import product

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
    answers,
    any_model,
    available,
    claim,
    core,
    registered,
)


@core
@claim("MOVE-03", source="torch.nn.Module.to")
@answers("follows a move?", yes=REGISTERED)
@any_model
def test_a_move_carries_every_parameter_and_buffer_at_every_depth(move, Model, channels, shape):
    """A move to a GPU or any other device (`.to(device)`, `.cuda()`, `.cpu()`) moves every parameter and buffer of a
    module and its submodules and changes no dtype.
    """
    model = Model(*channels).to(move.source)
    for kind, dtype in product(available(REGISTERED), FLOATING + COMPLEX):
        kind.put(model, f"{kind.word} {dtype}".replace(".", " "), torch.ones(shape, dtype=dtype, device=move.source))
    before = {name: (tensor.dtype, tensor.shape) for name, tensor in registered(model).items()}
    move(model)
    after = registered(model)
    assert {tensor.device.type for tensor in after.values()} == {torch.device(move.device).type}
    assert {name: (after[name].dtype, after[name].shape) for name in before} == before


@claim("MOVE-31", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", [FROZEN_PARAMETER, *BUFFERS])
def test_a_move_carries_integer_and_bool_state_too(kind, move):
    """A move to another device takes integer and bool buffers and frozen parameters along and keeps their dtypes."""
    model = nn.Module()
    for position, dtype in enumerate(INTEGER):
        kind.on(model, f"x{position}", torch.ones(3, dtype=dtype, device=move.source))
    move(model)
    tensors = [*model.parameters(), *model.buffers()]
    assert {tensor.device.type for tensor in tensors} == {torch.device(move.device).type}
    assert [tensor.dtype for tensor in tensors] == list(INTEGER)


@claim("MOVE-32", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", REGISTERED)
def test_a_move_to_a_device_with_values_and_back_keeps_every_value(kind, real_device):
    """Moving a float32 module to a GPU or another device that holds values, and back by `.to("cpu")`, keeps the values
    of parameters and buffers exactly.
    """
    tensor = torch.tensor([0.1, -0.0, 3e38, 1e-45, float("inf")])
    model = kind.on(nn.Module(), "x", tensor.clone())
    model.to(real_device)
    assert str(model.to("cpu").x.tolist()) == str(tensor.tolist())
