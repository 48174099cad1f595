"""What DataParallel makes of each kind of state, and what a prefix means for a checkpoint."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFERS, PLAIN, claim
from .ranks import State


@claim("DIST-05", source="torch.nn.DataParallel")
def test_a_replica_has_no_parameters_and_the_buffers_of_its_module():
    """A replica, as `_replicate_for_data_parallel()` makes it for `nn.DataParallel` on GPUs, has no registered
    parameters of its own and starts with the module's own buffers and submodules; the module keeps its parameters.
    """
    model = State(1)
    replica = model._replicate_for_data_parallel()
    assert list(replica.parameters()) == []
    assert list(replica.named_buffers()) == [("b", model.b), ("n", model.n)]
    assert list(model._parameters) == ["p", "f"]
    assert type(replica) is State


@claim("DIST-23", source="torch.nn.DataParallel")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_buffer_or_submodule_set_on_a_replica_is_not_on_its_module(kind):
    """Rebinding a buffer, registering one or adding a submodule on a replica of `nn.DataParallel` leaves the module
    that was replicated unchanged."""
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    x = model.x
    replica = model._replicate_for_data_parallel()
    assert replica.x is x
    replica.x = torch.ones(3)
    replica.register_buffer("y", torch.ones(3))
    replica.add_module("child", nn.Module())
    assert model.x is x
    assert list(model._buffers) == ["x"]
    assert list(model._modules) == []


@claim("DIST-24", source="torch.nn.DataParallel")
@pytest.mark.parametrize("kind", PLAIN)
def test_a_replica_holds_the_plain_attributes_of_its_module(kind):
    """A replica of `nn.DataParallel` holds the same plain tensors and values as its module, not copies; rebinding a
    plain attribute on the replica leaves the module's unchanged.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    x = model.x
    replica = model._replicate_for_data_parallel()
    assert replica.x is x
    replica.x = 0
    assert model.x is x


@claim("DIST-26", source="torch.nn.DataParallel")
def test_DataParallel_puts_module_in_front_of_every_name():
    """`nn.DataParallel(module)` puts `"module."` before each of the module's names in `state_dict()`,
    `named_parameters()` and `named_buffers()`; the module itself raises `RuntimeError` when it loads that state
    dict."""
    model = State(1)
    parallel = nn.DataParallel(model)
    assert parallel.module is model
    assert list(parallel.state_dict()) == ["module.p", "module.f", "module.b"]
    assert [name for name, _ in parallel.named_parameters()] == ["module.p", "module.f"]
    assert [name for name, _ in parallel.named_buffers()] == ["module.b", "module.n"]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "p", "f", "b"'):
        model.load_state_dict(parallel.state_dict())
