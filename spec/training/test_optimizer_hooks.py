"""Hooks of an optimizer: around its steps, its state dict and a load."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.optim import SGD

from ..vocabulary import claim


def trained(value=1.0):
    """An optimizer of one parameter with a gradient of ones, and momentum."""
    parameter = nn.Parameter(torch.full((2,), value))
    parameter.grad = torch.ones(2)
    return SGD([parameter], lr=1.0, momentum=0.5)


@claim("OPT-47", source="torch.optim.Optimizer.register_step_pre_hook", since="2.0")
def test_step_hooks_are_called_before_and_after_the_step():
    """Hooks of `register_step_pre_hook` and `register_step_post_hook` are called with the optimizer and the arguments
    of `step()`, before the parameters change and after, until `remove()` of their handle.
    """
    optimizer, seen = trained(), []
    parameter = optimizer.param_groups[0]["params"][0]

    def note(called, args, kwargs):
        assert called is optimizer
        seen.append((parameter.tolist(), args[1:], kwargs))

    before, after = optimizer.register_step_pre_hook(note), optimizer.register_step_post_hook(note)
    optimizer.step(closure=None)
    assert seen == [([1, 1], (), {"closure": None}), ([0, 0], (), {"closure": None})]
    before.remove()
    after.remove()
    optimizer.step()
    assert len(seen) == 2


@claim("OPT-48", source="torch.optim.Optimizer.register_step_pre_hook", since="2.0")
@pytest.mark.parametrize("result", [7, (1, 2, 3), [1, 2]])
def test_a_pre_hook_of_a_step_replaces_its_arguments_by_a_pair(result):
    """A hook of `register_step_pre_hook` that returns a tuple `(args, kwargs)` replaces the arguments of `step()`; any
    other result but None raises `RuntimeError`, and no parameter changes.
    """
    optimizer = trained()
    parameter = optimizer.param_groups[0]["params"][0]
    handle = optimizer.register_step_pre_hook(lambda called, args, kwargs: (args, {"closure": lambda: "replaced"}))
    assert optimizer.step() == "replaced"
    handle.remove()
    optimizer.register_step_pre_hook(lambda called, args, kwargs: result)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\)"):
        optimizer.step()
    assert parameter.tolist() == [0, 0]


@claim("OPT-49", source="torch.optim.Optimizer.register_step_post_hook", since="2.0")
def test_hooks_of_all_optimizers_enclose_those_of_one():
    """Hooks of `register_optimizer_step_pre_hook` and `register_optimizer_step_post_hook` in `torch.optim.optimizer`
    run at the steps of every optimizer, before its own pre-hooks and after its own post-hooks.
    """
    from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

    first, second, seen = trained(), trained(), []
    handles = [
        register_optimizer_step_pre_hook(lambda *arguments: seen.append("all, before")),
        register_optimizer_step_post_hook(lambda *arguments: seen.append("all, after")),
    ]
    first.register_step_pre_hook(lambda *arguments: seen.append("one, before"))
    first.register_step_post_hook(lambda *arguments: seen.append("one, after"))
    try:
        first.step()
        assert seen == ["all, before", "one, before", "one, after", "all, after"]
        second.step()
        assert seen[4:] == ["all, before", "all, after"]
    finally:
        for handle in handles:
            handle.remove()
    second.step()
    assert len(seen) == 6


@claim("OPT-50", source="torch.optim.Optimizer.register_state_dict_post_hook", since="2.1")
def test_a_state_dict_hook_of_an_optimizer_edits_or_replaces_what_is_saved():
    """A hook of an optimizer's `register_state_dict_pre_hook` runs before `state_dict()` reads the optimizer. A hook of
    `register_state_dict_post_hook` may change the dict in place, or return another one in its place.
    """
    optimizer = trained()
    optimizer.register_state_dict_pre_hook(lambda called: called.param_groups[0].update(lr=3.0))
    optimizer.register_state_dict_post_hook(lambda called, saved: saved.update(note="in place"))
    assert optimizer.state_dict()["param_groups"][0]["lr"] == 3.0
    assert optimizer.state_dict()["note"] == "in place"
    optimizer.register_state_dict_post_hook(lambda called, saved: {"wrapped": saved, "by": called})
    assert optimizer.state_dict()["wrapped"]["note"] == "in place"
    assert optimizer.state_dict()["by"] is optimizer


@claim("OPT-51", source="torch.optim.Optimizer.register_load_state_dict_pre_hook", since="2.1")
def test_a_load_hook_of_an_optimizer_edits_or_replaces_what_is_loaded():
    """A hook of an optimizer's `register_load_state_dict_pre_hook` may change its shallow copy of the checkpoint, or
    return a dict to load instead. A hook of `register_load_state_dict_post_hook` runs once all is loaded.
    """
    optimizer, seen = trained(), []
    saved = SGD([nn.Parameter(torch.ones(2))], lr=0.5).state_dict()
    groups = [dict(saved["param_groups"][0], lr=0.25)]
    first = optimizer.register_load_state_dict_pre_hook(lambda called, loaded: loaded.update(param_groups=groups))
    optimizer.register_load_state_dict_post_hook(lambda called: seen.append(called.param_groups[0]["lr"]))
    optimizer.load_state_dict(saved)
    first.remove()
    optimizer.load_state_dict(saved)
    optimizer.register_load_state_dict_pre_hook(lambda called, loaded: {**loaded, "param_groups": groups})
    optimizer.load_state_dict(saved)
    assert seen == [0.25, 0.5, 0.25]
    assert saved["param_groups"][0]["lr"] == 0.5


@claim("OPT-52", source="torch.optim.Optimizer.register_state_dict_pre_hook", since="2.1")
@pytest.mark.parametrize("kind", ["state_dict_pre", "state_dict_post", "load_state_dict_pre", "load_state_dict_post"])
def test_a_hook_of_an_optimizer_runs_first_if_it_is_prepended(kind):
    """The hooks of an optimizer for `state_dict()` and for `load_state_dict()` run in the order in which they were
    registered; one registered with `prepend=True` runs before those registered earlier.
    """
    optimizer, seen = trained(), []
    register = getattr(optimizer, f"register_{kind}_hook")
    register(lambda *arguments: seen.append("first"))
    register(lambda *arguments: seen.append("second"))
    register(lambda *arguments: seen.append("prepended"), prepend=True)
    optimizer.load_state_dict(optimizer.state_dict())
    assert seen == ["prepended", "first", "second"]


@claim("OPT-81", source="torch.optim.Optimizer.register_state_dict_pre_hook", since="2.1")
@pytest.mark.parametrize("kind", ["state_dict_pre", "state_dict_post", "load_state_dict_pre", "load_state_dict_post"])
def test_a_hook_of_an_optimizer_is_not_called_after_its_handle_removed_it(kind):
    """What registering an optimizer's hook for `state_dict()` or for `load_state_dict()` returns has a `remove()`,
    after which the hook is no longer called; other hooks of the kind are.
    """
    optimizer, seen = trained(), []
    register = getattr(optimizer, f"register_{kind}_hook")
    handle = register(lambda *arguments: seen.append("removed"))
    register(lambda *arguments: seen.append("other"))
    optimizer.load_state_dict(optimizer.state_dict())
    handle.remove()
    optimizer.load_state_dict(optimizer.state_dict())
    assert seen == ["removed", "other", "other"]


@claim("OPT-53", source="torch.optim.Optimizer", since="2.1")
@pytest.mark.parametrize("copied_by", [copy.deepcopy, lambda optimizer: pickle.loads(pickle.dumps(optimizer))])
@pytest.mark.parametrize(
    "kind",
    ["step_pre", "step_post", "state_dict_pre", "state_dict_post", "load_state_dict_pre", "load_state_dict_post"],
)
def test_a_copy_of_an_optimizer_has_no_hooks(copied_by, kind):
    """A deep copy of an optimizer, or an unpickled one, has none of the original's hooks, but takes hooks of its own.
    It holds copies of the parameters and of the state, and the same options.
    """
    optimizer, seen = trained(), []
    optimizer.step()
    getattr(optimizer, f"register_{kind}_hook")(lambda *arguments: seen.append(arguments[0]))
    copied = copied_by(optimizer)
    assert copied.defaults == optimizer.defaults
    parameter = copied.param_groups[0]["params"][0]
    assert parameter is not optimizer.param_groups[0]["params"][0]
    assert copied.state[parameter]["momentum_buffer"].tolist() == [1, 1]
    copied.load_state_dict(copied.state_dict())
    copied.step()
    assert seen == []
    getattr(copied, f"register_{kind}_hook")(lambda *arguments: seen.append(arguments[0]))
    copied.load_state_dict(copied.state_dict())
    copied.step()
    assert seen == [copied]
