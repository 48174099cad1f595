"""``nn.Buffer`` against ``register_buffer``."""

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from ..vocabulary import COMPLEX, FLOATING, INTEGER, NN_BUFFER, ToyModel2, answers, claim, shapes


@claim("BUF-01", source="torch.nn.Buffer", since="2.5")
@answers("registered by plain assignment?", yes=(NN_BUFFER,))
@example(shape=(10,), dtype=torch.float32)
@given(shape=shapes(), dtype=st.sampled_from(FLOATING + INTEGER + COMPLEX))
def test_assigning_an_nn_Buffer_registers_a_persistent_buffer_as_register_buffer_does(device, shape, dtype):
    tensor = torch.ones(shape, dtype=dtype, device=device)
    registered, assigned = ToyModel2(5, 10).to(device), ToyModel2(5, 10).to(device)
    registered.register_buffer("x", tensor)
    assigned.x = nn.Buffer(tensor)
    assert assigned.x is dict(assigned.named_buffers())["x"]
    assert (assigned.x.dtype, assigned.x.shape, assigned.x.device) == (tensor.dtype, tensor.shape, tensor.device)
    assert list(assigned.state_dict()) == list(registered.state_dict())


@claim("BUF-02", source="torch.nn.Buffer", since="2.5")
def test_an_nn_Buffer_is_non_persistent_by_keyword_only(device):
    model = nn.Module()
    model.kept = nn.Buffer(torch.ones(3, device=device), persistent=True)
    model.left_out = nn.Buffer(torch.ones(3, device=device), persistent=False)
    assert [name for name, _ in model.named_buffers()] == ["kept", "left_out"]
    assert list(model.state_dict()) == ["kept"]
    with pytest.raises(TypeError, match="positional"):
        nn.Buffer(torch.ones(3, device=device), False)
