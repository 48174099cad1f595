"""What forward hooks do to a call of a module, and what they may do to its state."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .hooked_modules import Scaled


@claim("HOOK-57", source="torch.nn.Module.register_forward_pre_hook")
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_forward_pre_hook_is_given_the_inputs_and_may_replace_them_by_one_value_or_a_tuple(wrapped, real_device):
    """A `register_forward_pre_hook` hook gets the module and its positional arguments; a tuple that it returns replaces
    them, and anything else but None, a list included, becomes the only positional argument.
    """
    model, given = Scaled().to(real_device), []
    x, other = torch.ones(2, device=real_device), torch.full((2,), 5.0, device=real_device)
    model.register_forward_pre_hook(lambda *args: given.append(args))
    model.register_forward_pre_hook(lambda module, args: (other,) if wrapped else other)
    assert model(x, offset=1.0).tolist() == [16, 16]
    assert given == [(model, (x,))]
    returning = nn.Module()
    returning.forward = lambda *args: args
    handle = returning.register_forward_pre_hook(lambda module, args: [1, 2])
    assert returning(x) == ([1, 2],)
    handle.remove()
    returning.register_forward_pre_hook(lambda module, args: ())
    assert returning(x) == ()


@claim("HOOK-58", source="torch.nn.Module.register_forward_pre_hook", since="2.0")
def test_a_forward_pre_hook_with_kwargs_returns_a_pair_of_args_and_kwargs_or_None():
    """A `register_forward_pre_hook` hook with `with_kwargs=True` gets `(module, args, kwargs)` and may return a new
    `(args, kwargs)`; returning a list or a tuple of another length raises `RuntimeError`, and `forward` isn't called.
    """
    model, given, x = Scaled(), [], torch.ones(2)
    model.register_forward_pre_hook(lambda *args: given.append(args), with_kwargs=True)
    handle = model.register_forward_pre_hook(
        lambda module, args, kwargs: ((args[0] * 2,), {"offset": 4.0}), with_kwargs=True
    )
    assert model(x, offset=1.0).tolist() == [10, 10]
    assert given == [(model, (x,), {"offset": 1.0})]
    handle.remove()
    for answer in (lambda args, kwargs: args, lambda args, kwargs: [args, kwargs]):
        with (
            model.register_forward_pre_hook(lambda module, *both, answer=answer: answer(*both), with_kwargs=True),
            pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple of"),
        ):
            model(x)
    assert model.calls.tolist() == [1]


@claim("HOOK-59", source="torch.nn.Module.register_forward_hook")
def test_a_forward_hook_is_given_inputs_and_output_and_may_replace_the_output():
    """A `register_forward_hook` hook gets the module, the positional arguments as the pre-hooks left them, and the
    output; what it returns, unless None, replaces the output.
    """
    model, given, x = Scaled(), [], torch.ones(2)
    model.register_forward_pre_hook(lambda module, args: (x,))
    model.register_forward_hook(lambda *args: given.append(args))
    model.register_forward_hook(lambda module, args, output: output + 1)
    model.register_forward_hook(lambda module, args, output: given.append(output.tolist()))
    assert model(torch.zeros(2), offset=2.0).tolist() == [6, 6]
    assert given[0][:2] == (model, (x,))
    assert given[0][2].tolist() == [5, 5]
    assert given[1] == [6, 6]
    model.register_forward_hook(lambda module, args, output: [0])
    assert model(x) == [0]


@claim("HOOK-60", source="torch.nn.Module.register_forward_hook", since="2.0")
def test_a_forward_hook_with_kwargs_is_given_them_before_the_output():
    """A `register_forward_hook` hook with `with_kwargs=True` gets `(module, args, kwargs, output)`, with the keyword
    arguments as the pre-hooks left them.
    """
    model, given, x = Scaled(), [], torch.ones(2)
    model.register_forward_pre_hook(lambda module, args, kwargs: (args, {"offset": 2.0}), with_kwargs=True)
    model.register_forward_hook(lambda *args: given.append(args), with_kwargs=True)
    output = model(x, offset=1.0)
    [(module, args, kwargs, result)] = given
    assert module is model
    assert args[0] is x
    assert kwargs == {"offset": 2.0}
    assert result is output


@claim("HOOK-61", source="torch.nn.Module.register_forward_hook", since="2.0")
@pytest.mark.parametrize(
    "register", ["register_forward_pre_hook", "register_forward_hook", "register_full_backward_hook"]
)
def test_a_hook_with_prepend_runs_before_the_earlier_ones_of_its_module_until_it_is_removed(register):
    """Forward pre-hooks, forward hooks and full backward hooks of a module run in the order of registration, one with
    `prepend=True` before the earlier ones, and none after its `handle.remove()`.
    """
    model, ran = Scaled(), []
    x = torch.ones(2, requires_grad=True)
    getattr(model, register)(lambda *args: ran.append("first"))
    getattr(model, register)(lambda *args: ran.append("second"))
    handle = getattr(model, register)(lambda *args: ran.append("prepended"), prepend=True)
    model(x).sum().backward()
    handle.remove()
    model(x).sum().backward()
    assert ran == ["prepended", "first", "second", "first", "second"]


@claim("HOOK-85", source="torch.utils.hooks.RemovableHandle")
@pytest.mark.parametrize(
    "register", ["register_forward_pre_hook", "register_forward_hook", "register_full_backward_hook"]
)
def test_a_hook_that_removes_itself_while_it_runs_keeps_no_other_from_running(register):
    """A forward pre-hook or forward hook that removes itself while it runs is not called again; a full backward hook
    that does so is not called for later forwards. The hooks after it still run in the same call.
    """
    model, ran = Scaled(), []
    x = torch.ones(2, requires_grad=True)

    def once(*args):
        ran.append("once")
        handle.remove()

    handle = getattr(model, register)(once)
    getattr(model, register)(lambda *args: ran.append("always"))
    model(x).sum().backward()
    model(x).sum().backward()
    assert ran == ["once", "always", "always"]


@claim("HOOK-70", source="torch.nn.Module.state_dict")
def test_forward_hooks_are_not_in_the_state_dict_but_may_register_and_change_state(real_device):
    """Forward hooks are not in the `state_dict()`; a hook may register a buffer or change one in place during the call,
    and the next `state_dict()` shows it.
    """
    model = Scaled().to(real_device)
    model.register_forward_pre_hook(lambda module, args: module.register_buffer("seen", args[0].detach().clone()))
    model.register_forward_hook(lambda module, args, output: module.calls.zero_())
    keys = list(model.state_dict())
    model(torch.ones(2, device=real_device))
    assert keys == ["p", "calls"]
    assert list(model.state_dict()) == ["p", "calls", "seen"]
    assert model.calls.tolist() == [0]


@claim("HOOK-79", source="torch.nn.Module.register_forward_hook", since="2.1")
def test_a_removed_hook_leaves_nothing_behind():
    """`handle.remove()` takes a hook and its options, such as `with_kwargs=True`, out of the module: forward, backward,
    state dict and load hooks leave no entry in the module's dicts of hooks.
    """
    model = nn.Linear(2, 3)
    tables = {name: len(table) for name, table in vars(model).items() if "hooks" in name and table is not None}
    handles = [
        model.register_forward_pre_hook(print, with_kwargs=True),
        model.register_forward_hook(print, with_kwargs=True, always_call=True),
        model.register_full_backward_hook(print),
        model.register_full_backward_pre_hook(print),
        model.register_state_dict_pre_hook(print),
        model._register_state_dict_hook(print),
        model._register_load_state_dict_pre_hook(print),
        model.register_load_state_dict_post_hook(print),
    ]
    assert sum(len(vars(model)[name]) for name in tables) == 11
    for handle in handles:
        handle.remove()
    assert {name: len(vars(model)[name]) for name in tables} == tables
    assert set(tables.values()) == {0}
