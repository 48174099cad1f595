"""Which forward hooks run where a call fails, and what becomes of their own errors."""

import pytest
import torch

from ..vocabulary import claim
from .calls import Failing, Scaled, global_hook


@claim("HOOK-62", source="torch.nn.Module.register_forward_hook", since="2.1")
def test_a_forward_hook_that_is_always_called_runs_after_an_error_too_and_the_others_do_not():
    model, ran = Failing(), []
    model.register_forward_hook(lambda module, args, output: ran.append("not always"))
    model.register_forward_hook(lambda module, args, output: ran.append(output), always_call=True)
    model.register_forward_hook(lambda module, *args: ran.append(len(args)), always_call=True, with_kwargs=True)
    with pytest.raises(ValueError, match="no forward"):
        model(torch.ones(2))
    assert ran == [None, 3]


@claim("HOOK-63", source="torch.nn.Module.register_forward_hook", since="2.1")
def test_an_error_of_a_hook_that_is_always_called_is_a_warning_beside_the_error_of_the_forward():
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
    model, ran = Scaled(), []

    def fail(module, args, output):
        raise KeyError("no hook")

    model.register_forward_hook(lambda *args: ran.append("always"), always_call=True)
    model.register_forward_hook(fail)
    with pytest.raises(KeyError):
        model(torch.ones(2))
    assert ran == ["always"]


@claim("HOOK-86", source="torch.nn.Module.register_forward_hook", since="2.1")
def test_hooks_that_are_always_called_are_given_the_inputs_of_the_pre_hooks_and_what_the_last_of_them_returned():
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
    model, ran = Scaled(), []

    def fail(module, args, output):
        ran.append(output.tolist())
        raise KeyError("no hook")

    model.register_forward_hook(fail, always_call=True)
    with pytest.raises(KeyError, match="no hook"):
        model(torch.ones(2))
    assert ran == [[3, 3]]


@claim("HOOK-88", source="torch.nn.Module.register_forward_hook", since="2.1")
@pytest.mark.parametrize(("Error", "runs"), [(ValueError, True), (KeyboardInterrupt, False), (SystemExit, False)])
def test_no_forward_hook_not_even_one_that_is_always_called_runs_after_an_interrupt(Error, runs):
    model, ran = Failing(Error), []
    model.register_forward_hook(lambda *args: ran.append("always"), always_call=True)
    with pytest.raises(Error):
        model(torch.ones(2))
    assert ran == ["always"] * runs
