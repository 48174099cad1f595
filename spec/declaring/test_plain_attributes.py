"""What is kept and what is lost of a value that is not registered."""

import copy
import io
import pickle

import pytest
import torch

from ..vocabulary import KINDS, ToyModel3, answers, claim


def deepcopied(model):
    return copy.deepcopy(model)


def pickled(model):
    return pickle.loads(pickle.dumps(model))


def saved_whole(model):
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@claim("ATTR-01", source="torch.nn.Module")
@answers("survives deepcopy and pickle?", yes=KINDS)
@pytest.mark.parametrize("route", [deepcopied, pickled, saved_whole])
def test_copying_or_pickling_a_module_keeps_everything_plain_attributes_too(kind, route, real_device):
    model = kind.on(ToyModel3(5, 10).to(real_device), "x", torch.arange(3.0, device=real_device))
    copied = route(model)
    assert copied is not model
    assert torch.equal(torch.as_tensor(copied.x), torch.as_tensor(model.x))
    assert list(copied.state_dict()) == list(model.state_dict())
    assert [name for name, _ in copied.named_buffers()] == [name for name, _ in model.named_buffers()]
    assert type(copied.x) is type(model.x)
