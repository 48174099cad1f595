"""Which parameters a module under ``fully_shard`` (FSDP2) has registered, when, and which of them it takes."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .ranks import ONES, WORLD, State

SHARDED, WHOLE = "DTensor", "Parameter"


class Nested(nn.Module):
    """A parameter ``q`` and State as ``child``; notes the types of all parameters when forward runs."""

    def __init__(self):
        super().__init__()
        self.q = nn.Parameter(torch.ones(4))
        self.child = State(1)

    def forward(self, y):
        self.seen = types(self), types(self.child)
        return self.child(y) * self.q


def types(module):
    """The types of a module's own parameters."""
    return {type(parameter).__name__ for parameter in module.parameters(recurse=False)}


def shard(module, **options):
    mesh = torch.distributed.init_device_mesh("cpu", (WORLD,))
    return torch.distributed.fsdp.fully_shard(module, mesh=mesh, **options)


def nested(**options):
    """Nested, of which the child is sharded first, by itself."""
    model = Nested()
    shard(model.child, **options)
    return shard(model, **options)


def placed(rank):
    weight = shard(nn.Linear(2, 4)).weight
    return str(weight.placements), list(weight.shape), list(weight.to_local().shape)


@claim("DIST-90", source="torch.distributed.fsdp.fully_shard", since="2.6")
def test_fully_shard_splits_parameters_along_their_first_dimension(ranks):
    """`fully_shard(module, mesh=mesh)` without further options, on a mesh of one dimension, makes each parameter a
    `DTensor` with the placement `(Shard(0),)`.
    """
    assert ranks(placed)[0] == ("(Shard(dim=0),)", [4, 2], [2, 2])


def manually(rank):
    model, seen = nested(), []
    for step in (model.unshard, model.child.unshard, model.reshard, model.child.reshard):
        step()
        seen.append((*types(model), *types(model.child)))
    return seen


@claim("DIST-91", source="torch.distributed.fsdp.FSDPModule", since="2.7")
def test_unshard_and_reshard_register_the_parameters_of_one_module_and_not_of_its_children(ranks):
    """`unshard()` of a module under `fully_shard` (FSDP2) registers whole parameters and `reshard()` the sharded ones,
    both for the module's own parameters and not for those of a submodule that was sharded by itself.
    """
    assert ranks(manually)[0] == [(WHOLE, SHARDED), (WHOLE, WHOLE), (SHARDED, WHOLE), (SHARDED, SHARDED)]


def values(rank):
    model = shard(State(rank + 1))
    sharded = model.p
    model.unshard()
    whole = model.p
    model.reshard()
    return type(whole).__name__, whole.requires_grad, list(whole.shape), whole.data_ptr() == 0, model.p is sharded


@claim("DIST-92", source="torch.distributed.fsdp.FSDPModule", since="2.7")
def test_a_parameter_that_is_unsharded_is_a_parameter_as_before_and_freed_by_reshard(ranks):
    """`unshard()` under `fully_shard` (FSDP2) registers an `nn.Parameter` of the whole shape, trainable if the
    parameter was trainable before; `reshard()` frees its memory and registers the same `DTensor` parameter as before.
    """
    assert ranks(values)[0] == ("Parameter", True, [4], True, True)


def gathered(rank):
    model = shard(State(rank + 1))
    model.unshard()
    return model.p.tolist()


@claim("DIST-93", source="torch.distributed.fsdp.FSDPModule", since="2.7")
def test_unshard_gathers_the_shards_of_all_ranks(ranks):
    """If no submodule was sharded on its own, `unshard()` of a module under `fully_shard` (FSDP2) gathers the shards of
    all ranks: every rank then has the same whole parameter.
    """
    assert ranks(gathered) == [[1, 1, 2, 2], [1, 1, 2, 2]]


def through_a_step(rank, **options):
    model = nested(**options)
    output = model(ONES)
    during, after = model.seen, (types(model), types(model.child))
    output.sum().backward()
    gradients = {type(model.q.grad).__name__, type(model.child.p.grad).__name__}
    return [*map(set.pop, (*during, *after))], [*types(model), *types(model.child), *gradients]


def by_default(rank):
    return through_a_step(rank)


