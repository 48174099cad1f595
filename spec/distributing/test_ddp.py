"""What DistributedDataParallel makes of each kind of state, on two ranks."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ..vocabulary import claim
from .ranks import ONES, State


def wrapped_names(rank):
    ddp = DistributedDataParallel(State(rank))
    parameters, buffers = [name for name, _ in ddp.named_parameters()], [name for name, _ in ddp.named_buffers()]
    return list(ddp.state_dict()), parameters, buffers, list(ddp.module.state_dict())


@claim("DIST-01", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_puts_module_in_front_of_every_name(ranks):
    """`DistributedDataParallel(module)` (DDP) puts `"module."` before each of the module's names in `state_dict()`,
    `named_parameters()` and `named_buffers()`; the module's own names stay."""
    saved, parameters, buffers, own = ranks(wrapped_names)[0]
    assert own == ["p", "f", "b"]
    assert saved == ["module.p", "module.f", "module.b"]
    assert parameters == ["module.p", "module.f"]
    assert buffers == ["module.b", "module.n"]


def constructed(rank):
    model = State(rank + 1)
    state = [model.p, model.f, model.b, model.n]
    ddp = DistributedDataParallel(model)
    kept = [new is old for new, old in zip([model.p, model.f, model.b, model.n], state, strict=True)]
    return model.numbers(), kept, ddp.module is model


