"""What a deep copy of a parametrized module takes along, and what swap mode does with its originals."""

import copy

import torch
from torch import nn
from torch.nn.utils import parametrize

from ..moving.conversion_modes import swap_mode
from ..vocabulary import claim


class Doubled(nn.Module):
    def forward(self, x):
        return x * 2

    def right_inverse(self, x):
        return x / 2


class Noting(nn.Linear):
    """A linear layer with a slot, and a method that it may keep."""

    __slots__ = ("notes",)

    def note(self):
        return self


@claim("UTIL-127", source="torch.nn.utils.parametrize.register_parametrization")
def test_a_deepcopy_of_a_parametrized_module_refers_to_itself_where_the_module_does():
    """In a `copy.deepcopy` of a parametrized module, a bound method of the module that it keeps as a plain attribute is
    bound to the copy, as in a copy of any other module.
    """
    model = Noting(1, 1)
    model.kept = model.note
    assert (plain := copy.deepcopy(model)).kept() is plain
    parametrize.register_parametrization(model, "weight", Doubled())
    duplicate = copy.deepcopy(model)
    assert duplicate.kept() is duplicate is not model


@claim("UTIL-128", source="torch.nn.utils.parametrize.register_parametrization")
def test_a_deepcopy_of_a_parametrized_module_copies_what_is_in_its_slots():
    """A `copy.deepcopy` of a parametrized module has deep copies of what stands in the slots of its class
    (`__slots__`), beside its attributes.
    """
    model = Noting(1, 1)
    model.notes, model.attribute = [1], [2]
    assert "notes" not in vars(model)
    parametrize.register_parametrization(model, "weight", Doubled())
    duplicate = copy.deepcopy(model)
    model.notes.append(3)
    assert (duplicate.notes, duplicate.attribute) == ([1], [2])


@claim("UTIL-129", source="torch.nn.utils.parametrize.register_parametrization", since="2.3")
def test_in_swap_mode_the_original_of_a_parametrized_parameter_is_the_parameter_too():
    """In swap mode too, `register_parametrization` makes the parameter itself the original, with the value from
    `right_inverse`, and assigning to the parametrized name gives it another value.
    """
    model = nn.Linear(1, 1, bias=False)
    weight = nn.init.ones_(model.weight)
    with swap_mode():
        parametrize.register_parametrization(model, "weight", Doubled())
        assert weight.tolist() == [[0.5]]
        model.weight = torch.full((1, 1), 8.0)
    assert model.parametrizations.weight.original is weight
    assert (weight.tolist(), weight.requires_grad) == ([[4]], True)
    assert model.weight.tolist() == [[8]]
