"""Loading where ``torch.__future__.set_swap_module_params_on_conversion(True)`` has tensors swap what they hold."""

import weakref

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, PARAMETER, PARAMETERS, claim

FLAG = "torch.__future__.set_swap_module_params_on_conversion"


@pytest.fixture
def swapping():
    torch.__future__.set_swap_module_params_on_conversion(True)
    yield
    torch.__future__.set_swap_module_params_on_conversion(False)


@claim("LOAD-76", source=FLAG, since="2.3")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_in_swap_mode_an_assigning_load_keeps_the_object_and_takes_the_rest_from_the_checkpoint(kind, swapping):
    """In swap mode, `load_state_dict(assign=True)` keeps each parameter and buffer object, and a parameter remains an
    `nn.Parameter` with its `requires_grad`. Dtype, strides and memory become the checkpoint's.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(2, 3))
    tensor, trainable, saved = model.x, model.x.requires_grad, torch.ones(3, 2, dtype=torch.float64).t()
    model.load_state_dict({"x": saved}, assign=True)
    assert model.x is tensor
    assert (model.x.dtype, model.x.stride(), model.x.data_ptr()) == (torch.float64, (1, 2), saved.data_ptr())
    assert (type(model.x), model.x.requires_grad) == (nn.Parameter if kind in PARAMETERS else torch.Tensor, trainable)


@claim("LOAD-77", source=FLAG, since="2.3")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_in_swap_mode_a_load_keeps_object_memory_and_dtype(kind, swapping):
    """In swap mode, `load_state_dict()` without `assign` keeps the object, memory, dtype and `requires_grad` of a
    parameter or buffer, as it does outside swap mode.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    tensor, storage, trainable = model.x, model.x.data_ptr(), model.x.requires_grad
    checkpoint = {"x": torch.ones(3, dtype=torch.float64, requires_grad=not trainable)}
    assert model.load_state_dict(checkpoint) == ([], [])
    assert model.x is tensor
    assert (model.x.dtype, model.x.data_ptr(), model.x.requires_grad) == (torch.float32, storage, trainable)
    assert model.x.tolist() == checkpoint["x"].tolist() == [1, 1, 1]


@claim("LOAD-78", source=FLAG, since="2.3")
def test_in_swap_mode_an_optimizer_built_before_an_assigning_load_updates_the_module(swapping):
    """In swap mode, an optimizer built before `load_state_dict(assign=True)` goes on updating the
    module's parameters.
    """
    model = PARAMETER.on(nn.Module(), "x", torch.zeros(3))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    model.load_state_dict({"x": torch.ones(3)}, assign=True)
    model.x.sum().backward()
    optimizer.step()
    assert model.x.tolist() == [0, 0, 0]


@claim("LOAD-79", source=FLAG, since="2.3")
@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("kind", PARAMETERS)
def test_in_swap_mode_a_parameter_keeps_its_requires_grad(kind, requires_grad, swapping):
    """In swap mode, a loaded parameter keeps its `requires_grad`, even where the `module_load` of its class returns a
    parameter with another `requires_grad`.
    """

    class Kept(nn.Parameter):
        def module_load(self, other, assign=False):
            return nn.Parameter(other.detach(), requires_grad)

    model = nn.Module()
    model.x = Kept(torch.zeros(3), kind is PARAMETER)
    kind.on(model, "y", torch.zeros(3))
    model.load_state_dict({"x": torch.ones(3), "y": torch.ones(3)})
    assert model.x.requires_grad is model.y.requires_grad is (kind is PARAMETER)
    assert model.x.tolist() == model.y.tolist() == [1, 1, 1]


@claim("LOAD-80", source=FLAG, since="2.3")
def test_in_swap_mode_an_assigning_load_of_a_weakly_referenced_parameter_raises_an_error(swapping):
    """In swap mode, `load_state_dict(assign=True)` raises `RuntimeError` for a parameter that has a weak reference, and
    leaves it unchanged.
    """
    model = PARAMETER.on(nn.Module(), "x", torch.zeros(3))
    watched = weakref.ref(model.x)
    with pytest.raises(RuntimeError, match='While swapping the parameter named "x"'):
        model.load_state_dict({"x": torch.ones(3)}, assign=True)
    assert watched() is model.x
    assert model.x.tolist() == [0, 0, 0]


@claim("LOAD-81", source="torch.Tensor.module_load", since="2.3")
@pytest.mark.parametrize("returned", ["self", "other"])
def test_in_swap_mode_module_load_that_returns_one_of_its_arguments_is_an_error(returned, swapping):
    """In swap mode, `load_state_dict()` raises `RuntimeError` where a subclass of `nn.Parameter` defines a
    `module_load(self, other)` that returns `self` or `other` itself.
    """

    class Lazy(nn.Parameter):
        def module_load(self, other, assign=False):
            return {"self": self, "other": other}[returned]

    model = nn.Module()
    model.x = Lazy(torch.zeros(3))
    with pytest.raises(RuntimeError, match="module_load returned one of self or other"):
        model.load_state_dict({"x": torch.ones(3)})


@claim("LOAD-82", source="torch.Tensor.module_load", since="2.3")
@pytest.mark.parametrize("assign", [True, False])
def test_in_swap_mode_a_parameter_decides_in_module_load_what_it_takes_from_the_checkpoint(assign, swapping):
    """In swap mode, a parameter holds after a load what the `module_load(other, assign)` of its class makes of the
    checkpoint's tensor.
    """

    class Doubling(nn.Parameter):
        def module_load(self, other, assign=False):
            return nn.Parameter(other * (4 if assign else 2))

    model = nn.Module()
    model.x = Doubling(torch.zeros(3))
    model.load_state_dict({"x": torch.ones(3)}, assign=assign)
    assert model.x.tolist() == [4 if assign else 2] * 3
