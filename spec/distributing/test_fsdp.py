"""What ``fully_shard`` (FSDP2) makes of each kind of state, on two ranks of the CPU."""

import torch

from ..vocabulary import claim
from .ranks import ONES, WORLD, State


def shard(number):
    """A module that was sharded in place, and the parameters and buffers that it had before."""
    mesh = torch.distributed.init_device_mesh("cpu", (WORLD,))
    model = State(number)
    before = model.p, model.f, model.b, model.n
    assert torch.distributed.fsdp.fully_shard(model, mesh=mesh) is model
    return model, before


def kinds_of_tensor(rank):
    model, (p, f, b, n) = shard(rank + 1)
    types = {name: type(getattr(model, name)).__name__ for name in "pfbnt"}
    return types, [model.p is p, model.f is f, model.b is b, model.n is n]


@claim("DIST-04", source="torch.distributed.fsdp.fully_shard", since="2.6")
def test_fully_shard_makes_parameters_DTensors_and_leaves_buffers_as_they_are(ranks):
    """`fully_shard` (FSDP2) rebinds parameters, frozen ones included, to `DTensor` parameters; buffers stay the same
    objects, and plain tensors plain."""
    types, kept = ranks(kinds_of_tensor)[1]
    assert types == {"p": "DTensor", "f": "DTensor", "b": "Tensor", "n": "Tensor", "t": "Tensor"}
    assert kept == [False, False, True, True]


def shards(rank):
    model, _ = shard(1)
    parameters = [(name, isinstance(p, torch.nn.Parameter)) for name, p in model.named_parameters()]
    local = {name: list(p.to_local().shape) for name, p in model.named_parameters()}
    whole = {name: list(p.shape) for name, p in model.named_parameters()}
    return parameters, local, whole, list(model.b.shape), [model.p.requires_grad, model.f.requires_grad]


@claim("DIST-19", source="torch.distributed.fsdp.fully_shard", since="2.6")
def test_a_rank_holds_its_share_of_a_parameter_and_the_whole_of_a_buffer(ranks):
    """Under `fully_shard` (FSDP2), each rank holds a shard of every parameter outside `ignored_params`, and every
    buffer whole; a 0-d parameter raises `ValueError`. A sharded parameter's `.shape` is still that of the whole, and
    frozen parameters stay frozen.
    """
    parameters, local, whole, buffer, requires_grad = ranks(shards)[0]
    assert parameters == [("p", True), ("f", True)]
    assert local == {"p": [2], "f": [2]}
    assert whole == {"p": [4], "f": [4]}
    assert buffer == [4]
    assert requires_grad == [True, False]


def values(rank):
    model, _ = shard(rank + 1)
    return model.p.full_tensor().tolist(), model.b.tolist(), model.n.tolist(), model.t.tolist()


@claim("DIST-20", source="torch.distributed.fsdp.fully_shard", since="2.6")
def test_fully_shard_broadcasts_nothing(ranks):
    """`fully_shard` (FSDP2) copies nothing between ranks: each shard keeps the values of its own rank, and so do
    buffers and plain tensors."""
    first, second = ranks(values)
    assert first == ([1, 1, 2, 2], [1] * 4, [1] * 4, [1] * 4)
    assert second == ([1, 1, 2, 2], [2] * 4, [2] * 4, [2] * 4)


def saved(rank):
    model, _ = shard(1)
    state = model.state_dict()
    return {name: type(value).__name__ for name, value in state.items()}, type(model).__name__, isinstance(model, State)


@claim("DIST-21", source="torch.distributed.fsdp.fully_shard", since="2.6")
def test_fully_shard_keeps_the_names_of_the_state_dict_and_derives_a_class_from_that_of_the_module(ranks):
    """`fully_shard` (FSDP2) keeps the keys of `state_dict()`, where parameters are now `DTensor` values, and makes the
    module an instance of a new subclass of its class.
    """
    state, name, is_state = ranks(saved)[0]
    assert state == {"p": "DTensor", "f": "DTensor", "b": "Tensor"}
    assert list(state) == ["p", "f", "b"]
    assert (name, is_state) == ("FSDPState", True)


def trained(rank):
    model, _ = shard(1)
    model.b.fill_(rank + 1)
    model(ONES).sum().backward()
    return model.p.grad.full_tensor().tolist(), model.f.grad, model.b.tolist()


@claim("DIST-22", source="torch.distributed.fsdp.fully_shard", since="2.9")
def test_a_forward_of_a_sharded_module_uses_the_buffers_of_each_rank_and_averages_the_gradients(ranks):
    """A forward of a module under `fully_shard` (FSDP2) uses each rank's own buffers, and `backward()` averages the
    gradients over the ranks; a frozen parameter gets no gradient.
    """
    first, second = ranks(trained)
    assert first == ([1.5] * 4, None, [1] * 4)
    assert second == ([1.5] * 4, None, [2] * 4)