def always_resharded(rank):
    return through_a_step(rank, reshard_after_forward=True)


def never_resharded(rank):
    return through_a_step(rank, reshard_after_forward=False)


@claim("DIST-94", source="torch.distributed.fsdp.fully_shard", since="2.7")
def test_by_default_a_forward_leaves_whole_parameters_on_the_root_and_sharded_ones_on_its_children(ranks):
    """By default, after a forward under `fully_shard` (FSDP2), the outermost module has whole parameters registered,
    and a submodule that was sharded by itself `DTensor` ones; after `backward()` all parameters and gradients are
    `DTensor`.
    """
    (in_root, in_child, root, child), after_backward = ranks(by_default)[0]
    assert (in_root, in_child) == (WHOLE, SHARDED)
    assert (root, child) == (WHOLE, SHARDED)
    assert after_backward == [SHARDED] * 3


@claim("DIST-95", source="torch.distributed.fsdp.fully_shard", since="2.8")
def test_reshard_after_forward_says_which_parameters_a_forward_leaves(ranks):
    """After a forward of a module and submodules under `fully_shard`, all their parameters are `DTensor`s again with
    `reshard_after_forward=True`, and whole with `reshard_after_forward=False`. After `backward()`, all are `DTensor`s
    in either case.
    """
    (_, _, root, child), after_backward = ranks(always_resharded)[0]
    assert (root, child) == (SHARDED, SHARDED)
    assert after_backward == [SHARDED] * 3
    (_, _, root, child), after_backward = ranks(never_resharded)[0]
    assert (root, child) == (WHOLE, WHOLE)
    assert after_backward == [SHARDED] * 3


def forward_of_child(rank):
    model, seen = shard(State(rank + 1)), []
    forward = model.forward
    model.forward = lambda y: seen.append((type(model.p).__name__, model.p.tolist())) or forward(y)
    model(ONES)
    return seen


@claim("DIST-96", source="torch.distributed.fsdp.fully_shard", since="2.7")
def test_a_forward_of_a_sharded_module_computes_with_whole_parameters(ranks):
    """Within `forward` of a module under `fully_shard` (FSDP2), its own parameters are of type `nn.Parameter` and
    whole, gathered from all ranks.
    """
    assert ranks(forward_of_child) == [[("Parameter", [1, 1, 2, 2])]] * 2


def changed_between(rank):
    model = nested()
    output = model(ONES * 1.0)
    model.reshard()
    with torch.no_grad():
        model.q.mul_(3)
    output.sum().backward()
    return type(model.q).__name__, model.child.p.grad.full_tensor().tolist()


@claim("DIST-97", source="torch.distributed.fsdp.FSDPModule", since="2.9")
def test_parameters_that_are_resharded_can_be_changed_between_forward_and_backward(ranks):
    """After a forward under `fully_shard` (FSDP2) and `reshard()`, a change of the `DTensor` parameters in place counts
    in `backward()`, which gathers them anew."""
    assert ranks(changed_between)[0] == ("DTensor", [3] * 4)


def saved_after_a_forward(rank):
    model = nested()
    model(ONES)
    before = types(model)
    saved = {name: type(value).__name__ for name, value in model.state_dict().items()}
    return before, saved, types(model)


@claim("DIST-98", source="torch.distributed.fsdp.fully_shard", since="2.7")
def test_the_state_dict_after_a_forward_is_sharded_and_reshards_the_module(ranks):
    """`state_dict()` under `fully_shard` (FSDP2) holds `DTensor` values for all parameters, also after a forward that
    left whole parameters registered; calling it reshards the module.
    """
    before, saved, after = ranks(saved_after_a_forward)[0]
    assert before == {WHOLE}
    assert saved == {"q": SHARDED, "child.p": SHARDED, "child.f": SHARDED, "child.b": "Tensor"}
    assert after == {SHARDED}


def ignored(rank):
    model = State(rank + 1)
    p, f = model.p, model.f
    shard(model, ignored_params={p})
    model(ONES).sum().backward()
    return model.p is p, model.f is f, model.p.tolist(), model.p.grad.tolist(), type(model.f).__name__


