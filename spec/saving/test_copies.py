"""What ``copy.deepcopy()``, ``copy.copy()`` and ``pickle`` make of a module and of a parameter."""

import copy
import pickle
from collections import OrderedDict

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    BUFFERS,
    PARAMETER,
    PARAMETERS,
    PLAIN,
    PLAIN_TENSOR,
    TENSORS,
    NonPersistentModel,
    ToyModel,
    ToyModel3,
    claim,
)


def deepcopied(value):
    return copy.deepcopy(value)


def pickled(value):
    return pickle.loads(pickle.dumps(value))


ROUTES = [deepcopied, pickled]


class Reviving(nn.Module):
    """Sets ``revived`` when it takes the state of a copy."""

    def __init__(self):
        super().__init__()
        self.x = nn.Parameter(torch.ones(3))

    def __setstate__(self, state):
        self.revived = True
        super().__setstate__(state)


def doubled(gradient):
    return gradient * 2


def shout(module, args, output):
    return output + 1000


@claim("SER-06", source="torch.nn.Module")
@pytest.mark.parametrize("kind", TENSORS)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_deepcopy_makes_equal_tensors_that_share_no_memory(kind, requires_grad):
    """`copy.deepcopy` of a module copies parameters, buffers and plain tensors: same values, type, dtype and
    `requires_grad`, but no shared memory. It raises `RuntimeError` where a plain tensor has a `grad_fn`.
    """
    model = kind.on(ToyModel3(5, 10), "x", torch.ones(3, dtype=torch.complex64))
    model.x.requires_grad_(requires_grad)
    copied = copy.deepcopy(model)
    assert type(copied.x) is type(model.x)
    assert (copied.x.dtype, copied.x.requires_grad) == (torch.complex64, requires_grad)
    assert copied.x.data_ptr() != model.x.data_ptr()
    model.x.data.zero_()
    assert copied.x.tolist() == [1, 1, 1]


@claim("SER-15", source="torch.nn.Module")
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_a_copy_has_registries_of_its_own(kind, route):
    """Registering a parameter, buffer or submodule on a copy of a module by `copy.deepcopy` or pickle does not register
    it on the original.
    """
    model = kind.on(ToyModel3(5, 10), "x", torch.ones(3))
    copied = route(model)
    keys = list(copied.state_dict())
    kind.on(copied, "y", torch.ones(3))
    copied.other = nn.Linear(1, 1)
    assert list(model.state_dict()) == keys
    assert not hasattr(model, "y")
    assert not hasattr(model, "other")


@claim("SER-07", source="torch.nn.Parameter")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_deepcopy_drops_the_gradient_of_a_parameter(kind, real_device):
    """`copy.deepcopy` of a module drops the gradient of a parameter: the copy's `.grad` is None, and the original keeps
    its own.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    model.x.grad = torch.ones(3, device=real_device)
    assert copy.deepcopy(model).x.grad is None
    assert model.x.grad.tolist() == [1, 1, 1]


@claim("SER-16", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", [*BUFFERS, PLAIN_TENSOR])
def test_deepcopy_keeps_the_gradient_of_a_buffer_or_plain_tensor_that_requires_grad(kind, real_device):
    """`copy.deepcopy` of a module copies the gradient of a buffer or plain tensor that requires grad."""
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device, requires_grad=True))
    model.x.grad = torch.ones(3, device=real_device)
    copied = copy.deepcopy(model)
    assert copied.x.grad.tolist() == [1, 1, 1]
    assert copied.x.grad is not model.x.grad


@claim("SER-17", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, PLAIN_TENSOR])
def test_pickle_drops_gradients_and_keeps_requires_grad(kind):
    """Pickling a module drops the gradient of a parameter, buffer or plain tensor that requires grad, and keeps its
    `requires_grad`.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    model.x.requires_grad_()
    model.x.grad = torch.ones(3)
    copied = pickled(model)
    assert copied.x.grad is None
    assert copied.x.requires_grad


