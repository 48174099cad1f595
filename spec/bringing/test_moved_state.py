"""What follows a module to another device or dtype, and what is left behind."""

import pytest
import torch

from ..checking.state import plain_tensors, registered
from ..vocabulary import claim
from ..vocabulary.dtypes import CHANGING


@claim("ANY-07", source="torch.nn.Module.to")
def test_a_move_moves_every_parameter_and_buffer_of_any_module(factory, move):
    """Moving a `torch.nn` module to another device moves every parameter and buffer and keeps their names; this
    specification's option `--model` tests a module of yours.
    """
    model = factory().to(move.source)
    names = list(registered(model))
    move(model)
    moved = registered(model)
    assert list(moved) == names
    assert [name for name in names if moved[name].device.type != torch.device(move.device).type] == []


@claim("ANY-08", source="torch.nn.Module.to")
@pytest.mark.parametrize("convert", CHANGING)
def test_a_conversion_converts_every_floating_parameter_and_buffer_of_any_module(factory, convert):
    """For a `torch.nn` module that is not lazy, `.double()` and `.bfloat16()` convert every floating-point parameter
    and buffer and leave tensors of other dtypes alone. This specification's option `--model` tests a module of yours.
    """
    model = factory()
    before = {name: tensor.dtype for name, tensor in registered(model).items()}
    convert(model)
    after = {name: tensor.dtype for name, tensor in registered(model).items()}
    assert after == {name: convert.dtype if dtype.is_floating_point else dtype for name, dtype in before.items()}


@claim("ANY-09", source="torch.nn.Module.register_buffer")
def test_a_move_leaves_no_plain_tensor_of_a_module_behind(factory, move):
    """Moving a `torch.nn` module without hooks of pruning or the old `weight_norm` leaves no plain tensor behind: it
    holds none or moves it in its own `_apply`. This specification's option `--model` tests a module of yours.
    """
    model = factory().to(move.source)
    state = registered(model)
    move(model)
    left = [plain for plain in plain_tensors(model) if plain.tensor.device.type != torch.device(move.device).type]
    assert not left, "\n".join(plain.advice(state) for plain in left)
