"""What follows a module to another device or dtype, and what is left behind."""

import pytest
import torch

from ..vocabulary import claim
from ..vocabulary.dtypes import CHANGING
from ..yours.state import plain_tensors, registered


@claim("ANY-07", source="torch.nn.Module.to")
def test_a_move_carries_every_parameter_and_buffer_of_any_module(factory, move):
    model = factory().to(move.source)
    names = list(registered(model))
    move(model)
    moved = registered(model)
    assert list(moved) == names
    assert [name for name in names if moved[name].device.type != torch.device(move.device).type] == []


@claim("ANY-08", source="torch.nn.Module.to")
@pytest.mark.parametrize("convert", CHANGING)
def test_a_conversion_carries_every_floating_parameter_and_buffer_of_any_module(factory, convert):
    model = factory()
    before = {name: tensor.dtype for name, tensor in registered(model).items()}
    convert(model)
    after = {name: tensor.dtype for name, tensor in registered(model).items()}
    assert after == {name: convert.dtype if dtype.is_floating_point else dtype for name, dtype in before.items()}


@claim("ANY-09", source="torch.nn.Module.register_buffer")
def test_a_move_leaves_behind_no_tensor_that_a_module_holds(factory, move):
    model = factory().to(move.source)
    state = registered(model)
    move(model)
    left = [plain for plain in plain_tensors(model) if plain.tensor.device.type != torch.device(move.device).type]
    assert not left, "\n".join(plain.advice(state) for plain in left)
