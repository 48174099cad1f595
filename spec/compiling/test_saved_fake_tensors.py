"""Files of tensors without values: what ``torch.save`` makes of a state dict that is fake."""

import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import claim


@claim("GRAPH-101", source="torch.serialization.skip_data", since="2.5")
def test_the_state_dict_of_a_fake_module_is_saved_where_its_tensors_are_to_be_materialized(tmp_path):
    """`torch.save` raises `AttributeError` or `pickle.PicklingError` for the state dict of a module made under a
    `FakeTensorMode`; within `torch.serialization.skip_data(materialize_fake_tensors=True)` it writes a file that loads
    as real tensors of the same shapes and dtypes.
    """
    from torch._subclasses import FakeTensor, FakeTensorMode

    path = tmp_path / "a.pt"
    with FakeTensorMode():
        fake = nn.Linear(2, 3, dtype=torch.float64).state_dict()
    refusal = pytest.raises((AttributeError, pickle.PicklingError), match="local object")
    with torch.serialization.skip_data(), refusal:
        torch.save(fake, path)
    with torch.serialization.skip_data(materialize_fake_tensors=True):
        torch.save(fake, path)
    loaded = torch.load(path)
    assert {type(value) for value in fake.values()} == {FakeTensor}
    assert {type(value) for value in loaded.values()} == {torch.Tensor}
    assert {name: (tuple(value.shape), value.dtype) for name, value in loaded.items()} == {
        "weight": ((3, 2), torch.float64),
        "bias": ((3,), torch.float64),
    }
