"""A conversion or a load between the forward and its ``backward()``, and beside a weak reference."""

import weakref

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .conversion_modes import swap_mode
from .wrapping import Wrapping


@claim("MOVE-109", source="torch.__future__.set_swap_module_params_on_conversion", since="2.4")
@pytest.mark.parametrize("change", [nn.Module.double, nn.Module.float], ids=["double()", "float()"])
def test_in_swap_mode_backward_raises_after_a_conversion_since_the_forward(change):
    """In swap mode, if an `nn.Linear` whose input needs no gradient is converted between the forward and `backward()`,
    `backward()` raises `RuntimeError` and makes no gradient. A conversion after `backward()` converts the gradients as
    well.
    """
    late, early = nn.Linear(2, 2), nn.Linear(2, 2)
    with swap_mode():
        late(torch.ones(1, 2)).sum().backward()
        change(late)
        loss = early(torch.ones(1, 2)).sum()
        change(early)
        with pytest.raises(RuntimeError, match="poisoned by swap_tensors"):
            loss.backward()
    assert early.weight.dtype is late.weight.dtype is late.weight.grad.dtype
    assert early.weight.grad is early.bias.grad is None


@claim("MOVE-110", source="torch.nn.Module.to")
def test_by_default_a_gradient_has_the_dtype_of_the_forward_after_a_conversion():
    """By default, if an `nn.Linear` without gradients is converted between the forward and `backward()` of a batch, its
    parameters get gradients of the dtype that they had in the forward.
    """
    model = nn.Linear(2, 2)
    weight, loss = model.weight, model(torch.ones(1, 2)).sum()
    model.double()
    loss.backward()
    assert model.weight is weight
    assert model.weight.dtype is torch.float64
    assert model.weight.grad.dtype is torch.float32
    assert model.weight.grad.tolist() == [[1, 1], [1, 1]]


@claim("MOVE-111", source="torch.__future__.set_swap_module_params_on_conversion", since="2.3")
def test_in_swap_mode_a_conversion_raises_where_the_graph_holds_the_parameter():
    """In swap mode, a conversion between the forward and `backward()` raises `RuntimeError` for a parameter that the
    graph has saved, as for an input that requires grad. The parameter stays unchanged, and `backward()` then runs.
    """
    model, y = nn.Linear(2, 2, bias=False), torch.ones(1, 2, requires_grad=True)
    loss = model(y).sum()
    with swap_mode(), pytest.raises(RuntimeError, match=r"Couldn't swap Linear\.weight"):
        model.double()
    assert model.weight.dtype is torch.float32
    loss.backward()
    assert y.grad.tolist() == [model.weight.sum(0).tolist()]


@claim("MOVE-112", source="torch.__future__.set_swap_module_params_on_conversion", since="2.4")
@pytest.mark.parametrize("assign", [False, True])
def test_in_swap_mode_backward_raises_after_a_load_since_the_forward(assign):
    """In swap mode, `backward()` raises `RuntimeError` after a `load_state_dict()` between the forward and
    `backward()`, with `assign=True` or without. By default `backward()` runs where the graph needs no old value of a
    parameter.
    """
    checkpoint = nn.Linear(2, 2).state_dict()
    outside, within = nn.Linear(2, 2), nn.Linear(2, 2)
    loss = outside(torch.ones(1, 2)).sum()
    outside.load_state_dict(checkpoint)
    loss.backward()
    assert outside.weight.grad.tolist() == [[1, 1], [1, 1]]
    with swap_mode():
        loss = within(torch.ones(1, 2)).sum()
        within.load_state_dict(checkpoint, assign=assign)
        with pytest.raises(RuntimeError, match="poisoned by swap_tensors"):
            loss.backward()
    assert within.weight.grad is None


MOVES = {
    "double()": lambda model: model.double(),
    "to(meta)": lambda model: model.to("meta"),
    "to(cpu)": lambda model: model.to("cpu"),
    "to_empty()": lambda model: model.to_empty(device="cpu"),
}


@claim("MOVE-113", source="torch.nn.Module.to", since="2.3")
@pytest.mark.heavy
@pytest.mark.parametrize("way", MOVES)
def test_a_parameter_that_wraps_a_tensor_is_not_converted_where_it_has_a_weak_reference(way):
    """Even outside swap mode, `.double()`, `.to(device)` and `to_empty()` raise `RuntimeError` for a parameter that
    wraps another tensor and has a weak reference, and leave it unchanged. For a buffer or a plain parameter they don't.
    """
    wrapping, held, plain = nn.Module(), nn.Module(), nn.Linear(2, 2)
    wrapping.x = nn.Parameter(Wrapping(torch.ones(3)))
    held.register_buffer("x", Wrapping(torch.ones(3)))
    references = [weakref.ref(tensor) for tensor in (wrapping.x, held.x, plain.weight)]
    with pytest.raises(RuntimeError, match=r"Couldn't swap Module\.x"):
        MOVES[way](wrapping)
    assert (wrapping.x.dtype, wrapping.x.device.type) == (torch.float32, "cpu")
    assert references[0]() is wrapping.x
    for model in (held, plain):
        MOVES[way](model)
    references.clear()
    MOVES[way](wrapping)
