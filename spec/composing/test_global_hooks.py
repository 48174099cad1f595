"""What the global hooks do to every call, and what the tables of hooks are left with."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim


class Failing(nn.Module):
    def forward(self, x):
        raise ValueError("no forward")


def global_hook(name, hook, **options):
    return getattr(nn.modules.module, f"register_module_{name}_hook")(hook, **options)


@claim("HOOK-72", source="torch.nn.modules.module.register_module_forward_hook", since="2.1")
def test_a_global_forward_hook_that_is_always_called_runs_after_an_error_too_and_the_others_do_not():
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
    given = []
    x = torch.ones(1, 2)
    with global_hook("forward", lambda *args: given.append(args), with_kwargs=True):
        output = nn.Identity()(input=x)
    assert [type(each) for each in given[0]] == [nn.Identity, tuple, dict, torch.Tensor]
    assert given[0][2]["input"] is x
    assert given[0][3] is output


@claim("HOOK-75", source="torch.nn.modules.module.register_module_forward_hook")
def test_global_forward_hooks_may_replace_the_inputs_and_the_output_of_every_module():
    model = nn.Sequential(nn.Identity(), nn.Identity())
    with global_hook("forward_pre", lambda module, args: (args[0] + 1,)):
        assert model(torch.zeros(2)).tolist() == [3, 3]
    with global_hook("forward", lambda module, args, output: output * 2):
        assert model(torch.ones(2)).tolist() == [8, 8]
    assert model(torch.ones(2)).tolist() == [1, 1]


@claim("HOOK-76", source="torch.nn.modules.module.register_module_full_backward_pre_hook", since="2.0")
def test_a_global_full_backward_pre_hook_runs_before_that_of_the_module_and_may_replace_the_gradient():
    model, given = nn.Linear(2, 2), []
    model.register_full_backward_pre_hook(lambda module, grad_output: given.append(grad_output[0].tolist()))
    with global_hook("full_backward_pre", lambda module, grad_output: (grad_output[0] * 2,)):
        model(torch.ones(1, 2, requires_grad=True)).sum().backward()
    assert given == [[[2, 2]]]
    assert model.bias.grad.tolist() == [2, 2]


@claim("HOOK-77", source="torch.nn.Module.register_full_backward_hook", since="2.0")
def test_a_backward_hook_on_a_module_that_returns_no_tensor_is_a_warning():
    class Dict(nn.Module):
        def forward(self, x):
            return {"x": x}

    model, ran = Dict(), []
    model.register_full_backward_hook(lambda *args: ran.append(args))
    with pytest.warns(UserWarning, match="module output should be a Tensor or a tuple of Tensors but received"):
        output = model(torch.ones(2, requires_grad=True))
    output["x"].sum().backward()
    assert list(output) == ["x"]


@claim("HOOK-78", source="torch.nn.Module.register_backward_hook")
def test_an_old_backward_hook_is_given_the_module_and_may_replace_the_gradient():
    model, given = nn.ReLU(), []
    x = torch.ones(2, requires_grad=True)

    def double(module, grad_input, grad_output):
        given.append((module, grad_output[0].tolist()))
        return (grad_input[0] * 2,)

    model.register_backward_hook(double)
    model(x * 1).sum().backward()
    assert given == [(model, [1, 1])]
    assert x.grad.tolist() == [2, 2]


@claim("HOOK-79", source="torch.nn.Module.register_forward_hook", since="2.1")
def test_a_removed_hook_leaves_nothing_behind():
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
