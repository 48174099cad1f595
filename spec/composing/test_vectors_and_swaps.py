"""Parameters as one vector, tensors that change places, and gradients that are clipped."""

import weakref

import pytest
import torch
from torch import nn

from ..vocabulary import ToyModel, ToyModel2, ToyModel3, any_channels, claim


@claim("UTIL-01", source="torch.nn.utils.parameters_to_vector")
@pytest.mark.parametrize("Model", [ToyModel, ToyModel2, ToyModel3])
@any_channels
def test_the_vector_of_the_parameters_has_no_buffer_in_it_and_is_written_back_into_the_same_objects(
    Model, real_device, channels
):
    """`nn.utils.parameters_to_vector(model.parameters())` contains no buffer, and `nn.utils.vector_to_parameters`
    writes values back into the same `nn.Parameter` objects and leaves buffers unchanged.
    """
    model = Model(*channels).to(real_device)
    parameters, buffers = list(model.parameters()), list(model.buffers())
    vector = nn.utils.parameters_to_vector(model.parameters())
    assert vector.tolist() == [number for parameter in parameters for number in parameter.flatten().tolist()]
    nn.utils.vector_to_parameters(torch.full_like(vector, 7.0), model.parameters())
    assert all(new is old for new, old in zip(model.parameters(), parameters, strict=True))
    assert {number for parameter in parameters for number in parameter.flatten().tolist()} == {7}
    assert [buffer.tolist() for buffer in buffers] == [[1] * channels[1]] * len(buffers)


@claim("UTIL-37", source="torch.nn.utils.vector_to_parameters")
def test_parameters_that_are_written_from_a_vector_share_its_storage(real_device):
    """After `nn.utils.vector_to_parameters(vector, model.parameters())`, changing the vector in place changes the
    parameters too; a list in place of the vector raises `TypeError`.
    """
    model = nn.Linear(2, 3).to(real_device)
    vector = torch.zeros(9, device=real_device)
    nn.utils.vector_to_parameters(vector, model.parameters())
    vector.fill_(5)
    assert model.bias.tolist() == [5, 5, 5]
    with pytest.raises(TypeError, match=r"expected torch.Tensor, but got: list"):
        nn.utils.vector_to_parameters([0.0] * 9, model.parameters())


@claim("UTIL-06", source="torch.utils.swap_tensors", since="2.3")
def test_swap_tensors_exchanges_what_two_parameters_hold_and_each_object_stays_where_it_is(real_device):
    """`torch.utils.swap_tensors(weight, other)` exchanges the values, shape, dtype and `requires_grad` of two
    parameters, and the module still holds the same object.
    """
    model = nn.Linear(2, 3).to(real_device)
    weight, other = model.weight, nn.Parameter(torch.ones(5, device=real_device, dtype=torch.float64), False)
    data = weight.tolist()
    torch.utils.swap_tensors(weight, other)
    assert model.weight is weight
    assert (weight.tolist(), weight.dtype, weight.requires_grad) == ([1] * 5, torch.float64, False)
    assert (other.tolist(), other.dtype, other.requires_grad) == (data, torch.float32, True)


@claim("UTIL-38", source="torch.utils.swap_tensors", since="2.3")
def test_swap_tensors_exchanges_types_and_attributes_too():
    """`torch.utils.swap_tensors(parameter, tensor)` exchanges class and attributes too: the parameter becomes a
    `torch.Tensor`, and the tensor an `nn.Parameter`.
    """
    parameter, tensor = nn.Parameter(torch.ones(2)), torch.zeros(3)
    parameter.note = "kept with the parameter"
    torch.utils.swap_tensors(parameter, tensor)
    assert type(parameter) is torch.Tensor
    assert type(tensor) is nn.Parameter
    assert tensor.note == "kept with the parameter"
    assert not hasattr(parameter, "note")


@claim("UTIL-39", source="torch.utils.swap_tensors", since="2.4")
@pytest.mark.parametrize("holder", ["weak reference", "graph", "view"])
def test_swap_tensors_raises_for_a_tensor_that_something_else_holds(holder):
    """`torch.utils.swap_tensors` raises `RuntimeError` for a tensor to which there is a weak reference, that an
    autograd graph has saved, or that has a view, and leaves both tensors unchanged.
    """
    held, other = nn.Parameter(torch.ones(2)), nn.Parameter(torch.zeros(2))
    kept = {"weak reference": weakref.ref, "graph": lambda p: (p * p).sum(), "view": lambda p: p.view(2)}[holder](held)
    words = (
        "Cannot swap t1 because it has weakref" if holder == "weak reference" else "Expected use_count of t1 to be 1"
    )
    with pytest.raises(RuntimeError, match=words):
        torch.utils.swap_tensors(held, other)
    assert kept is not None
    assert (held.tolist(), other.tolist()) == ([1, 1], [0, 0])


@claim("UTIL-40", source="torch.nn.utils.clip_grad_norm_")
def test_clipping_changes_gradients_in_place_and_no_parameter(real_device):
    """`nn.utils.clip_grad_value_` and `nn.utils.clip_grad_norm_` change the gradients in place and leave the parameters
    unchanged.

    `clip_grad_norm_` returns the norm as it was before clipping.
    """
    model = nn.Linear(2, 3, bias=False).to(real_device)
    model.weight.grad = gradient = torch.full((3, 2), 10.0, device=real_device)
    value = model.weight.tolist()
    nn.utils.clip_grad_value_(model.parameters(), 2.0)
    assert model.weight.grad is gradient
    assert gradient.tolist() == [[2, 2]] * 3
    assert nn.utils.clip_grad_norm_(model.parameters(), 1.0).item() == pytest.approx(24**0.5)
    assert gradient.flatten().tolist() == pytest.approx([6**-0.5] * 6, rel=1e-3)
    assert model.weight.grad is gradient
    assert model.weight.tolist() == value
