"""What ``del`` takes away from a module."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, BUFFERS, KINDS, PARAMETER, ToyModel3, claim
from .places import MODULE, place


@claim("SET-13", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [*KINDS, MODULE])
def test_deleting_an_attribute_removes_it_whatever_its_kind_and_frees_its_name(kind):
    model = kind.on(ToyModel3(5, 10), "x", torch.ones(3))
    del model.x
    assert not hasattr(model, "x")
    assert list(model.state_dict()) == ["b1", "c1", "linear.weight", "linear.bias"]
    model.register_buffer("x", torch.ones(3))
    assert [name for name, _ in model.named_buffers()] == ["c1", "x"]


@claim("SET-31", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, MODULE])
def test_deleting_what_is_registered_as_None_removes_it_too(kind):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    model.x = None
    del model.x
    assert place(model) == "nothing"
    assert not hasattr(model, "x")


@claim("SET-14", source="torch.nn.Module")
@pytest.mark.parametrize("kind", BUFFERS)
def test_deleting_a_buffer_forgets_its_persistence(kind):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    del model.x
    assert place(model) == "nothing"
    model.register_buffer("x", torch.ones(3))
    assert list(model.state_dict()) == ["x"]


@claim("SET-32", source="torch.nn.Module")
def test_deleting_what_a_module_does_not_have_raises_AttributeError_and_removes_nothing():
    model = ToyModel3(5, 10)
    with pytest.raises(AttributeError, match="x"):
        del model.x
    assert [name for name, _ in model.named_parameters()] == ["b1", "linear.weight", "linear.bias"]
    assert [name for name, _ in model.named_buffers()] == ["c1"]
    assert model.a1 == 1


@claim("SET-33", source="torch.nn.Module")
def test_state_of_a_submodule_is_deleted_on_the_submodule():
    model = ToyModel3(5, 10)
    with pytest.raises(AttributeError, match=r"linear\.bias"):
        delattr(model, "linear.bias")
    del model.linear.bias
    assert [name for name, _ in model.named_parameters()] == ["b1", "linear.weight"]
