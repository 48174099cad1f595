"""What ``del`` takes away from a module."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, BUFFERS, KINDS, PARAMETER, ToyModel3, claim
from .registries import MODULE, kept_as


@claim("SET-13", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [*KINDS, MODULE])
def test_deleting_an_attribute_removes_it_whatever_its_kind_and_frees_its_name(kind):
    """`del module.x` removes a parameter, buffer, submodule or plain attribute and frees its name: `register_buffer`
    can then take it, unless the class has an attribute of that name.
    """
    model = kind.on(ToyModel3(5, 10), "x", torch.ones(3))
    del model.x
    assert not hasattr(model, "x")
    assert list(model.state_dict()) == ["b1", "c1", "linear.weight", "linear.bias"]
    model.register_buffer("x", torch.ones(3))
    assert [name for name, _ in model.named_buffers()] == ["c1", "x"]


@claim("SET-31", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, MODULE])
def test_deleting_a_name_that_was_set_to_None_removes_it_too(kind):
    """`del module.x` also removes the name of a parameter, buffer or submodule that was set to None."""
    model = kind.on(nn.Module(), "x", torch.ones(3))
    model.x = None
    del model.x
    assert kept_as(model) == "nothing"
    assert not hasattr(model, "x")


@claim("SET-14", source="torch.nn.Module")
@pytest.mark.parametrize("kind", BUFFERS)
def test_deleting_a_buffer_forgets_its_persistence(kind):
    """After `del module.x` of a non-persistent buffer, registering `x` again makes a persistent buffer: nothing is
    remembered.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    del model.x
    assert kept_as(model) == "nothing"
    model.register_buffer("x", torch.ones(3))
    assert list(model.state_dict()) == ["x"]


@claim("SET-32", source="torch.nn.Module")
def test_deleting_a_missing_attribute_raises_AttributeError():
    """`del module.x` raises `AttributeError` where the module has no `x`, and removes nothing."""
    model = ToyModel3(5, 10)
    with pytest.raises(AttributeError, match="x"):
        del model.x
    assert [name for name, _ in model.named_parameters()] == ["b1", "linear.weight", "linear.bias"]
    assert [name for name, _ in model.named_buffers()] == ["c1"]
    assert model.a1 == 1


@claim("SET-33", source="torch.nn.Module")
def test_state_of_a_submodule_is_deleted_on_the_submodule():
    """`del model.linear.bias` removes a parameter of the submodule `linear`, while `delattr(model, "linear.bias")`
    raises `AttributeError` and removes nothing.
    """
    model = ToyModel3(5, 10)
    with pytest.raises(AttributeError, match=r"linear\.bias"):
        delattr(model, "linear.bias")
    del model.linear.bias
    assert [name for name, _ in model.named_parameters()] == ["b1", "linear.weight"]
