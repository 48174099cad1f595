"""What changes with a buffer, and what goes stale: a second name for its tensor, and a state dict taken earlier."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim


class Masked(nn.Module):
    """A buffer ``mask`` and the attribute ``kept``, the very tensor that it was registered with."""

    def __init__(self):
        super().__init__()
        self.kept = torch.zeros(2)
        self.register_buffer("mask", self.kept)


@claim("LOAD-94", source="torch.nn.Module.register_buffer")
def test_the_tensor_that_a_buffer_was_registered_with_changes_when_a_checkpoint_is_loaded():
    """A module may also keep the tensor that it gave to `register_buffer` as a plain attribute: `load_state_dict()`
    changes this one tensor in place under both names, and `state_dict()` has the buffer's name only.
    """
    model = Masked()
    assert list(model.state_dict()) == ["mask"]
    model.load_state_dict({"mask": torch.ones(2)})
    assert model.kept is model.mask
    assert model.kept.tolist() == [1, 1]


@claim("LOAD-95", source="torch.nn.Module.register_buffer")
def test_the_tensor_that_a_buffer_was_registered_with_is_stale_after_a_move_or_conversion():
    """A plain attribute that holds the tensor given to `register_buffer` is stale after `.double()`, or a move, rebinds
    the buffer: a later `load_state_dict()` changes the buffer alone.
    """
    converted, moved = Masked().double(), Masked().to("meta")
    converted.load_state_dict({"mask": torch.ones(2)})
    assert (converted.mask.tolist(), converted.mask.dtype) == ([1, 1], torch.float64)
    assert (converted.kept.tolist(), converted.kept.dtype) == ([0, 0], torch.float32)
    assert (moved.mask.is_meta, moved.kept.is_meta) == (True, False)


@claim("LOAD-96", source="torch.nn.Module.load_state_dict", since="2.1")
def test_the_tensor_that_a_buffer_was_registered_with_is_stale_after_an_assigning_load():
    """A plain attribute that holds the tensor given to `register_buffer` is stale after `load_state_dict(assign=True)`:
    the buffer is then the checkpoint's tensor.
    """
    model, checkpoint = Masked(), {"mask": torch.ones(2)}
    model.load_state_dict(checkpoint, assign=True)
    assert model.mask is checkpoint["mask"]
    assert model.kept.tolist() == [0, 0]


@claim("SD-104", source="torch.nn.Module.state_dict")
def test_a_state_dict_keeps_the_shape_that_a_buffer_had():
    """`resize_()` of a buffer after `state_dict()` leaves the shape in that state dict as it was, though its values
    still follow the buffer's; `state_dict(keep_vars=True)` holds the buffer itself, with its new shape."""
    model = nn.Module()
    model.register_buffer("b", torch.zeros(4))
    taken, kept = model.state_dict(), model.state_dict(keep_vars=True)
    model.b.resize_(2).fill_(3)
    assert taken["b"].tolist() == [3, 3, 0, 0]
    assert kept["b"] is model.b
    assert model.state_dict()["b"].tolist() == [3, 3]


@claim("SD-105", source="torch.nn.Module.load_state_dict")
def test_a_resized_buffer_does_not_load_the_state_dict_that_was_taken_before():
    """After `resize_()` has changed the shape of a buffer, `load_state_dict()` raises `RuntimeError` for a state dict
    that was taken before, as that has the old shape.
    """
    model = nn.Module()
    model.register_buffer("b", torch.zeros(4))
    taken = model.state_dict()
    model.b.resize_(8)
    with pytest.raises(RuntimeError, match="size mismatch for b"):
        model.load_state_dict(taken)
    model.load_state_dict(model.state_dict())
    assert model.b.shape == (8,)
