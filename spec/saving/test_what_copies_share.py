"""What a copy goes on sharing with its original, and what it no longer shares within itself."""

import copy
import functools
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import claim, from_file


@claim("SER-63", source="torch.nn.Module")
@pytest.mark.parametrize("name", ["forward", "compute"])
def test_a_deepcopy_computes_with_the_original_through_a_function_that_closes_over_it(name):
    """A function or lambda kept as `module.forward`, or as another attribute, that refers to the module by a variable
    still computes with the original in a `copy.deepcopy`, and `backward()` fills the original's gradients."""
    model = nn.Linear(2, 1, bias=False)
    nn.init.ones_(model.weight)
    setattr(model, name, lambda x: nn.functional.linear(x, model.weight))
    duplicate = copy.deepcopy(model)
    nn.init.constant_(duplicate.weight, 7.0)
    result = getattr(duplicate, name)(torch.ones(1, 2))
    result.backward()
    assert result.item() == 2
    assert duplicate.weight.grad is None
    assert model.weight.grad.tolist() == [[1, 1]]


@claim("SER-64", source="torch.nn.Module")
@pytest.mark.parametrize("keep", [lambda method: method, functools.partial], ids=["method", "partial"])
def test_a_deepcopy_computes_with_itself_through_a_bound_method_or_a_partial_of_one(keep):
    """A bound method of a module, or a `functools.partial` of one, that is kept as its attribute belongs to the copy in
    a `copy.deepcopy`, and computes with the copy's parameters."""
    model = nn.Linear(2, 1, bias=False)
    nn.init.ones_(model.weight)
    model.compute = keep(model.forward)
    duplicate = copy.deepcopy(model)
    nn.init.constant_(duplicate.weight, 7.0)
    result = duplicate.compute(torch.ones(1, 2))
    result.backward()
    assert result.item() == 14
    assert duplicate.weight.grad.tolist() == [[1, 1]]
    assert model.weight.grad is None


def views_of_one_storage():
    """Parameters ``p`` and ``q``, and buffers ``b`` and ``c``: the second is a view of the first, both of zeros."""
    model = nn.Module()
    model.p = nn.Parameter(torch.zeros(4))
    model.q = nn.Parameter(model.p.detach()[:2])
    model.register_buffer("b", torch.zeros(4))
    model.register_buffer("c", model.b[:2])
    return model


@claim("TIE-26", source="torch.nn.Parameter")
def test_a_deepcopy_parts_parameters_that_view_one_storage_and_no_buffers():
    """Two parameters that view one storage share no memory in a `copy.deepcopy` of their module, while two buffers that
    view one storage still do.
    """
    model = views_of_one_storage()
    duplicate = copy.deepcopy(model)
    for tensor in (model.q, duplicate.q, duplicate.c):
        tensor.detach().fill_(7)
    assert model.p.tolist() == [7, 7, 0, 0]
    assert duplicate.p.tolist() == [0, 0, 0, 0]
    assert duplicate.b.tolist() == [7, 7, 0, 0]
    assert model.b.tolist() == [0, 0, 0, 0]


@claim("TIE-27", source="torch.nn.Module")
def test_pickle_parts_parameters_and_buffers_that_view_one_storage():
    """After `pickle.dumps` and `pickle.loads` of a module, two parameters that view one storage no longer share memory,
    and neither do two such buffers. One parameter or buffer under two names is still one.
    """
    model = views_of_one_storage()
    model.r = model.p
    model.register_buffer("d", model.b)
    loaded = pickle.loads(pickle.dumps(model))
    loaded.q.detach().fill_(7)
    loaded.c.fill_(7)
    assert loaded.p.tolist() == [0, 0, 0, 0]
    assert loaded.b.tolist() == [0, 0, 0, 0]
    assert loaded.r is loaded.p
    assert loaded.d is loaded.b


@claim("TIE-28", source="torch.save")
@pytest.mark.parametrize("route", [from_file, copy.deepcopy])
def test_a_file_or_deepcopy_of_a_state_dict_keeps_what_views_one_storage_together(route):
    """Parameters that view one storage, and buffers that do, still share memory in a state dict that was saved and
    loaded by `torch.save` and `torch.load`, or copied by `copy.deepcopy`.
    """
    loaded = route(views_of_one_storage().state_dict())
    loaded["q"].fill_(7)
    loaded["c"].fill_(7)
    assert loaded["p"].tolist() == [7, 7, 0, 0]
    assert loaded["b"].tolist() == [7, 7, 0, 0]


@claim("OPT-67", source="torch.optim.Optimizer")
def test_a_deepcopy_of_an_optimizer_steps_parameters_that_no_module_has():
    """A `copy.deepcopy` of an optimizer holds and steps copies of the parameters, which have no gradients and belong
    neither to the module nor to a `copy.deepcopy` of the module.
    """
    model = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    model_apart, optimizer_apart = copy.deepcopy(model), copy.deepcopy(optimizer)
    for module in (model, model_apart):
        module(torch.ones(1, 2)).backward()
    (copied,) = copy.deepcopy(optimizer).param_groups[0]["params"]
    assert copied.grad is None
    (copied,) = optimizer_apart.param_groups[0]["params"]
    copied.grad = torch.ones(1, 2)
    optimizer_apart.step()
    assert copied.tolist() == [[-1, -1]]
    assert model.weight.tolist() == [[0, 0]]
    assert model_apart.weight.tolist() == [[0, 0]]
    optimizer.step()
    assert model.weight.tolist() == [[-1, -1]]


@claim("OPT-68", source="torch.optim.Optimizer")
def test_a_deepcopy_of_a_module_with_its_optimizer_is_stepped():
    """`copy.deepcopy((model, optimizer))`, which copies a module together with its optimizer, gives an optimizer that
    steps the copied module."""
    model = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    duplicate, its_optimizer = copy.deepcopy((model, optimizer))
    duplicate(torch.ones(1, 2)).backward()
    its_optimizer.step()
    assert duplicate.weight.tolist() == [[-1, -1]]
    assert model.weight.tolist() == [[0, 0]]
