"""Modules of a class that defines ``__eq__``, such as a dataclass: torch keeps those that it has seen in sets."""

import dataclasses

import pytest
import torch
from torch import nn

from ..vocabulary import claim


class Compared(nn.Module):
    """Compared by its size, and thus without a hash."""

    def __init__(self, size=3):
        super().__init__()
        self.size = size
        self.p = nn.Parameter(torch.zeros(size))
        self.register_buffer("b", torch.zeros(size))

    def __eq__(self, other):
        return isinstance(other, Compared) and self.size == other.size


class Hashed(Compared):
    """Compared by its size and hashed by it."""

    def __hash__(self):
        return hash(self.size)


LISTINGS = {
    "parameters": lambda model: list(model.parameters()),
    "buffers": lambda model: list(model.buffers()),
    "modules": lambda model: list(model.modules()),
    "zero_grad": lambda model: model.zero_grad(),
    "requires_grad_": lambda model: model.requires_grad_(False),
}


@claim("ENUM-51", source="torch.nn.Module.named_modules")
@pytest.mark.parametrize("listing", LISTINGS)
def test_a_module_of_a_class_with_eq_and_no_hash_cannot_be_listed(listing):
    """Going through `parameters()`, `buffers()` or `modules()`, and calling `zero_grad()` or `requires_grad_()`, raises
    `TypeError` for a module whose class defines `__eq__` without `__hash__`, and for every module that contains it.
    """
    with pytest.raises(TypeError, match="unhashable type: 'Compared'"):
        LISTINGS[listing](Compared())
    with pytest.raises(TypeError, match="unhashable type: 'Compared'"):
        LISTINGS[listing](nn.Sequential(nn.Linear(1, 1), Compared()))
    LISTINGS[listing](nn.Sequential(nn.Linear(1, 1), Hashed()))


@claim("ENUM-52", source="torch.nn.Module.state_dict")
def test_a_module_of_a_class_with_eq_and_no_hash_can_be_saved_and_loaded_in_a_parent_too():
    """`state_dict()` and `load_state_dict()` work on a module whose class defines `__eq__` without `__hash__`, and on
    one that contains it."""
    model, parent = Compared(), nn.Sequential(Compared())
    assert list(model.state_dict()) == ["p", "b"]
    assert list(parent.state_dict()) == ["0.p", "0.b"]
    parent.load_state_dict({"0.p": torch.ones(3), "0.b": torch.ones(3)})
    assert parent[0].p.tolist() == [1, 1, 1]


@claim("ENUM-53", source="torch.nn.Module.children")
def test_a_module_of_a_class_with_eq_and_no_hash_can_be_converted_alone_and_not_in_a_parent():
    """`eval()` and a conversion such as `.double()` work on a module whose class defines `__eq__` without `__hash__`,
    and raise `TypeError` on a module that contains it.
    """
    model = Compared()
    model.eval().double()
    assert not model.training
    assert model.p.dtype is model.b.dtype is torch.float64
    parent = nn.Sequential(Compared())
    with pytest.raises(TypeError, match="unhashable type: 'Compared'"):
        parent.eval()
    with pytest.raises(TypeError, match="unhashable type: 'Compared'"):
        parent.double()
    assert parent[0].training
    assert parent[0].p.dtype is torch.float32


@claim("ENUM-54", source="torch.nn.Module.parameters")
def test_a_dataclass_lists_its_parameters_if_it_is_made_without_eq():
    """Going through `parameters()` of a module whose class is a plain `@dataclasses.dataclass` raises `TypeError`, as
    the decorator defines `__eq__` without `__hash__`; with `eq=False` it lists the parameters.
    """

    def prepare(self):
        nn.Module.__init__(self)
        self.p = nn.Parameter(torch.zeros(self.size))

    plain = dataclasses.make_dataclass(
        "Plain", [("size", int)], bases=(nn.Module,), namespace={"__post_init__": prepare}
    )
    without = dataclasses.make_dataclass(
        "Without", [("size", int)], bases=(nn.Module,), namespace={"__post_init__": prepare}, eq=False
    )
    with pytest.raises(TypeError, match="unhashable type: 'Plain'"):
        list(plain(3).parameters())
    model = without(3)
    assert [id(parameter) for parameter in model.parameters()] == [id(model.p)]


@claim("ENUM-55", source="torch.nn.Module.named_modules")
def test_of_two_equal_modules_with_a_hash_by_value_only_the_first_is_listed():
    """Of two submodules that are equal and hash alike, as equal instances of a `@dataclass(unsafe_hash=True)` do,
    `parameters()`, `buffers()` and `children()` list only the first; `state_dict()` has both.
    """
    model = nn.Sequential(Hashed(3), Hashed(3), Hashed(4))
    assert [name for name, _ in model.named_parameters()] == ["0.p", "2.p"]
    assert [name for name, _ in model.named_buffers()] == ["0.b", "2.b"]
    assert [name for name, _ in model.named_children()] == ["0", "2"]
    assert list(model.state_dict()) == ["0.p", "0.b", "1.p", "1.b", "2.p", "2.b"]


@claim("ENUM-56", source="torch.nn.Module.children")
def test_of_two_equal_modules_with_a_hash_by_value_only_the_first_is_converted_frozen_and_evaluated():
    """Of two submodules that are equal and hash alike, `double()`, `eval()` and `requires_grad_(False)` on the module
    that contains them reach only the first.
    """
    model = nn.Sequential(Hashed(3), Hashed(3), Hashed(4))
    model.double().eval().requires_grad_(False)
    assert [child.p.dtype for child in model] == [torch.float64, torch.float32, torch.float64]
    assert [child.training for child in model] == [False, True, False]
    assert [child.p.requires_grad for child in model] == [False, True, False]


@claim("OPT-69", source="torch.nn.Module.parameters")
def test_of_two_equal_modules_with_a_hash_by_value_an_optimizer_trains_only_the_first():
    """Of two submodules that are equal and hash alike, an optimizer built from `model.parameters()` trains only the
    first, though both have gradients."""
    model = nn.Sequential(Hashed(3), Hashed(3))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    (model[0].p + model[1].p).sum().backward()
    optimizer.step()
    assert model[0].p.tolist() == [-1, -1, -1]
    assert model[1].p.tolist() == [0, 0, 0]
    assert model[1].p.grad.tolist() == [1, 1, 1]
