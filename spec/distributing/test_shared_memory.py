"""What processes on one machine share after ``share_memory()``."""

import pytest
import torch
from torch import nn

from ..vocabulary import PLAIN_TENSOR, REGISTERED, claim
from ..vocabulary.aside import Worker


def in_a_fork(function):
    """Call ``function`` in a fork of this process."""
    worker = Worker(lambda: None, lambda _: function())
    try:
        worker.ask(None)
        return worker.hear()
    finally:
        worker.end()


def fill(module):
    with torch.no_grad():
        module.x.fill_(7)
    return module.x.tolist()


@claim("DIST-28", source="torch.nn.Module.share_memory")
@pytest.mark.parametrize("kind", REGISTERED)
def test_what_a_fork_makes_of_a_shared_parameter_or_buffer_is_seen_here(kind):
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    x = model.x
    assert model.share_memory() is model
    assert in_a_fork(lambda: fill(model)) == [7, 7, 7]
    assert model.x.tolist() == [7, 7, 7]
    assert model.x is x
    assert model.x.is_shared()


@claim("DIST-29", source="torch.nn.Module.share_memory")
def test_share_memory_leaves_a_plain_tensor_to_each_process():
    model = PLAIN_TENSOR.on(nn.Module(), "x", torch.zeros(3)).share_memory()
    assert in_a_fork(lambda: fill(model)) == [7, 7, 7]
    assert model.x.tolist() == [0, 0, 0]
    assert not model.x.is_shared()


@claim("DIST-30", source="torch.nn.Module.share_memory")
@pytest.mark.parametrize("kind", REGISTERED)
def test_without_share_memory_a_fork_changes_a_copy(kind):
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    assert in_a_fork(lambda: fill(model)) == [7, 7, 7]
    assert model.x.tolist() == [0, 0, 0]
