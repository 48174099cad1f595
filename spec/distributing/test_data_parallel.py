"""What DataParallel makes of each kind of state, and what a prefix means for a checkpoint."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFERS, PLAIN, claim
from .ranks import State


@claim("DIST-05", source="torch.nn.DataParallel")
def test_a_replica_has_no_parameters_and_the_buffers_of_its_module():
    model = State(1)
    replica = model._replicate_for_data_parallel()
    assert list(replica.parameters()) == []
    assert list(replica.named_buffers()) == [("b", model.b), ("n", model.n)]
    assert list(model._parameters) == ["p", "f"]
    assert type(replica) is State


@claim("DIST-23", source="torch.nn.DataParallel")
@pytest.mark.parametrize("kind", BUFFERS)
def test_what_is_bound_on_a_replica_is_lost_to_its_module(kind):
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
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    x = model.x
    replica = model._replicate_for_data_parallel()
    assert replica.x is x
    replica.x = 0
    assert model.x is x


@claim("DIST-25", source="torch.nn.DataParallel")
def test_zero_grad_of_a_replica_warns_and_clears_no_gradients_of_its_module():
    model = State(1)
    model.p.grad = torch.ones(4)
    replica = model._replicate_for_data_parallel()
    with pytest.warns(UserWarning, match=r"Calling \.zero_grad\(\) from a module created with nn\.DataParallel"):
        replica.zero_grad()
    assert model.p.grad.tolist() == [1] * 4


@claim("DIST-26", source="torch.nn.DataParallel")
def test_DataParallel_puts_module_in_front_of_every_name():
    model = State(1)
    parallel = nn.DataParallel(model)
    assert parallel.module is model
    assert list(parallel.state_dict()) == ["module.p", "module.f", "module.b"]
    assert [name for name, _ in parallel.named_buffers()] == ["module.b", "module.n"]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "p", "f", "b"'):
        model.load_state_dict(parallel.state_dict())


@claim("DIST-27", source="torch.nn.modules.utils.consume_prefix_in_state_dict_if_present")
def test_consume_prefix_in_state_dict_if_present_makes_the_checkpoint_one_of_the_module():
    parallel = nn.DataParallel(State(7))
    checkpoint = parallel.state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(checkpoint, "module.")
    model = State(1)
    assert sorted(checkpoint) == ["b", "f", "p"]
    assert model.load_state_dict(checkpoint) == ([], [])
    assert model.numbers() == {"p": 7, "f": 7, "b": 7, "n": 1, "t": 1}
