"""What the global hooks do to every call and its backward."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .hooked_modules import Failing, Scaled, global_hook

GLOBAL = {
    "register_module_forward_pre_hook": "register_forward_pre_hook",
    "register_module_forward_hook": "register_forward_hook",
    "register_module_full_backward_hook": "register_full_backward_hook",
}


@pytest.fixture
def no_global_backward_hooks(monkeypatch):
    monkeypatch.setattr(nn.modules.module, "_global_is_full_backward_hook", None)


@claim("HOOK-65", source="torch.nn.modules.module.register_module_forward_hook")
@pytest.mark.parametrize("register", GLOBAL)
def test_a_global_hook_runs_for_every_module_before_its_own_until_it_is_removed(register, no_global_backward_hooks):
    """Until removed, a hook of `register_module_forward_pre_hook` or `register_module_forward_hook` runs for every
    called module, before the module's own hooks. So does a hook of `register_module_full_backward_hook`, if the output
    requires grad.
    """
    model, ran = nn.Sequential(Scaled(), nn.Identity()), []
    getattr(model[0], GLOBAL[register])(lambda *args: ran.append("own"))
    x = torch.ones(2, requires_grad=True)
    with getattr(nn.modules.module, register)(lambda module, *args: ran.append(type(module).__name__)):
        model(x).sum().backward()
    assert sorted(ran) == ["Identity", "Scaled", "Sequential", "own"]
    assert ran.index("own") == ran.index("Scaled") + 1
    ran.clear()
    model(x).sum().backward()
    assert ran == ["own"]


@claim("HOOK-69", source="torch.nn.modules.module.register_module_backward_hook")
@pytest.mark.parametrize(("first", "second"), [("full_backward", "backward"), ("backward", "full_backward")])
def test_there_cannot_be_both_kinds_of_global_backward_hooks_not_even_one_after_the_other(
    first, second, no_global_backward_hooks
):
    """Registering a hook with `register_module_full_backward_hook` after `register_module_backward_hook`, or the other
    way round, raises `RuntimeError`, even after the first was removed.
    """
    refused = pytest.raises(RuntimeError, match="full backward hooks as a global Module hook")
    with global_hook(first, print), refused:
        global_hook(second, print)
    with refused:
        global_hook(second, print)
    assert len(nn.modules.module._global_backward_hooks) == 0


@claim("HOOK-72", source="torch.nn.modules.module.register_module_forward_hook", since="2.1")
def test_a_global_forward_hook_that_is_always_called_runs_after_an_error_too_and_the_others_do_not():
    """When `forward` raises, such as a `ValueError`, a `register_module_forward_hook` hook with `always_call=True`
    still runs, with None for the missing output, and a hook without `always_call=True` doesn't.
    """
    ran = []
    with (
        global_hook("forward", lambda *args: ran.append("not always")),
        global_hook("forward", lambda module, args, output: ran.append(output), always_call=True),
        pytest.raises(ValueError, match="no forward"),
    ):
        Failing()(torch.ones(2))
    assert ran == [None]
    assert nn.modules.module._global_forward_hooks_always_called == {}


@claim("HOOK-73", source="torch.nn.modules.module.register_module_forward_hook", since="2.1")
def test_an_error_of_a_global_hook_that_is_always_called_is_a_warning_beside_the_error_of_the_forward():
    """When `forward` raises a `ValueError`, the caller gets that error; an exception of a
    `register_module_forward_hook` hook with `always_call=True` becomes a `UserWarning`, and the next hook with
    `always_call=True` still runs.
    """

    def fail(module, args, output):
        raise KeyError("no hook")

    ran = []
    with (
        global_hook("forward", fail, always_call=True),
        global_hook("forward", lambda *args: ran.append(args), always_call=True),
        pytest.raises(ValueError, match="no forward"),
        pytest.warns(UserWarning, match="global module forward hook(.*)silenced(.*)no hook"),
    ):
        Failing()(torch.ones(2))
    assert len(ran) == 1


@claim("HOOK-74", source="torch.nn.modules.module.register_module_forward_hook", since="2.6")
def test_a_global_forward_hook_with_kwargs_is_given_them_before_the_output():
    """A `register_module_forward_hook` hook with `with_kwargs=True` gets the module, the positional arguments, the dict
    of keyword arguments and the output.
    """
    given = []
    x = torch.ones(1, 2)
    with global_hook("forward", lambda *args: given.append(args), with_kwargs=True):
        output = nn.Identity()(input=x)
    assert [type(each) for each in given[0]] == [nn.Identity, tuple, dict, torch.Tensor]
    assert given[0][2]["input"] is x
    assert given[0][3] is output


@claim("HOOK-75", source="torch.nn.modules.module.register_module_forward_hook")
def test_global_forward_hooks_may_replace_the_inputs_and_the_output_of_every_module():
    """What a `register_module_forward_pre_hook` hook returns replaces the inputs of every module that is called, and
    what a `register_module_forward_hook` hook returns replaces its output.
    """
    model = nn.Sequential(nn.Identity(), nn.Identity())
    with global_hook("forward_pre", lambda module, args: (args[0] + 1,)):
        assert model(torch.zeros(2)).tolist() == [3, 3]
    with global_hook("forward", lambda module, args, output: output * 2):
        assert model(torch.ones(2)).tolist() == [8, 8]
    assert model(torch.ones(2)).tolist() == [1, 1]


@claim("HOOK-76", source="torch.nn.modules.module.register_module_full_backward_pre_hook", since="2.0")
def test_a_global_full_backward_pre_hook_runs_before_that_of_the_module_and_may_replace_the_gradient():
    """For every module whose output, a tensor or tuple, requires grad, a `register_module_full_backward_pre_hook` hook
    runs before the module's own full backward pre-hooks. The tuple that it returns replaces the gradient of the output.
    """
    model, given = nn.Sequential(nn.Linear(2, 2), nn.Identity()), []
    model[0].register_full_backward_pre_hook(lambda module, grad_output: given.append(grad_output[0].tolist()))
    with global_hook("full_backward_pre", lambda module, grad_output: (grad_output[0] * 2,)):
        model(torch.ones(1, 2, requires_grad=True)).sum().backward()
    assert given == [[[8, 8]]]
    assert model[0].bias.grad.tolist() == [8, 8]


@claim("HOOK-82", source="torch.nn.modules.module.register_module_backward_hook")
@pytest.mark.filterwarnings("ignore:Using a non-full backward hook")
def test_an_old_global_backward_hook_is_given_the_gradient_of_the_input_of_the_last_operation(monkeypatch):
    """A hook of the deprecated `register_module_backward_hook` gets as `grad_input` the gradient of the input of the
    module's last operation, not that of the module's input.
    """
    monkeypatch.setattr(nn.modules.module, "_global_is_full_backward_hook", None)
    model, given = nn.Module(), []
    model.forward = lambda x: (x * 3).exp()
    x = torch.zeros(2, requires_grad=True)
    with global_hook(
        "backward", lambda module, grad_input, grad_output: given.append((module, grad_input[0].tolist()))
    ):
        model(x).sum().backward()
    model(x)
    assert given == [(model, [1, 1])]
    assert x.grad.tolist() == [3, 3]
