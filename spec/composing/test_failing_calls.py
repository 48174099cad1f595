"""Which forward hooks run where a call fails, and what becomes of their own errors."""

import pytest
import torch

from ..vocabulary import claim
from .hooked_modules import Failing, Scaled, global_hook


@claim("HOOK-62", source="torch.nn.Module.register_forward_hook", since="2.1")
def test_a_forward_hook_that_is_always_called_runs_after_an_error_too_and_the_others_do_not():
    """When `forward` raises an `Exception`, such as a `ValueError`, forward hooks registered with `always_call=True`
    still run, with None for the missing output, and other forward hooks don't.
    """
    model, ran = Failing(), []
    model.register_forward_hook(lambda module, args, output: ran.append("not always"))
    model.register_forward_hook(lambda module, args, output: ran.append(output), always_call=True)
    model.register_forward_hook(lambda module, *args: ran.append(len(args)), always_call=True, with_kwargs=True)
    with pytest.raises(ValueError, match="no forward"):
        model(torch.ones(2))
    assert ran == [None, 3]


@claim("HOOK-63", source="torch.nn.Module.register_forward_hook", since="2.1")
def test_an_error_of_a_hook_that_is_always_called_is_a_warning_beside_the_error_of_the_forward():
    """When `forward` raises a `ValueError`, the caller gets that error; an exception of a forward hook with
    `always_call=True` becomes a `UserWarning`, and the next hook with `always_call=True` still runs.
    """
    model, ran = Failing(), []

    def fail(module, args, output):
        raise KeyError("no hook")

    model.register_forward_hook(fail, always_call=True)
    model.register_forward_hook(lambda *args: ran.append(args), always_call=True)
    with pytest.raises(ValueError, match="no forward"), pytest.warns(UserWarning, match="silenced.*no hook"):
        model(torch.ones(2))
    assert len(ran) == 1


@claim("HOOK-64", source="torch.nn.Module.register_forward_hook", since="2.1")
def test_a_hook_that_is_always_called_runs_once_where_a_later_hook_fails():
    """When a forward hook raises an exception such as `KeyError`, an earlier forward hook with `always_call=True`,
    which ran before it, is not called a second time.
    """
    model, ran = Scaled(), []

    def fail(module, args, output):
        raise KeyError("no hook")

    model.register_forward_hook(lambda *args: ran.append("always"), always_call=True)
    model.register_forward_hook(fail)
    with pytest.raises(KeyError):
        model(torch.ones(2))
    assert ran == ["always"]


@claim("HOOK-86", source="torch.nn.Module.register_forward_hook", since="2.1")
def test_after_an_error_hooks_that_are_always_called_get_the_inputs_of_the_pre_hooks_and_what_the_last_hook_returned():
    """When `forward` raises a `ValueError`, hooks with `always_call=True` run, global ones first. Each gets the inputs
    as the pre-hooks left them, and the output as the hooks before it left it, at first None.
    """
    model, given = Failing(), []
    model.register_forward_pre_hook(lambda module, args: (7,))
    model.register_forward_hook(lambda module, *rest: given.append(rest) or "first", always_call=True)
    model.register_forward_hook(lambda module, *rest: given.append(rest) or "second", always_call=True)
    with (
        global_hook("forward", lambda module, *rest: given.append(rest) or "global", always_call=True),
        pytest.raises(ValueError, match="no forward"),
    ):
        model(1)
    assert given == [((7,), None), ((7,), "global"), ((7,), "first")]


@claim("HOOK-87", source="torch.nn.Module.register_forward_hook", since="2.1")
def test_a_hook_that_is_always_called_and_fails_after_a_good_forward_is_called_once_and_its_error_is_raised():
    """After a successful `forward`, a `KeyError` raised by a forward hook with `always_call=True` reaches the caller,
    and the hook is called only once.
    """
    model, ran = Scaled(), []

    def fail(module, args, output):
        ran.append(output.tolist())
        raise KeyError("no hook")

    model.register_forward_hook(fail, always_call=True)
    with pytest.raises(KeyError, match="no hook"):
        model(torch.ones(2))
    assert ran == [[3, 3]]


@claim("HOOK-88", source="torch.nn.Module.register_forward_hook", since="2.1")
@pytest.mark.parametrize(("exception", "runs"), [(ValueError, True), (KeyboardInterrupt, False), (SystemExit, False)])
def test_no_forward_hook_not_even_one_that_is_always_called_runs_after_an_interrupt(exception, runs):
    """A forward hook with `always_call=True` runs when `forward` raises a `ValueError`, but no forward hook runs after
    a `KeyboardInterrupt` or `SystemExit`.
    """
    model, ran = Failing(exception), []
    model.register_forward_hook(lambda *args: ran.append("always"), always_call=True)
    with pytest.raises(exception):
        model(torch.ones(2))
    assert ran == ["always"] * runs
