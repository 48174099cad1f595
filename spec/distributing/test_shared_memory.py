"""What processes on one machine share after ``share_memory()``."""

import pytest
import torch
from torch import nn

from ..vocabulary import PLAIN_TENSOR, REGISTERED, claim
from ..vocabulary.processes import in_a_fork


def fill(module):
    with torch.no_grad():
        module.x.fill_(7)
    return module.x.tolist()


@claim("DIST-28", source="torch.nn.Module.share_memory")
@pytest.mark.parametrize("kind", REGISTERED)
def test_a_shared_parameter_or_buffer_changes_here_when_a_fork_changes_it(kind):
    """What a forked process writes in place into a parameter or buffer after `share_memory()` is seen by the parent
    process; the parent's tensor stays the same object.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    x = model.x
    assert model.share_memory() is model
    assert in_a_fork(fill, model) == [7, 7, 7]
    assert model.x.tolist() == [7, 7, 7]
    assert model.x is x
    assert model.x.is_shared()


@claim("DIST-29", source="torch.nn.Module.share_memory")
def test_share_memory_leaves_a_plain_tensor_to_each_process():
    """`share_memory()` does not share a plain tensor with memory of its own: when a forked process changes it in place,
    it stays unchanged in the parent process.
    """
    model = PLAIN_TENSOR.on(nn.Module(), "x", torch.zeros(3)).share_memory()
    assert in_a_fork(fill, model) == [7, 7, 7]
    assert model.x.tolist() == [0, 0, 0]
    assert not model.x.is_shared()


@claim("DIST-30", source="torch.nn.Module.share_memory")
@pytest.mark.parametrize("kind", REGISTERED)
def test_without_share_memory_a_fork_changes_a_copy(kind):
    """When a forked process changes in place a parameter or buffer that is not in shared memory, it changes its own
    copy, and the parent process's copy stays unchanged.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    assert in_a_fork(fill, model) == [7, 7, 7]
    assert model.x.tolist() == [0, 0, 0]
