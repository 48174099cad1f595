"""When backward hooks of a module run, what they see of arguments and outputs, and the views that they bring about."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .hooked_modules import Scaled, global_hook

HOOKS = ["register_full_backward_hook", "register_full_backward_pre_hook"]


class Mixed(nn.Module):
    """Takes a tensor, a number and maybe a tensor by keyword; returns a tensor, a text and a number."""

    def forward(self, x, number, *, offset):
        return x * number + offset, "text", number


def ones():
    return torch.ones(2, requires_grad=True)


@claim("HOOK-93", source="torch.nn.Module.register_full_backward_hook", since="2.0")
def test_backward_hooks_get_None_for_what_is_no_tensor_and_nothing_for_keyword_arguments():
    """For a module that returns a tensor or tuple, `grad_input` in a `register_full_backward_hook` hook has an entry
    per positional argument and `grad_output` one per output, None for non-tensors. A `register_full_backward_pre_hook`
    hook gets the same `grad_output`.

    A tensor given by keyword has no entry, and gets its gradient all the same.
    """
    model, seen = Mixed(), []
    model.register_full_backward_pre_hook(lambda module, grad_output: seen.append(grad_output))
    model.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input, grad_output)))
    x, offset = ones(), ones()
    model(x, 3, offset=offset)[0].sum().backward()
    before, (grad_input, grad_output) = seen
    assert [before[0].tolist(), *before[1:]] == [[1, 1], None, None]
    assert [grad_output[0].tolist(), *grad_output[1:]] == [[1, 1], None, None]
    assert [grad_input[0].tolist(), *grad_input[1:]] == [[3, 3], None]
    assert offset.grad.tolist() == [1, 1]


@claim("HOOK-94", source="torch.nn.Module.register_full_backward_hook")
def test_a_full_backward_hook_runs_where_no_input_requires_grad():
    """Where a trainable module gets positional inputs and none of them requires grad, a `register_full_backward_hook`
    hook still runs in `backward()`, with None in `grad_input` and the gradient of the output in `grad_output`.
    """
    model, seen = Scaled(), []
    model.register_full_backward_hook(lambda module, *gradients: seen.append(gradients))
    model(torch.ones(2)).sum().backward()
    ((grad_input, grad_output),) = seen
    assert grad_input == (None,)
    assert grad_output[0].tolist() == [1, 1]


@claim("HOOK-95", source="torch.nn.Module.register_full_backward_hook")
def test_a_full_backward_hook_does_not_run_where_no_output_requires_grad():
    """A `register_full_backward_hook` hook of a frozen module whose input doesn't require grad never runs, although
    `backward()` goes through what was computed from its output.
    """
    model, after, seen = Scaled().requires_grad_(False), Scaled(), []
    model.register_full_backward_hook(lambda *args: seen.append("frozen"))
    after.register_full_backward_hook(lambda *args: seen.append("trainable"))
    after(model(torch.ones(2))).sum().backward()
    assert seen == ["trainable"]
    assert after.p.grad.tolist() == [3, 3]


@claim("HOOK-96", source="torch.nn.Module.register_full_backward_pre_hook", since="2.0")
@pytest.mark.parametrize("register", HOOKS)
def test_a_forward_with_a_backward_hook_is_given_views_of_its_inputs(register):
    """Where gradients are enabled and a positional input requires grad, `forward` of a module with a
    `register_full_backward_hook` or `register_full_backward_pre_hook` hook gets a view of it; a module without backward
    hooks gets the input itself.
    """
    model, given, x = Scaled(), [], ones()
    forward = model.forward
    model.forward = lambda x: given.append(x) or forward(x)
    model(x)
    getattr(model, register)(lambda *args: None)
    model(x)
    assert given[0] is x
    assert given[1] is not x
    assert given[1]._is_view()
    assert given[1].data_ptr() == x.data_ptr()


@claim("HOOK-97", source="torch.nn.Module.register_full_backward_pre_hook", since="2.0")
@pytest.mark.parametrize("register", HOOKS)
def test_the_caller_of_a_module_with_a_backward_hook_is_given_a_view_of_its_output(register):
    """Where the output is a tensor or a tuple and requires grad, the caller of a module with a
    `register_full_backward_hook` or `register_full_backward_pre_hook` hook gets a view of each tensor that `forward`
    returned and forward hooks saw.
    """
    model, seen = Scaled(), []
    model.register_forward_hook(lambda module, args, output: seen.append(output))
    assert model(ones()) is seen[0]
    getattr(model, register)(lambda *args: None)
    output = model(ones())
    assert output is not seen[1]
    assert output._is_view()
    assert output.data_ptr() == seen[1].data_ptr()


@claim("HOOK-98", source="torch.nn.Module.register_full_backward_pre_hook", since="2.0")
@pytest.mark.parametrize("register", HOOKS)
def test_neither_input_nor_output_of_a_module_with_a_backward_hook_can_be_changed_in_place(register):
    """Outside `torch.no_grad()`, if a module has a `register_full_backward_hook` or `register_full_backward_pre_hook`
    hook and its input requires grad, changing in place a positional input in `forward`, or the tensor that the module
    returned, raises `RuntimeError`.
    """
    model, inplace = Scaled(), nn.ReLU(inplace=True)
    getattr(model, register)(lambda *args: None)
    getattr(inplace, register)(lambda *args: None)
    output = model(ones())
    with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
        output.add_(1)
    with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
        inplace(ones() * 1)
    assert output.tolist() == [3, 3]


@claim("HOOK-99", source="torch.nn.modules.module.register_module_forward_pre_hook")
def test_global_forward_hooks_are_given_positional_arguments_alone():
    """By default, hooks of `register_module_forward_pre_hook` and `register_module_forward_hook` get the positional
    arguments of a call as a tuple, and no argument that is given by keyword.
    """
    model, given = Scaled(), []
    x, offset = torch.ones(2), torch.ones(2)
    with (
        global_hook("forward_pre", lambda module, args: given.append(args)),
        global_hook("forward", lambda module, args, output: given.append(args)),
    ):
        model(x, offset)
        model(x, offset=offset)
    assert given == [(x, offset), (x, offset), (x,), (x,)]


@claim("HOOK-100", source="torch.nn.modules.module.register_module_forward_pre_hook")
@pytest.mark.parametrize("pack", [lambda x: x, lambda x: (x,)], ids=["value", "tuple"])
def test_a_global_forward_pre_hook_replaces_the_arguments_by_a_tuple_or_a_single_value(pack):
    """If a `register_module_forward_pre_hook` hook returns something other than None, this replaces the positional
    arguments: a tuple holds all of them, and a single value stands for a tuple of one.
    """
    with global_hook("forward_pre", lambda module, args: pack(args[0] * 2)):
        assert nn.Identity()(torch.ones(2)).tolist() == [2, 2]


@claim("HOOK-101", source="torch.nn.modules.module.register_module_full_backward_hook")
def test_a_global_full_backward_hook_may_replace_the_gradient_of_the_input(monkeypatch):
    """A `register_module_full_backward_hook` hook is called with `(module, grad_input, grad_output)`; the tuple that it
    returns replaces the gradient of the input, with which `backward()` goes on. Gradients of the module's own
    parameters stay unchanged.
    """
    monkeypatch.setattr(nn.modules.module, "_global_is_full_backward_hook", None)
    model, x, given = Scaled(), ones(), []

    def double(module, grad_input, grad_output):
        given.append((module, grad_input[0].tolist(), grad_output[0].tolist()))
        return (grad_input[0] * 2,)

    with global_hook("full_backward", double):
        model(x).sum().backward()
    assert given == [(model, [3, 3], [1, 1])]
    assert x.grad.tolist() == [6, 6]
    assert model.p.grad.tolist() == [1, 1]


@claim("HOOK-102", source="torch.nn.Module.register_forward_hook")
@pytest.mark.parametrize(("model", "expected"), [(nn.Identity(), [0, 0]), (nn.Flatten(0), [0, 0]), (Scaled(), [3, 3])])
def test_a_forward_hook_that_changes_the_input_in_place_changes_an_output_that_shares_its_memory(model, expected):
    """A `register_forward_hook` hook that changes the input in place changes the output too where that is the input or
    a view of it, as from `nn.Identity` and `nn.Flatten`, and not where `forward` computed a new tensor.
    """

    def change(module, args, output):
        args[0].zero_()

    with model.register_forward_hook(change):
        assert model(torch.ones(2)).tolist() == expected
