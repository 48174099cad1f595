"""What the backward hooks of a module are given, what they may replace, and which a module can have."""

import warnings

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .hooked_modules import Scaled


@claim("HOOK-66", source="torch.nn.Module.register_full_backward_hook")
def test_a_full_backward_hook_may_replace_the_gradient_of_the_input_and_not_that_of_a_parameter():
    """A `register_full_backward_hook` hook is called with `(module, grad_input, grad_output)`. The tuple that it
    returns replaces the gradient of the input, while gradients of the module's own parameters stay unchanged.
    """
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
    """A `register_full_backward_pre_hook` hook is called with `(module, grad_output)`; the tuple that it returns
    replaces the gradient of the output, and so changes that of parameters and input.

    Several run in the order of registration, one with `prepend=True` before those registered earlier.
    """
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
def test_a_module_cannot_have_both_kinds_of_backward_hooks_not_even_one_after_the_other(first, second):
    """Registering a full backward hook on a module that has or had a `register_backward_hook` hook, or the other way
    round, raises `RuntimeError`, even after the first was removed.
    """
    model = Scaled()
    refused = pytest.raises(
        RuntimeError, match="both regular backward hooks and full backward hooks on a single Module"
    )
    with getattr(model, f"register_{first}_hook")(print), refused:
        getattr(model, f"register_{second}_hook")(print)
    with refused:
        getattr(model, f"register_{second}_hook")(print)
    assert len(model._backward_hooks) == 0


@claim("HOOK-77", source="torch.nn.Module.register_full_backward_hook", since="2.0")
@pytest.mark.parametrize("container", [dict, list])
def test_a_full_backward_hook_on_a_module_that_returns_a_dict_or_a_list_warns(container):
    """Calling a module that has a `register_full_backward_hook` hook and returns a dict or a list, not a tensor or a
    tuple, gives a `UserWarning`, and the output is unchanged.
    """
    model = nn.Module()
    model.forward = lambda x: container([("x", x)])
    model.register_full_backward_hook(lambda *args: None)
    with pytest.warns(UserWarning, match="module output should be a Tensor or a tuple of Tensors but received"):
        output = model(torch.ones(2, requires_grad=True))
    assert type(output) is container


@claim("HOOK-89", source="torch.nn.Module.register_full_backward_hook")
def test_a_module_with_a_full_backward_hook_computes_on_views_of_its_inputs_which_cannot_be_changed_in_place():
    """Where gradients are enabled and a positional input requires grad, a module with a full backward hook computes on
    views of its positional inputs: changing in place one that requires grad, as `nn.ReLU(inplace=True)` does, raises
    `RuntimeError`.
    """
    model, seen, x = nn.ReLU(), [], torch.ones(2, requires_grad=True)
    model.register_forward_hook(lambda module, args, output: seen.append(args[0]))
    model(x)
    model.register_full_backward_hook(lambda *args: None)
    model(x)
    assert seen[0] is x
    assert seen[1] is not x
    assert seen[1].data_ptr() == x.data_ptr()
    model.inplace = True
    with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
        model(x * 1)


@claim("HOOK-78", source="torch.nn.Module.register_backward_hook")
def test_an_old_backward_hook_is_given_the_module_and_may_replace_the_gradient():
    """On a module of one operation without parameters, such as `nn.ReLU`, a hook of the deprecated
    `register_backward_hook` is called with `(module, grad_input, grad_output)`, and the tuple that it returns replaces
    the gradient of the input.
    """
    model, given = nn.ReLU(), []
    x = torch.ones(2, requires_grad=True)

    def double(module, grad_input, grad_output):
        given.append((module, grad_output[0].tolist()))
        return (grad_input[0] * 2,)

    model.register_backward_hook(double)
    model(x * 1).sum().backward()
    assert given == [(model, [1, 1])]
    assert x.grad.tolist() == [2, 2]


@claim("HOOK-90", source="torch.nn.Module.register_backward_hook")
@pytest.mark.filterwarnings("ignore:Using.*non-full backward hook")
def test_an_old_backward_hook_watches_only_the_first_tensor_of_an_output_that_is_a_dict():
    """On a module that returns a dict, a hook of the deprecated `register_backward_hook` runs for the gradient of the
    dict's first tensor, and not for that of another.
    """
    model, given = nn.Module(), []
    model.forward = lambda x: {"n": 1, "y": x * 2, "z": x * 3}
    model.register_backward_hook(lambda module, grad_input, grad_output: given.append(grad_output[0].tolist()))
    output = model(torch.ones(2, requires_grad=True))
    output["z"].sum().backward()
    assert given == []
    output["y"].sum().backward()
    assert given == [[1, 1]]


PARTIAL = {
    "an output in a list": (lambda x: [x.exp()], (), "not return a single Tensor or a tuple of Tensors"),
    "an output beside a number": (lambda x: (x.exp(), 1), (), "not return a single Tensor or a tuple of Tensors"),
    "an input that is no tensor": (lambda x, n: x.clamp(n), (0,), "not take as input a single Tensor or a tuple"),
    "two operations": (lambda x: x.exp().exp(), (), "when the forward contains multiple autograd Nodes"),
    "two outputs": (lambda x: (x.exp(), x.sin()), (), "when outputs are generated by different autograd Nodes"),
}


@claim("HOOK-81", source="torch.nn.Module.register_backward_hook", since="2.4")
@pytest.mark.parametrize("case", PARTIAL)
def test_an_old_backward_hook_warns_where_the_module_does_more_than_one_operation_on_tensors(case):
    """Calling a module with a `register_backward_hook` hook, where the output requires grad, gives a `FutureWarning` if
    the module takes anything besides tensors by position, returns anything besides tensors, returns them in a list, or
    does more than one operation.
    """
    model, x = nn.Module(), torch.ones(2, requires_grad=True).exp()
    model.forward, others, words = PARTIAL[case]
    model.register_backward_hook(lambda *args: None)
    with pytest.warns(FutureWarning, match=f"non-full backward hook(.*){words}(.*)is deprecated"):
        model(x, *others)
    model.forward = lambda x: (x.exp(),)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(x)