@claim("DIST-06", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_copies_parameters_and_buffers_of_the_first_rank_to_all_when_it_is_built(ranks):
    """By default, building `DistributedDataParallel` (DDP) copies the parameters and buffers of rank 0 to every rank,
    in place; plain tensors stay each rank's own."""
    (first, _, _), (second, kept, same_module) = ranks(constructed)
    assert first == {"p": 1, "f": 1, "b": 1, "n": 1, "t": 1}
    assert second == {"p": 1, "f": 1, "b": 1, "n": 1, "t": 2}
    assert kept == [True, True, True, True]
    assert same_module


def after_a_forward(rank):
    model = State(0)
    ddp = DistributedDataParallel(model)
    model.fill(rank + 1)
    buffer = model.b
    ddp(ONES)
    return (
        model.numbers(),
        model.b is buffer,
        [tensor is model.b or tensor is model.n for tensor in ddp.modules_buffers],
    )


@claim("DIST-02", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_copies_buffers_of_the_first_rank_to_all_before_a_forward(ranks):
    """By default, `DistributedDataParallel` (DDP) copies rank 0's buffers in place to every rank before a forward,
    unless the forward before it ran with gradients disabled or under `no_sync()`. Parameters and plain tensors stay
    each rank's own.

    Beware: not before the forward that follows one without gradients.
    """
    (first, _, _), (second, same_buffer, broadcast) = ranks(after_a_forward)
    assert first == {"p": 1, "f": 1, "b": 1, "n": 1, "t": 1}
    assert second == {"p": 2, "f": 2, "b": 1, "n": 1, "t": 2}
    assert same_buffer
    assert broadcast == [True, True]


def after_evaluation(rank):
    model = State(0)
    ddp = DistributedDataParallel(model).eval()
    model.fill(rank + 1)
    ddp(ONES)
    return model.numbers()


@claim("DIST-07", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_broadcasts_buffers_before_a_forward_in_eval_mode_too(ranks):
    """In eval mode too, `DistributedDataParallel` (DDP) copies rank 0's buffers to every rank before a forward, unless
    the forward before it ran with gradients disabled, as under `torch.no_grad()`, or under `no_sync()`.
    """
    assert ranks(after_evaluation)[1] == {"p": 2, "f": 2, "b": 1, "n": 1, "t": 2}


def around_no_grad(rank):
    model = State(0)
    ddp = DistributedDataParallel(model)
    seen = []
    for grad in (False, True, True):
        model.fill(rank + 1)
        with torch.set_grad_enabled(grad):
            ddp(ONES).sum()
        seen.append(model.numbers()["b"])
    return seen


@claim("DIST-08", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_broadcasts_no_buffers_in_the_forward_after_one_without_gradients(ranks):
    """After a forward under `torch.no_grad()`, `DistributedDataParallel` (DDP) does not copy the buffers of rank 0 to
    the other ranks before the next forward. After a forward with gradients, outside `no_sync()`, DDP copies them.
    """
    assert ranks(around_no_grad) == [[1, 1, 1], [1, 2, 1]]


def registered_late(rank):
    model = State(0)
    ddp = DistributedDataParallel(model)
    model.b = torch.full((4,), rank + 5.0)
    model.register_buffer("late", torch.full((4,), rank + 7.0))
    ddp(ONES)
    return model.b[0].item(), model.late[0].item()


@claim("DIST-09", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_broadcasts_a_buffer_that_was_rebound_or_registered_after_it_was_built(ranks):
    """Where the module had a buffer when `DistributedDataParallel` (DDP) was built, a buffer that is rebound or
    registered later is copied from rank 0 to every rank before a forward too; otherwise a buffer registered later is
    not.
    """
    assert ranks(registered_late) == [(5, 7), (5, 7)]


def statistics(rank):
    model = nn.BatchNorm1d(1)
    ddp = DistributedDataParallel(model)
    seen = []
    for _ in range(2):
        ddp(torch.tensor([[0.0], [20.0 * rank]]))
        seen.append(round(model.running_mean.item(), 4))
    return seen


@claim("DIST-10", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_lets_each_rank_update_its_own_BatchNorm_statistics_until_the_next_forward(ranks):
    """Under `DistributedDataParallel` (DDP), each rank updates BatchNorm's `running_mean` from its own batch; by
    default, before the next forward, rank 0's `running_mean` replaces that of every other rank, unless the last forward
    ran under `no_sync()` or `torch.no_grad()`.
    """
    assert ranks(statistics) == [[0, 0], [1, 1]]


def gradients(rank):
    model = State(1)
    ddp = DistributedDataParallel(model)
    model.t.fill_(rank + 1)
    ddp(ONES).sum().backward()
    return model.p.grad.tolist(), model.f.grad


@claim("DIST-11", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_averages_the_gradients_of_the_ranks(ranks):
    """`DistributedDataParallel` (DDP) averages gradients over the ranks in `backward()`; a frozen parameter gets no
    gradient.
    """
    assert ranks(gradients) == [([1.5] * 4, None), ([1.5] * 4, None)]


def gradients_of_their_own(rank):
    model = State(1)
    ddp = DistributedDataParallel(model)
    model.t.fill_(rank + 1)
    with ddp.no_sync():
        ddp(ONES).sum().backward()
    own = model.p.grad.tolist()
    ddp(ONES).sum().backward()
    return own, model.p.grad.tolist()


@claim("DIST-12", source="torch.nn.parallel.DistributedDataParallel.no_sync")
def test_no_sync_leaves_each_rank_its_gradients_until_the_next_backward(ranks):
    """Under `no_sync()` of `DistributedDataParallel` (DDP), a forward and `backward()` leave each rank its own
    gradients; the next forward and `backward()` outside average what each rank has accumulated.
    """
    assert ranks(gradients_of_their_own) == [([1] * 4, [3] * 4), ([2] * 4, [3] * 4)]


def nothing_to_train(rank):
    with pytest.raises(RuntimeError, match="doesn't have any parameter that requires a gradient"):
        DistributedDataParallel(State(1).requires_grad_(False))
    return "refused"


@claim("DIST-13", source="torch.nn.parallel.DistributedDataParallel")
def test_DDP_raises_an_error_for_a_module_of_which_every_parameter_is_frozen(ranks):
    """`DistributedDataParallel(module)` (DDP) raises `RuntimeError` where every parameter of the module is frozen."""
    assert ranks(nothing_to_train) == ["refused", "refused"]


def without_broadcast(rank, **options):
    model = State(rank + 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ddp = DistributedDataParallel(model, **options)
    built = model.numbers()
    model.fill(rank + 1)
    ddp(ONES)
    said = [f"{each.category.__name__}: {each.message}" for each in caught if "_buffers" in str(each.message)]
    return built, model.numbers(), said


def broadcast_buffers_off(rank):
    return without_broadcast(rank, broadcast_buffers=False)


def forward_sync_buffers_off(rank):
    return without_broadcast(rank, forward_sync_buffers=False)


def both_arguments(rank):
    return without_broadcast(rank, broadcast_buffers=False, forward_sync_buffers=True)


def init_sync_off(rank):
    return without_broadcast(rank, init_sync=False)


@claim("DIST-14", source="torch.nn.parallel.DistributedDataParallel", since="2.1")
def test_DDP_without_broadcast_buffers_gives_every_rank_the_parameters_alone(ranks):
    """`DistributedDataParallel(broadcast_buffers=False)` copies rank 0's parameters to every rank when it is built;
    buffers stay each rank's own, then and in a forward."""
    built, after_forward, _ = ranks(broadcast_buffers_off)[1]
    assert built == {"p": 1, "f": 1, "b": 2, "n": 2, "t": 2}
    assert after_forward == {"p": 2, "f": 2, "b": 2, "n": 2, "t": 2}


@claim("DIST-15", source="torch.nn.parallel.DistributedDataParallel", until="2.1")
def test_DDP_without_broadcast_buffers_still_broadcast_them_when_it_was_built(ranks):
    """Before torch 2.1, `DistributedDataParallel(broadcast_buffers=False)` still copied rank 0's buffers to every rank
    when it was built, but not before a forward; since then each rank keeps its own buffers.
    """
    built, after_forward, _ = ranks(broadcast_buffers_off)[1]
    assert built == {"p": 1, "f": 1, "b": 1, "n": 1, "t": 2}
    assert after_forward == {"p": 2, "f": 2, "b": 2, "n": 2, "t": 2}


@claim("DIST-03", source="torch.nn.parallel.DistributedDataParallel", since="2.13")
def test_broadcast_buffers_is_deprecated_in_favour_of_forward_sync_buffers(ranks):
    """`DistributedDataParallel(broadcast_buffers=False)` emits a `FutureWarning` that names `forward_sync_buffers` as
    its replacement."""
    _, _, (said,) = ranks(broadcast_buffers_off)[1]
    assert said.startswith("FutureWarning: `broadcast_buffers` is deprecated. Use `forward_sync_buffers` instead")


@claim("DIST-16", source="torch.nn.parallel.DistributedDataParallel", since="2.13")
def test_DDP_without_forward_sync_buffers_still_broadcasts_them_when_it_is_built(ranks):
    """`DistributedDataParallel(forward_sync_buffers=False)` copies rank 0's parameters and buffers to every rank when
    it is built, but no buffers before a forward."""
    built, after_forward, said = ranks(forward_sync_buffers_off)[1]
    assert built == {"p": 1, "f": 1, "b": 1, "n": 1, "t": 2}
    assert after_forward == {"p": 2, "f": 2, "b": 2, "n": 2, "t": 2}
    assert said == []


@claim("DIST-17", source="torch.nn.parallel.DistributedDataParallel", since="2.13")
def test_forward_sync_buffers_overrules_broadcast_buffers(ranks):
    """In `DistributedDataParallel`, `forward_sync_buffers=True` overrules `broadcast_buffers=False`: rank 0's buffers
    are copied to every rank when the wrapper is built and before the first forward.
    """
    built, after_forward, (said,) = ranks(both_arguments)[1]
    assert built == {"p": 1, "f": 1, "b": 1, "n": 1, "t": 2}
    assert after_forward == {"p": 2, "f": 2, "b": 1, "n": 1, "t": 2}
    assert "its value is ignored when `forward_sync_buffers` is provided" in said


@claim("DIST-18", source="torch.nn.parallel.DistributedDataParallel", since="2.7")
def test_DDP_without_init_sync_broadcasts_nothing_when_it_is_built(ranks):
    """`DistributedDataParallel(init_sync=False)` copies nothing between ranks when it is built. Before the first
    forward, it copies rank 0's buffers to every rank.
    """
    built, after_forward, _ = ranks(init_sync_off)[1]
    assert built == {"p": 2, "f": 2, "b": 2, "n": 2, "t": 2}
    assert after_forward == {"p": 2, "f": 2, "b": 1, "n": 1, "t": 2}
