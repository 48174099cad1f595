"""What becomes of the dtype that a parameter wants its gradient in, ``grad_dtype``."""

import copy
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .conversion_modes import replace_mode, swap_mode


def layer(grad_dtype=torch.bfloat16):
    model = nn.Linear(2, 2, bias=False)
    model.weight.grad_dtype = grad_dtype
    return model


def run(model):
    model(torch.ones(1, 2, dtype=model.weight.dtype)).sum().backward()
    return model.weight.grad.dtype


@claim("MOVE-102", source="torch.Tensor.grad_dtype", since="2.10")
def test_a_gradient_has_the_grad_dtype_of_its_parameter():
    """`backward()` gives a parameter a gradient of the dtype in the parameter's `grad_dtype`, which is the parameter's
    own dtype until another is set. Where it is None, the gradient has the dtype that it was computed in.
    """
    assert nn.Linear(2, 2).weight.grad_dtype is torch.float32
    assert run(nn.Linear(2, 2, bias=False)) is torch.float32
    assert run(layer(torch.bfloat16)) is torch.bfloat16
    assert run(layer(torch.float64)) is torch.float64
    assert run(layer(None)) is torch.float32
    assert layer(None).weight.grad_dtype is None


@claim("MOVE-103", source="torch.Tensor.grad_dtype", since="2.10")
def test_a_conversion_leaves_a_grad_dtype_that_was_set():
    """When `model.double()` converts a parameter without gradient, a `grad_dtype` that was set on it stays, and its
    next gradient has that dtype. A `grad_dtype` that was not set follows the parameter's dtype.
    """
    kept, same, followed = layer(), layer(torch.float32), nn.Linear(2, 2, bias=False)
    for model in (kept, same, followed):
        model.double()
        assert model.weight.dtype is torch.float64
    assert kept.weight.grad_dtype is run(kept) is torch.bfloat16
    assert same.weight.grad_dtype is run(same) is torch.float32
    assert followed.weight.grad_dtype is run(followed) is torch.float64


@claim("MOVE-104", source="torch.Tensor.grad_dtype", since="2.10")
def test_a_conversion_converts_a_gradient_whatever_its_grad_dtype():
    """`model.double()` converts an existing gradient to `torch.float64` even where the `grad_dtype` of its parameter
    was set to `torch.bfloat16`. This `grad_dtype` stays: after `zero_grad()`, `backward()` makes a bfloat16 gradient.
    """
    model = layer()
    assert run(model) is torch.bfloat16
    model.double()
    assert model.weight.grad.dtype is torch.float64
    assert model.weight.grad_dtype is torch.bfloat16
    model.zero_grad()
    assert run(model) is torch.bfloat16


def swapped(model):
    with swap_mode():
        return model.double()


def replaced(model):
    with replace_mode():
        return model.double()


NEW = {
    "swap mode": swapped,
    "replace mode": replaced,
    "to(meta)": lambda model: model.to("meta"),
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
}


@claim("MOVE-105", source="torch.Tensor.grad_dtype", since="2.10")
@pytest.mark.parametrize("way", NEW)
def test_a_parameter_that_is_made_anew_has_no_grad_dtype_of_its_own(way):
    """A `grad_dtype` that was set on a parameter is lost, and is the parameter's dtype again, after a conversion in
    swap mode or replace mode, and by default after `.to("meta")`, `copy.deepcopy` or `pickle`.
    """
    model = NEW[way](layer())
    assert model.weight.grad_dtype is model.weight.dtype is not torch.bfloat16


@claim("MOVE-106", source="torch.Tensor.grad_dtype", since="2.10")
def test_a_load_keeps_a_grad_dtype_and_an_assigning_load_takes_the_checkpoint_s():
    """By default, `load_state_dict()`, `requires_grad_()` and `copy.copy` of a module keep a `grad_dtype` that was set
    on a parameter. The tensors of `state_dict()` lack it, except with `keep_vars=True`; `load_state_dict(assign=True)`
    takes over that of an `nn.Parameter` in the checkpoint.
    """
    model, checkpoint = layer(), nn.Linear(2, 2, bias=False).state_dict()
    model.load_state_dict(checkpoint)
    model.requires_grad_(False).requires_grad_(True)
    assert model.weight.grad_dtype is copy.copy(model).weight.grad_dtype is torch.bfloat16
    assert model.state_dict()["weight"].grad_dtype is torch.float32
    other = nn.Linear(2, 2, bias=False)
    other.load_state_dict(model.state_dict(keep_vars=True), assign=True)
    assert other.weight.grad_dtype is torch.bfloat16
    model.load_state_dict(checkpoint, assign=True)
    assert model.weight.grad_dtype is torch.float32


@claim("MOVE-107", source="torch.Tensor.grad_dtype", since="2.10")
def test_a_gradient_and_a_grad_dtype_that_do_not_match_raise():
    """Setting `grad_dtype` on a parameter that has a gradient of another dtype raises `RuntimeError`, and so does
    assigning a gradient of another dtype than `grad_dtype`; gradient and `grad_dtype` stay as they were.
    """
    model, wanting = nn.Linear(2, 2, bias=False), layer(torch.float64)
    run(model)
    with pytest.raises(RuntimeError, match="there is already a gradient"):
        model.weight.grad_dtype = torch.bfloat16
    with pytest.raises(RuntimeError, match="grad_dtype 'Double'"):
        wanting.weight.grad = torch.ones(2, 2)
    assert model.weight.grad_dtype is model.weight.grad.dtype is torch.float32
    assert wanting.weight.grad is None
    wanting.weight.grad = torch.ones(2, 2, dtype=torch.float64)
    assert wanting.weight.grad_dtype is wanting.weight.grad.dtype is torch.float64


@claim("MOVE-108", source="torch.Tensor.grad_dtype", since="2.10")
def test_SGD_takes_a_gradient_of_another_dtype_and_Adam_raises():
    """`torch.optim.SGD` steps a float32 parameter that has a bfloat16 gradient, as `grad_dtype` allows;
    `torch.optim.Adam` raises `RuntimeError` for such a parameter and leaves it unchanged.
    """
    model = layer()
    nn.init.zeros_(model.weight)
    run(model)
    torch.optim.SGD(model.parameters(), lr=1.0).step()
    assert model.weight.tolist() == [[-1, -1], [-1, -1]]
    with pytest.raises(RuntimeError, match="dtype"):
        torch.optim.Adam(model.parameters(), lr=1.0).step()
    assert model.weight.tolist() == [[-1, -1], [-1, -1]]