@claim("SER-08", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_registering_on_a_shallow_copy_registers_on_the_original(kind):
    """A parameter or buffer that is registered on a `copy.copy` of a module that is neither parametrized nor compiled
    is registered on the original too, and both share their submodules.
    """
    model = ToyModel3(5, 10)
    copied = copy.copy(model)
    kind.on(copied, "x", torch.ones(3))
    assert copied is not model
    assert model.x is copied.x
    assert copied.linear is model.linear
    assert list(model.state_dict()) == list(copied.state_dict())


@claim("SER-18", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PLAIN)
def test_a_plain_attribute_set_on_a_shallow_copy_is_not_set_on_the_original(kind):
    """A plain attribute, such as `training`, that is set on a `copy.copy` of a module is not set on the original.

    Beware: submodules are shared, so that `eval()` of the copy changes the mode of the original's submodules.
    """
    model = ToyModel3(5, 10)
    copied = copy.copy(model)
    kind.on(copied, "x", torch.ones(3))
    copied.a1 = 99
    copied.eval()
    assert not hasattr(model, "x")
    assert model.a1 == 1
    assert model.training
    assert not model.linear.training


@claim("SER-19", source="torch.nn.Module")
def test_a_module_with_a_buffer_computed_from_a_parameter_does_not_deepcopy():
    """`copy.deepcopy` of a module raises `RuntimeError` where a buffer has a `grad_fn`, as it was computed from a
    trainable parameter, while the module's `state_dict()` can still be saved; after `detach()` of the buffer the module
    can be copied.
    """
    model = ToyModel3(5, 10)
    model.register_buffer("x", model.b1 * 2)
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(model)
    assert torch.equal(pickled(model.state_dict())["x"], model.x)
    model.x = model.x.detach()
    assert torch.equal(copy.deepcopy(model).x, model.x)


@claim("SER-20", source="torch.nn.Module")
@pytest.mark.parametrize("route", [*ROUTES, copy.copy])
def test_a_copy_keeps_mode_frozen_flags_and_forward_hooks(route):
    """A copy of a module by `copy.deepcopy`, `copy.copy` or pickle keeps the training mode and the forward hooks that
    can be pickled. Frozen parameters stay frozen and trainable ones trainable.
    """
    model = ToyModel(5, 10)
    model.eval().linear.weight.requires_grad_(False)
    model.register_forward_hook(shout)
    copied = route(model)
    assert not copied.training
    assert not copied.linear.training
    assert [parameter.requires_grad for parameter in copied.parameters()] == [False, True]
    assert copied(torch.zeros(1, 5)).tolist() == [[1000.0] * 10]


@claim("SER-21", source="torch.nn.Parameter")
@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("route", [*ROUTES, copy.copy])
def test_a_copy_of_a_parameter_is_a_parameter_with_the_same_flag_values_and_strides(route, requires_grad):
    """A copy of an `nn.Parameter` by `copy.deepcopy`, `copy.copy` or pickle is an `nn.Parameter` with the same values
    and `requires_grad`; one that was transposed stays transposed.
    """
    parameter = nn.Parameter(torch.arange(6.0).view(2, 3).t(), requires_grad)
    copied = route(parameter)
    assert type(copied) is nn.Parameter
    assert copied is not parameter
    assert copied.requires_grad is requires_grad
    assert copied.tolist() == parameter.tolist()
    assert copied.stride() == (1, 3)


@claim("SER-23", source="torch.nn.Parameter")
def test_deepcopy_keeps_a_subclass_of_parameter_and_uses_the_memo():
    """`__deepcopy__(memo)` of an `nn.Parameter` of a subclass returns a copy of that subclass and notes it in `memo`;
    where `memo` already has a copy, it returns that one.
    """

    class Special(nn.Parameter):
        pass

    parameter, stand_in = Special(torch.ones(3)), nn.Parameter(torch.zeros(3))
    memo = {}
    copied = parameter.__deepcopy__(memo)
    assert type(copied) is Special
    assert memo[id(parameter)] is copied
    assert parameter.__deepcopy__({id(parameter): stand_in}) is stand_in


@claim("SER-24", source="torch.nn.Parameter")
@pytest.mark.parametrize("route", ROUTES)
def test_a_copy_of_a_parameter_has_none_of_its_hooks(route):
    """A deep or pickled copy of an `nn.Parameter` has none of the hooks that were registered on the original."""
    parameter = nn.Parameter(torch.ones(3))
    parameter.register_hook(doubled)
    parameter.sum().backward()
    copied = route(parameter)
    copied.sum().backward()
    assert copied.grad.tolist() == [1, 1, 1]
    assert parameter.grad.tolist() == [2, 2, 2]


@claim("SER-25", source="torch.nn.Parameter")
def test_deepcopy_drops_the_python_attributes_of_a_parameter_and_keeps_those_of_a_buffer(real_device):
    """`copy.deepcopy` of a module drops Python attributes that were set on a parameter and keeps those
    set on a buffer.
    """
    model = ToyModel3(5, 10).to(real_device)
    model.b1.tag = model.c1.tag = "mine"
    copied = copy.deepcopy(model)
    assert not hasattr(copied.b1, "tag")
    assert copied.c1.tag == "mine"


@claim("SER-26", source="torch.nn.Parameter", since="2.0")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("route", [pickled, copy.copy])
def test_pickle_and_copy_keep_the_python_attributes_of_a_parameter_or_buffer(kind, route):
    """Pickle and `copy.copy` of a parameter or buffer keep the Python attributes that were set on it."""
    tensor = kind.on(nn.Module(), "x", torch.ones(3)).x
    tensor.tag = "mine"
    assert route(tensor).tag == "mine"
    assert route(tensor).requires_grad is tensor.requires_grad


@claim("SER-27", source="torch.nn.Parameter", until="2.0")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("route", [pickled, copy.copy])
def test_pickle_and_copy_dropped_the_python_attributes_of_a_parameter_or_buffer(kind, route):
    """Before torch 2.0, pickle and `copy.copy` of a parameter or buffer dropped the Python attributes that were set on
    it; since then they keep them.
    """
    tensor = kind.on(nn.Module(), "x", torch.ones(3)).x
    tensor.tag = "mine"
    assert not hasattr(route(tensor), "tag")


@claim("SER-33", source="torch.nn.Module")
@pytest.mark.parametrize("route", ROUTES)
def test_a_copy_of_a_module_on_meta_is_on_meta(route):
    """A deep or pickled copy of a module on meta has its parameters and buffers on meta, and the same attributes and
    keys as the original.
    """
    model = NonPersistentModel(5, 10).to("meta")
    copied = route(model)
    assert all(tensor.is_meta for tensor in [*copied.parameters(), *copied.buffers()])
    assert list(vars(copied)) == list(vars(model))
    assert list(copied.state_dict()) == list(model.state_dict())


@claim("SER-53", source="torch.nn.Module")
@pytest.mark.parametrize("route", ROUTES)
def test_setstate_adds_to_the_attributes_that_a_module_has(route):
    """`nn.Module.__setstate__` adds the state of a pickle or copy to the attributes that the module already has, and
    replaces those of the same name.
    """
    copied = route(Reviving())
    assert copied.revived
    assert copied.x.tolist() == [1, 1, 1]
    copied.__setstate__({"_parameters": {}})
    assert copied.revived
    assert list(copied.parameters()) == []


@claim("SER-52", source="torch.nn.Parameter")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_the_pickle_of_a_parameter_without_attributes_can_be_read_by_torch_1(kind):
    """An `nn.Parameter` without Python attributes is pickled in a form that torch 1 reads:
    `torch._utils._rebuild_parameter` of its data, `requires_grad` and empty hooks.
    """
    parameter = kind.on(nn.Module(), "x", torch.ones(3)).x
    rebuild, (data, requires_grad, hooks) = parameter.__reduce_ex__(2)
    assert rebuild is torch._utils._rebuild_parameter
    assert type(data) is torch.Tensor
    assert data.data_ptr() == parameter.data_ptr()
    assert requires_grad is parameter.requires_grad
    assert (hooks, type(hooks)) == ({}, OrderedDict)
