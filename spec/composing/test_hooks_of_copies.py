"""What becomes of hooks and of their handles when a module is copied, pickled or forgotten."""

import copy
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import claim

noted = []


@pytest.fixture(autouse=True)
def forget():
    yield
    noted.clear()


def note(module, *args):
    noted.append(module)


ROUTES = {"deepcopy": copy.deepcopy, "pickle": lambda value: pickle.loads(pickle.dumps(value))}
HOOKS = {  # how a hook is registered, and what runs it
    "forward pre-hook": (lambda m: m.register_forward_pre_hook(note), lambda m: m(torch.ones(1, 2))),
    "forward hook": (lambda m: m.register_forward_hook(note), lambda m: m(torch.ones(1, 2))),
    "state dict hook": (lambda m: m._register_state_dict_hook(note), lambda m: m.state_dict()),
    "load pre-hook": (
        lambda m: m._register_load_state_dict_pre_hook(note, with_module=True),
        lambda m: m.load_state_dict(m.state_dict()),
    ),
    "load post-hook": (
        lambda m: m.register_load_state_dict_post_hook(note),
        lambda m: m.load_state_dict(m.state_dict()),
    ),
}


@claim("HOOK-49", source="torch.nn.Module.register_load_state_dict_post_hook")
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_copied_module_has_the_hooks_of_the_original_and_they_are_given_the_copy(hook, route):
    """`copy.deepcopy` and, where the hooks can be pickled, `pickle` copy a module with its forward, state dict and load
    hooks, which get the copy; removing a hook from the original leaves the copy's.
    """
    register, run = HOOKS[hook]
    model = nn.Linear(2, 3)
    handle = register(model)
    copied = ROUTES[route](model)
    run(copied)
    assert noted == [copied]
    handle.remove()
    run(model)
    assert noted == [copied]
    run(copied)
    assert noted == [copied, copied]


@claim("HOOK-50", source="torch.utils.hooks.RemovableHandle")
@pytest.mark.parametrize("hook", ["forward hook", "load pre-hook"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_handle_that_is_copied_with_its_module_removes_the_hook_of_the_copy(hook, route):
    """The handle of a hook, deep-copied or pickled together with its module, removes the hook of the copy; the hook of
    the original still runs.
    """
    register, run = HOOKS[hook]
    model = nn.Linear(2, 3)
    copied, handle = ROUTES[route]((model, register(model)))
    handle.remove()
    run(copied)
    assert noted == []
    run(model)
    assert noted == [model]


@claim("HOOK-51", source="torch.utils.hooks.RemovableHandle")
def test_a_handle_outlives_its_module_and_then_removes_nothing():
    """The handle of a hook doesn't keep the module's hooks alive: after the module is deleted, `handle.remove()` does
    nothing and raises nothing.
    """
    model = nn.Linear(2, 3)
    handle = model.register_forward_hook(note)
    del model
    handle.remove()
    handle.remove()
    assert handle.hooks_dict_ref() is None


@claim("HOOK-52", source="torch.utils.hooks.RemovableHandle")
def test_a_handle_as_a_context_removes_its_hook_at_the_end_even_of_an_error():
    """`with model.register_forward_hook(hook):` removes the hook at the end of the block, even where an exception such
    as `RuntimeError` ends it.
    """
    model = nn.Linear(2, 3)
    with pytest.raises(RuntimeError, match="shapes"), model.register_forward_hook(note):
        model(torch.ones(1, 5))
    model(torch.ones(1, 2))
    assert noted == []


@claim("HOOK-53", source="torch.utils.hooks.RemovableHandle")
def test_a_handle_made_after_one_was_unpickled_has_a_greater_id():
    """A hook that is registered after another hook's handle was unpickled gets a handle with a greater `id`, so that
    neither handle removes the other's hook.
    """
    model = nn.Linear(2, 3)
    handle = model.register_forward_hook(note)
    handle.id += 1000
    pickled = pickle.dumps(handle)
    revived = pickle.loads(pickled)
    assert model.register_forward_hook(note).id > revived.id


@claim("HOOK-54", source="torch.nn.Module._register_load_state_dict_pre_hook")
def test_a_load_pre_hook_does_not_keep_its_module_alive_and_raises_once_it_is_gone():
    """A `_register_load_state_dict_pre_hook` hook with `with_module=True` holds its module weakly: in a `copy.copy`
    whose original is deleted, `load_state_dict()` and `copy.deepcopy` raise `RuntimeError`.
    """
    model = nn.Linear(2, 3)
    model._register_load_state_dict_pre_hook(note, with_module=True)
    clone = copy.copy(model)
    clone.load_state_dict(clone.state_dict())
    assert noted == [model]
    noted.clear()
    del model
    with pytest.raises(RuntimeError, match="You are trying to call the hook of a dead Module!"):
        clone.load_state_dict(clone.state_dict())
    with pytest.raises(RuntimeError, match="You are trying to revive the hook of a dead Module!"):
        copy.deepcopy(clone)
