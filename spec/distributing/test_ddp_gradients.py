"""Whose gradients DistributedDataParallel averages, when, and in which memory, on two ranks."""

import pytest
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ..vocabulary import claim
from .ranks import ONES, State


def registered_after(rank):
    model = State(1)
    ddp, forward = DistributedDataParallel(model), model.forward
    model.late = nn.Parameter(torch.ones(4))
    model.forward = lambda y: forward(y) * model.late
    ddp(ONES * (rank + 1)).sum().backward()
    return model.p.grad.tolist(), model.late.grad.tolist()


@claim("DIST-83", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_leaves_each_rank_the_gradient_of_a_parameter_that_was_registered_after_it_was_built(ranks):
    """`DistributedDataParallel` (DDP) averages the gradients of the parameters that the module had when DDP was built;
    a parameter registered later has in each process that process's own gradient, without an error.
    """
    assert ranks(registered_after) == [([1.5] * 4, [1] * 4), ([1.5] * 4, [2] * 4)]


def replaced_after(rank):
    model = State(1)
    ddp, old = DistributedDataParallel(model), model.p
    model.p = nn.Parameter(torch.ones(4))
    ddp(ONES * (rank + 1)).sum().backward()
    return model.p.grad.tolist(), old.grad


@claim("DIST-84", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_leaves_each_rank_the_gradient_of_a_parameter_that_replaced_another(ranks):
    """A parameter that is assigned to the name of another after `DistributedDataParallel` (DDP) was built has in each
    process that process's own gradient: DDP averages those of the parameters it was built with.
    """
    assert ranks(replaced_after) == [([1] * 4, None), ([2] * 4, None)]


def by_autograd_grad(rank):
    model = State(1)
    ddp = DistributedDataParallel(model)
    (gradient,) = torch.autograd.grad(ddp(ONES * (rank + 1)).sum(), [model.p])
    return gradient.tolist(), model.p.grad


@claim("DIST-85", source="torch.nn.parallel.DistributedDataParallel")
def test_torch_autograd_grad_through_DDP_gives_each_rank_its_own_gradient(ranks):
    """`torch.autograd.grad` through `DistributedDataParallel` (DDP) returns each rank's own gradient, not averaged and
    without an error."""
    assert ranks(by_autograd_grad) == [([1] * 4, None), ([2] * 4, None)]


def around_no_sync(rank):
    ddp, seen = DistributedDataParallel(State(1)), []
    output = ddp(ONES * (rank + 1)).sum()
    with ddp.no_sync():
        output.backward()
    seen.append(ddp.module.p.grad.tolist())
    ddp.zero_grad()
    with ddp.no_sync():
        output = ddp(ONES * (rank + 1)).sum()
    output.backward()
    return [*seen, ddp.module.p.grad.tolist()]


@claim("DIST-86", source="torch.nn.parallel.DistributedDataParallel.no_sync")
def test_no_sync_counts_where_the_forward_runs(ranks):
    """What counts for `no_sync()` of `DistributedDataParallel` (DDP) is where the forward runs: after a forward outside
    of it, a `backward()` inside averages gradients; after a forward inside, a `backward()` outside does not.
    """
    assert ranks(around_no_sync) == [[[1.5] * 4, [1] * 4], [[1.5] * 4, [2] * 4]]


def as_views(rank):
    views, seen = DistributedDataParallel(State(1), gradient_as_bucket_view=True), []
    plain = DistributedDataParallel(State(1))
    for _ in range(2):
        for ddp in (views, plain):
            ddp(ONES).sum().backward()
            seen.append(ddp.module.p.grad._is_view())
    gradient = views.module.p.grad
    with pytest.raises(RuntimeError, match="Can't detach views in-place"):
        gradient.detach_()
    return seen, gradient.tolist()


@claim("DIST-87", source="torch.nn.parallel.DistributedDataParallel")
def test_gradients_may_be_views_of_the_buckets_of_DDP(ranks):
    """After a `backward()` under `DistributedDataParallel(gradient_as_bucket_view=True)`, each `.grad` is a view of a
    bucket, whose `detach_()` raises `RuntimeError`; by default `.grad` is no view.
    """
    seen, gradient = ranks(as_views)[0]
    assert seen == [True, False, True, False]
    assert gradient == [2] * 4


def reset_views(rank):
    ddp = DistributedDataParallel(State(1), gradient_as_bucket_view=True)
    optimizer = torch.optim.SGD(ddp.parameters(), lr=1.0)
    ddp(ONES).sum().backward()
    gradient = ddp.module.p.grad
    optimizer.zero_grad(set_to_none=False)
    kept = ddp.module.p.grad is gradient, gradient._is_view(), gradient.tolist()
    optimizer.zero_grad(set_to_none=True)
    return kept, ddp.module.p.grad


@claim("DIST-88", source="torch.nn.parallel.DistributedDataParallel")
def test_zero_grad_of_an_optimizer_resets_gradients_that_are_views(ranks):
    """`zero_grad()` of an optimizer resets gradients under `DistributedDataParallel(gradient_as_bucket_view=True)`:
    with `set_to_none=False` they stay views and become zeros, with `set_to_none=True` they become None.
    """
    assert ranks(reset_views)[0] == ((True, True, [0] * 4), None)


def joined(rank):
    ddp = DistributedDataParallel(State(1))
    with ddp.join():
        for step in range(rank + 1):
            ddp(ONES).sum().backward()
            ddp.module.b.fill_(10 * rank + step)
    return ddp.module.b.tolist()


@claim("DIST-89", source="torch.nn.parallel.DistributedDataParallel")
def test_a_join_of_uneven_inputs_gives_every_rank_the_buffers_of_the_last(ranks):
    """After `with ddp.join():` of `DistributedDataParallel` (DDP) in which the ranks have different numbers of inputs,
    every rank has the buffers of the rank with the most inputs.
    """
    assert ranks(joined) == [[11] * 4, [11] * 4]
