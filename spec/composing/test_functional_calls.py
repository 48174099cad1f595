"""Calls that borrow other state for once, and state that is stacked for many models."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    NON_PERSISTENT_BUFFER,
    PLAIN_TENSOR,
    PLAIN_VALUE,
    REGISTERED,
    NestedModel,
    PlainTensorModel,
    TiedModel,
    ToyModel3,
    claim,
)


class Reading(nn.Module):
    """A module that returns its state ``x`` and its parameter ``y``."""

    def __init__(self):
        super().__init__()
        self.y = nn.Parameter(torch.full((3,), 2.0))

    def forward(self):
        return self.x, self.y


@claim("UTIL-07", source="torch.func.functional_call", since="2.0")
@pytest.mark.parametrize("kind", REGISTERED)
def test_a_functional_call_uses_the_passed_tensors_and_gives_the_module_its_own_back(kind, real_device):
    """`torch.func.functional_call(model, {"x": other}, args)` runs `forward` with `other` as the parameter or buffer
    `x`, and with the module's own state otherwise; afterwards the module has its own `x` again.
    """
    model = kind.on(Reading().to(real_device), "x", torch.ones(3, device=real_device))
    own, other = model.x, torch.zeros(3, device=real_device)
    keys = list(model.state_dict())
    x, y = torch.func.functional_call(model, {"x": other}, ())
    assert x is other
    assert y is model.y
    assert model.x is own
    assert list(model.state_dict()) == keys


@claim("UTIL-26", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_replaces_nested_state_by_its_dotted_name(real_device):
    """`torch.func.functional_call` replaces state of submodules by dotted names such as `linear.weight`, from one dict
    or several in a tuple, and afterwards the submodules have their own state again.
    """
    model = NestedModel(5, 10).to(real_device)
    linear = model.body.inner.linear
    weight, x = linear.weight, torch.ones(1, 5, device=real_device)
    zeros = {name: torch.zeros_like(parameter) for name, parameter in model.body.named_parameters(prefix="body")}
    assert torch.func.functional_call(model, zeros, x).tolist() == [[1] * 10]
    assert torch.func.functional_call(model, ({**zeros}, {"shift": model.shift + 5}), (x,)).tolist() == [[6] * 10]
    assert linear.weight is weight


@claim("UTIL-27", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_gives_the_state_back_after_an_error():
    """An exception in `forward`, such as `AttributeError`, passes through `torch.func.functional_call`, and the module
    has its own parameters again afterwards.
    """
    model = Reading()
    own = model.y
    with pytest.raises(AttributeError, match="has no attribute 'x'"):
        torch.func.functional_call(model, {"y": torch.zeros(3)}, ())
    assert model.y is dict(model.named_parameters())["y"] is own


@claim("UTIL-28", source="torch.func.functional_call", since="2.0")
def test_the_gradient_of_a_functional_call_goes_to_the_passed_tensor_and_not_to_the_parameter(real_device):
    """If another tensor that requires grad was passed to `torch.func.functional_call` for a parameter, `backward()`
    gives the gradient to that tensor, and the `.grad` of the parameter itself stays None.
    """
    model = ToyModel3(5, 10).to(real_device)
    borrowed = torch.zeros(10, device=real_device, requires_grad=True)
    torch.func.functional_call(model, {"b1": borrowed}, torch.ones(3, 5, device=real_device)).sum().backward()
    assert borrowed.grad.tolist() == [3] * 10
    assert model.b1.grad is None
    assert model.linear.bias.grad.tolist() == [3] * 10


@claim("UTIL-29", source="torch.func.functional_call", since="2.0")
def test_a_strict_functional_call_raises_for_a_missing_or_an_unexpected_name():
    """`torch.func.functional_call(strict=True)` raises `RuntimeError` where a parameter or buffer of the module gets no
    tensor, or where a tensor is passed under a name that the module lacks; with exactly its names, it computes.
    """
    model = Reading()
    model.register_buffer("x", torch.ones(3))
    with pytest.raises(RuntimeError, match=r"Missing key\(s\): 'y'"):
        torch.func.functional_call(model, {"x": torch.ones(3)}, (), strict=True)
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\): 'z'.\n\tMissing key\(s\): 'y'"):
        torch.func.functional_call(model, {"x": torch.ones(3), "z": torch.ones(3)}, (), strict=True)
    x, y = torch.func.functional_call(model, {"x": torch.ones(3), "y": torch.zeros(3)}, (), strict=True)
    assert (x.tolist(), y.tolist()) == ([1, 1, 1], [0, 0, 0])


@claim("UTIL-08", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_updates_the_buffer_that_was_passed_or_else_that_of_the_module(real_device):
    """In `torch.func.functional_call`, a buffer that `forward` changes in place, as BatchNorm does, is changed in the
    tensor that was passed for it, or in the module's own buffer where none was passed.
    """
    model = nn.BatchNorm1d(2).to(real_device)
    x = torch.tensor([[1.0, 2.0], [5.0, 6.0]], device=real_device)
    borrowed = {"running_mean": torch.zeros(2, device=real_device)}
    mean, var = model.running_mean, model.running_var
    torch.func.functional_call(model, borrowed, x)
    assert borrowed["running_mean"].tolist() == pytest.approx([0.3, 0.4])
    assert model.running_mean is mean
    assert mean.tolist() == [0, 0]
    assert model.running_var is var
    assert 1 not in var.tolist()
    assert model.num_batches_tracked.item() == 1


@claim("UTIL-30", source="torch.func.functional_call", since="2.0")
def test_a_buffer_that_is_rebound_in_a_functional_call_is_rebound_in_the_dict_that_was_passed():
    """When `forward` rebinds a buffer that was passed to `torch.func.functional_call` in one dict, not a tuple of
    dicts, that dict gets the new tensor. The module keeps its own tensor, unchanged.
    """

    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("n", torch.zeros(1))

        def forward(self):
            self.n = self.n + 1

    model, borrowed = Counting(), {"n": torch.full((1,), 5.0)}
    own = model.n
    torch.func.functional_call(model, borrowed, ())
    assert borrowed["n"].tolist() == [6]
    assert model.n is own
    assert own.tolist() == [0]


@claim("UTIL-09", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_replaces_a_plain_tensor_too_unless_it_is_strict():
    """`torch.func.functional_call` also replaces a plain tensor of the module during the call, if its name is passed;
    with `strict=True` that name is unexpected and raises `RuntimeError`.
    """
    model = PLAIN_TENSOR.on(Reading(), "x", torch.ones(3))
    plain, other = model.x, torch.zeros(3)
    assert torch.func.functional_call(model, {"x": other}, ())[0] is other
    assert vars(model)["x"] is plain
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\): 'x'\."):
        torch.func.functional_call(model, {"x": other, "y": other}, (), strict=True)


@claim("UTIL-41", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_raises_for_the_name_of_a_plain_value():
    """Passing a tensor to `torch.func.functional_call` under the name of a plain value other than None, such as an int,
    raises `TypeError`; the value and the parameters stay as they were.
    """
    model = PLAIN_VALUE.on(Reading(), "x", torch.ones(3))
    own = model.y
    with pytest.raises(TypeError, match="attribute `x`: 3 is not an instance of"):
        torch.func.functional_call(model, {"y": torch.zeros(3), "x": torch.zeros(3)}, ())
    assert model.x == 3
    assert model.y is own


@claim("UTIL-42", source="torch.func.functional_call", since="2.0")
def test_a_name_that_the_module_lacks_exists_only_during_a_functional_call():
    """By default, a tensor passed to `torch.func.functional_call` under a name that the module lacks is an attribute of
    the module during the call and gone afterwards.
    """
    model, other = Reading(), torch.zeros(3)
    assert torch.func.functional_call(model, {"x": other}, ())[0] is other
    assert not hasattr(model, "x")


@claim("UTIL-31", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_replaces_both_names_of_a_tied_parameter_unless_told_not_to_tie():
    """`torch.func.functional_call` given one name of a tied parameter replaces both names, and with `tie_weights=False`
    only that one; given different tensors for the two names it raises `ValueError` by default.
    """
    model = TiedModel(5, 10)
    x = torch.ones(1, 5)
    zeros = {"b1": torch.zeros(10), "linear.weight": torch.zeros(10, 5), "linear.bias": torch.zeros(10)}
    model.b1.data.fill_(7)
    assert torch.func.functional_call(model, zeros, x).tolist() == [[1] * 10]
    assert torch.func.functional_call(model, zeros, x, tie_weights=False).tolist() == [[8] * 10]
    with pytest.raises(ValueError, match=r"b1.*b2.*tied"):
        torch.func.functional_call(model, {"b1": torch.zeros(10), "b2": torch.ones(10)}, x)
    assert model.b1 is model.b2


@claim("UTIL-32", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_raises_for_a_name_in_two_dicts():
    """`torch.func.functional_call` raises `ValueError` where two of the dicts that are passed in a tuple contain the
    same name.
    """
    with pytest.raises(ValueError, match=r"\['y'\] appeared in multiple dictionaries"):
        torch.func.functional_call(Reading(), ({"y": torch.zeros(3)}, {"y": torch.ones(3)}), ())


@claim("UTIL-10", source="torch.func.stack_module_state", since="2.0")
@pytest.mark.parametrize("count", [1, 3])
def test_stack_module_state_stacks_parameters_and_all_buffers_in_two_dicts_and_no_plain_tensor(count, real_device):
    """`torch.func.stack_module_state(models)` stacks trainable parameters into leaves that require grad in one dict,
    and all buffers, non-persistent ones too, in another; plain tensors are left out.
    """
    models = [PlainTensorModel(5, 10).to(real_device) for _ in range(count)]
    for number, model in enumerate(models):
        NON_PERSISTENT_BUFFER.on(model, "x", torch.full((2,), float(number), device=real_device))
    parameters, buffers = torch.func.stack_module_state(models)
    assert {name: tuple(tensor.shape) for name, tensor in parameters.items()} == {
        "b1": (count, 10),
        "linear.weight": (count, 10, 5),
        "linear.bias": (count, 10),
    }
    assert list(buffers) == ["c1", "x"]
    assert buffers["x"].tolist() == [[number] * 2 for number in range(count)]
    assert all(tensor.is_leaf and tensor.requires_grad for tensor in parameters.values())
    assert not any(tensor.requires_grad for tensor in buffers.values())


@claim("UTIL-33", source="torch.func.stack_module_state", since="2.0")
def test_stack_module_state_raises_for_models_that_differ_in_class_mode_or_frozen_parameters():
    """`torch.func.stack_module_state(models)` raises `RuntimeError` for an empty list, and for models that differ in
    class, in `training`, or in the `requires_grad` of a parameter.
    """

    def refused(models, words):
        with pytest.raises(RuntimeError, match=words):
            torch.func.stack_module_state(models)

    frozen = nn.Linear(2, 3)
    frozen.bias.requires_grad_(False)
    refused([], "Expected at least one model, got 0")
    refused([nn.Linear(2, 3), nn.Linear(2, 3).eval()], "same training/eval mode")
    refused([nn.Linear(2, 3), nn.ReLU()], "same class")
    refused([nn.Linear(2, 3), frozen], "Expected bias from each model to have the same .requires_grad")


class Deleting(nn.Module):
    """A forward that deletes the parameter ``p`` and the buffer ``b`` after it has used them."""

    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.ones(1))
        self.register_buffer("b", torch.ones(1))

    def forward(self, y):
        y = y * self.p * self.b
        del self.p, self.b
        return y


@claim("UTIL-88", source="torch.func.functional_call", since="2.0")
def test_a_name_that_forward_deletes_is_back_after_a_functional_call_that_gave_it():
    """A parameter or buffer that `forward` deletes is back after `torch.func.functional_call` where a value was passed
    for it, and stays deleted where none was passed.

    Beware: a buffer comes back as a plain attribute.
    """
    model, left = Deleting(), Deleting()
    parameter, buffer = model.p, model.b
    given = {"p": torch.full((1,), 2.0), "b": torch.full((1,), 3.0)}
    assert torch.func.functional_call(model, given, (torch.ones(1),)).item() == 6
    assert model.p is parameter
    assert model.b is buffer
    assert [name for name, _ in model.named_parameters()] == ["p"]
    assert [name for name, _ in model.named_buffers()] == []
    torch.func.functional_call(left, {}, (torch.ones(1),))
    assert not hasattr(left, "p")
    assert not hasattr(left, "b")