@claim("DIST-99", source="torch.distributed.fsdp.fully_shard", since="2.7")
def test_fully_shard_leaves_the_parameters_that_it_is_to_ignore(ranks):
    """`fully_shard(module, ignored_params={parameter})` (FSDP2) leaves that parameter the same object, whole, and with
    each rank's own value and gradient; the other parameters become `DTensor`.
    """
    first, second = ranks(ignored)
    assert first == (True, False, [1] * 4, [1, 1, 2, 2], "DTensor")
    assert second == (True, False, [2] * 4, [8, 8, 16, 16], "DTensor")


def accumulated(rank):
    model = shard(State(1))
    model.set_requires_gradient_sync(False)
    model(ONES * (rank + 1)).sum().backward()
    before = model.p.grad
    model.set_requires_gradient_sync(True)
    model(ONES * (rank + 1)).sum().backward()
    return before, type(model.p.grad).__name__, model.p.grad.full_tensor().tolist()


@claim("DIST-100", source="torch.distributed.fsdp.FSDPModule", since="2.9")
def test_gradients_that_are_not_synchronized_come_with_the_next_synchronized_backward(ranks):
    """After `set_requires_gradient_sync(False)` under `fully_shard` (FSDP2), `backward()` leaves `.grad` of the sharded
    parameters None; the next `backward()` after `set_requires_gradient_sync(True)` averages the sum of both over the
    ranks.
    """
    assert ranks(accumulated) == [(None, "DTensor", [3] * 4)] * 2


def of_one_module(rank):
    seen = []
    for recurse in (True, False):
        model = nested()
        model.set_requires_gradient_sync(False, recurse=recurse)
        model(ONES).sum().backward()
        seen.append((model.q.grad is None, model.child.p.grad is None))
    return seen


@claim("DIST-101", source="torch.distributed.fsdp.FSDPModule", since="2.7")
def test_gradient_sync_is_set_for_all_submodules_or_for_one_module(ranks):
    """`set_requires_gradient_sync(False)` under `fully_shard` (FSDP2) holds for the module and all sharded submodules,
    and with `recurse=False` for the module alone.
    """
    assert ranks(of_one_module)[0] == [(True, True), (True, False)]


def not_resharded(rank):
    model = shard(State(1))
    model.set_reshard_after_backward(False)
    model(ONES).sum().backward()
    after = types(model)
    model.reshard()
    return after, types(model), model.p.grad.full_tensor().tolist()


@claim("DIST-102", source="torch.distributed.fsdp.FSDPModule", since="2.9")
def test_a_backward_may_leave_whole_parameters(ranks):
    """After `set_reshard_after_backward(False)` under `fully_shard` (FSDP2), `backward()` leaves whole parameters
    registered and the gradients on the sharded ones. Calling `reshard()` on each sharded module registers the sharded
    parameters again.
    """
    assert ranks(not_resharded)[0] == ({WHOLE}, {SHARDED}, [1] * 4)


def after_a_failure(rank):
    model = shard(State(1))
    model.set_requires_gradient_sync(False)
    model(ONES).sum().backward()
    model.set_requires_gradient_sync(True)
    output = model(ONES)
    output.register_hook(lambda gradient: gradient.no_such_attribute)
    with pytest.raises(AttributeError):
        output.sum().backward()
    model.reset_iter_state()
    model(ONES).sum().backward()
    return model.p.grad.full_tensor().tolist()


@claim("DIST-103", source="torch.distributed.fsdp.FSDPModule", since="2.15")
def test_reset_iter_state_discards_gradients_that_were_not_synchronized(ranks):
    """`reset_iter_state()` under `fully_shard` (FSDP2), called after a `backward()` that raised, discards the gradients
    that were accumulated without synchronization: the next `backward()` starts anew.
    """
    assert ranks(after_a_failure)[0] == [1] * 4


@claim("DIST-104", source="torch.distributed.fsdp.FSDPModule", since="2.13", until="2.15")
def test_reset_iter_state_kept_gradients_that_were_not_synchronized(ranks):
    """Before torch 2.15, `reset_iter_state()` under `fully_shard` (FSDP2), called after a `backward()` that raised,
    kept the gradients that were accumulated without synchronization; since then it discards them.
    """
    assert ranks(after_a_failure)[0] == [2] * 4
