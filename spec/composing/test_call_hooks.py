"""What hooks do to a call of a module and to its backward, and what they may do to its state."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim


class Scaled(nn.Module):
    """``x * p + offset``, and the number of calls in a buffer."""

    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.full((2,), 3.0))
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x, offset=0.0):
        self.calls += 1
        return x * self.p + offset


class Failing(nn.Module):
    def forward(self, x):
        raise ValueError("no forward")


@claim("HOOK-57", source="torch.nn.Module.register_forward_pre_hook")
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_forward_pre_hook_is_given_the_inputs_and_may_replace_them_by_one_value_or_a_tuple(wrapped, real_device):
    model, given = Scaled().to(real_device), []
    x, other = torch.ones(2, device=real_device), torch.full((2,), 5.0, device=real_device)
    model.register_forward_pre_hook(lambda *args: given.append(args))
    model.register_forward_pre_hook(lambda module, args: (other,) if wrapped else other)
    assert model(x, offset=1.0).tolist() == [16, 16]
    assert given == [(model, (x,))]
    identity = nn.Identity()
    identity.register_forward_pre_hook(lambda module, args: [1, 2])
    assert identity(x) == [1, 2]


@claim("HOOK-58", source="torch.nn.Module.register_forward_pre_hook", since="2.0")
def test_a_forward_pre_hook_with_kwargs_replaces_both_or_is_refused():
    model, given, x = Scaled(), [], torch.ones(2)
    model.register_forward_pre_hook(lambda *args: given.append(args), with_kwargs=True)
    handle = model.register_forward_pre_hook(
        lambda module, args, kwargs: ((args[0] * 2,), {"offset": 4.0}), with_kwargs=True
    )
    assert model(x, offset=1.0).tolist() == [10, 10]
    assert given == [(model, (x,), {"offset": 1.0})]
    handle.remove()
    model.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple of"):
        model(x)
    assert model.calls.tolist() == [1]


@claim("HOOK-59", source="torch.nn.Module.register_forward_hook")
def test_a_forward_hook_is_given_inputs_and_output_and_may_replace_the_output():
    model, given, x = Scaled(), [], torch.ones(2)
    model.register_forward_hook(lambda *args: given.append(args))
    model.register_forward_hook(lambda module, args, output: output + 1)
    model.register_forward_hook(lambda module, args, output: given.append(output.tolist()))
    assert model(x, offset=2.0).tolist() == [6, 6]
    assert given[0][:2] == (model, (x,))
    assert given[0][2].tolist() == [5, 5]
    assert given[1] == [6, 6]
    model.register_forward_hook(lambda module, args, output: [0])
    assert model(x) == [0]


@claim("HOOK-60", source="torch.nn.Module.register_forward_hook", since="2.0")
def test_a_forward_hook_with_kwargs_is_given_them_before_the_output():
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
def test_a_hook_of_a_call_may_be_put_before_the_others_and_is_gone_once_removed(register):
    model, ran = Scaled(), []
    x = torch.ones(2, requires_grad=True)
    getattr(model, register)(lambda *args: ran.append("first"))
    getattr(model, register)(lambda *args: ran.append("second"))
    handle = getattr(model, register)(lambda *args: ran.append("prepended"), prepend=True)
    model(x).sum().backward()
    handle.remove()
    model(x).sum().backward()
    assert ran == ["prepended", "first", "second", "first", "second"]


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


@claim("HOOK-66", source="torch.nn.Module.register_full_backward_hook")
def test_a_full_backward_hook_may_replace_the_gradient_of_the_input_and_not_that_of_a_parameter():
    model, given = Scaled(), []
    x = torch.ones(2, requires_grad=True)

    def double(module, grad_input, grad_output):
        given.append((module, grad_input[0].tolist(), grad_output[0].tolist()))
        return (grad_input[0] * 2,)

    model.register_full_backward_hook(double)
    model(x).sum().backward()
    assert given == [(model, [3, 3], [1, 1])]
    assert x.grad.tolist() == [6, 6]
    assert model.p.grad.tolist() == [1, 1]


@claim("HOOK-67", source="torch.nn.Module.register_full_backward_pre_hook", since="2.0")
def test_a_full_backward_pre_hook_may_replace_the_gradient_of_the_output_and_so_that_of_a_parameter():
    model, given = Scaled(), []
    x = torch.ones(2, requires_grad=True)
    model.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 2,))
    model.register_full_backward_pre_hook(lambda module, grad_output: given.append(("last", grad_output[0].tolist())))
    handle = model.register_full_backward_pre_hook(
        lambda module, grad_output: given.append(("first", grad_output[0].tolist())), prepend=True
    )
    model(x).sum().backward()
    handle.remove()
    assert given == [("first", [1, 1]), ("last", [2, 2])]
    assert model.p.grad.tolist() == [2, 2]
    assert x.grad.tolist() == [6, 6]


@claim("HOOK-68", source="torch.nn.Module.register_backward_hook")
@pytest.mark.parametrize(("first", "second"), [("full_backward", "backward"), ("backward", "full_backward")])
def test_a_module_cannot_have_both_kinds_of_backward_hooks(first, second):
    model = Scaled()
    getattr(model, f"register_{first}_hook")(print)
    with pytest.raises(RuntimeError, match="both regular backward hooks and full backward hooks on a single Module"):
        getattr(model, f"register_{second}_hook")(print)
    assert len(model._backward_hooks) == 1


@claim("HOOK-69", source="torch.nn.modules.module.register_module_backward_hook")
@pytest.mark.parametrize(("first", "second"), [("full_backward", "backward"), ("backward", "full_backward")])
def test_there_cannot_be_both_kinds_of_global_backward_hooks(first, second, no_global_backward_hooks):
    handle = getattr(nn.modules.module, f"register_module_{first}_hook")(print)
    with handle, pytest.raises(RuntimeError, match="full backward hooks as a global Module hook"):
        getattr(nn.modules.module, f"register_module_{second}_hook")(print)
    assert len(nn.modules.module._global_backward_hooks) == 0


@claim("HOOK-70", source="torch.nn.Module.state_dict")
def test_a_hook_may_register_and_change_state_and_no_hook_is_state(real_device):
    model = Scaled().to(real_device)
    model.register_forward_pre_hook(lambda module, args: module.register_buffer("seen", args[0].detach().clone()))
    model.register_forward_hook(lambda module, args, output: module.calls.zero_())
    keys = list(model.state_dict())
    model(torch.ones(2, device=real_device))
    assert keys == ["p", "calls"]
    assert list(model.state_dict()) == ["p", "calls", "seen"]
    assert model.calls.tolist() == [0]
