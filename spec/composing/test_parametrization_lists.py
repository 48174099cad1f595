"""Several parametrizations of one parameter, several originals of one, and how they are removed and passed on."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from ..vocabulary import claim


class Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor

    def right_inverse(self, x):
        return x / self.factor


class Plus(nn.Module):
    def forward(self, x):
        return x + 1

    def right_inverse(self, x):
        return x - 1


class Sum(nn.Module):
    """A parametrization by two tensors, of which the value is the sum."""

    def forward(self, first, second):
        return first + second

    def right_inverse(self, x):
        return x / 4, x * 3 / 4


def linear(*parametrizations):
    """A linear layer of the weight 8, with these parametrizations of it."""
    model = nn.Linear(1, 1)
    nn.init.constant_(model.weight, 8)
    for parametrization in parametrizations:
        parametrize.register_parametrization(model, "weight", parametrization)
    return model


@claim("UTIL-54", source="torch.nn.utils.parametrize.register_parametrization")
def test_parametrizations_of_one_parameter_are_applied_one_after_another():
    """Several parametrizations of one parameter are applied in the order in which they were registered; assigning
    undoes them in reverse order, by `right_inverse`, and keeps the one original parameter.
    """
    model = linear(Times(2), Plus(), Times(3))
    original = model.parametrizations.weight.original
    assert original.item() == 4
    assert model.weight.item() == ((4 * 2) + 1) * 3
    model.weight = torch.full((1, 1), 33.0)
    assert model.parametrizations.weight.original is original
    assert original.item() == (33 / 3 - 1) / 2
    assert list(model.state_dict()) == ["bias", "parametrizations.weight.original"]


@claim("UTIL-55", source="torch.nn.utils.parametrize.is_parametrized")
def test_is_parametrized_asks_for_the_module_or_for_one_name():
    """`is_parametrized(module)` is True if a tensor of the module itself, not of a submodule, is parametrized,
    `is_parametrized(module, "weight")` if `weight` is; an attribute `parametrizations` of another type doesn't count.
    """
    model, other = linear(Plus()), nn.Linear(1, 1)
    other.parametrizations = {"weight": 1}
    assert parametrize.is_parametrized(model) is True
    assert parametrize.is_parametrized(model, "weight") is True
    assert parametrize.is_parametrized(model, "bias") is False
    assert parametrize.is_parametrized(other) is parametrize.is_parametrized(other, "weight") is False
    model.parametrizations = nn.ModuleDict()
    assert parametrize.is_parametrized(model) is False


@claim("UTIL-56", source="torch.nn.utils.parametrize.register_parametrization")
@pytest.mark.parametrize("trainable", [True, False])
def test_a_parametrization_by_several_tensors_makes_a_parameter_of_each(trainable):
    """Where `right_inverse` of a parametrization returns several tensors, they become the parameters `original0`,
    `original1` and so on, trainable or frozen as the parameter was; assigning to the parametrized name changes them in
    place.
    """
    model = linear()
    model.weight.requires_grad_(trainable)
    parametrize.register_parametrization(model, "weight", Sum())
    held = model.parametrizations.weight
    first, second = held.original0, held.original1
    assert [name for name, _ in model.named_parameters()][1:] == [
        f"parametrizations.weight.original{i}" for i in (0, 1)
    ]
    assert first.requires_grad is second.requires_grad is trainable
    assert (first.item(), second.item(), model.weight.item()) == (2, 6, 8)
    model.weight = torch.full((1, 1), 4.0)
    assert held.original0 is first
    assert (first.item(), second.item()) == (1, 3)


@claim("UTIL-57", source="torch.nn.utils.parametrize.remove_parametrizations")
def test_removing_a_parametrization_by_several_tensors_leaves_a_new_parameter_or_a_buffer():
    """`remove_parametrizations` of a parametrization by several tensors leaves a new parameter with the computed value,
    or, where they are frozen, a buffer; with `leave_parametrized=False` it raises `ValueError`.
    """
    model, frozen = linear(Sum()), linear()
    frozen.weight.requires_grad_(False)
    parametrize.register_parametrization(frozen, "weight", Sum())
    with pytest.raises(ValueError, match="parametrized in terms of a sequence of tensors"):
        parametrize.remove_parametrizations(model, "weight", leave_parametrized=False)
    assert parametrize.is_parametrized(model)
    for module in (model, frozen):
        parametrize.remove_parametrizations(module, "weight")
        assert module.weight.item() == 8
    assert isinstance(model.weight, nn.Parameter)
    assert dict(frozen.named_buffers())["weight"] is frozen.weight
    assert [name for name, _ in frozen.named_parameters()] == ["bias"]


@claim("UTIL-58", source="torch.nn.utils.parametrize.register_parametrization")
@pytest.mark.parametrize(
    ("inverse", "words"),
    [
        (lambda x: 3, "must return a Tensor or a Sequence of tensors"),
        (lambda x: [x, 3], "element 1 of the sequence with type int"),
        (lambda x: x.double(), "it may not change the dtype"),
    ],
)
def test_registering_a_parametrization_whose_right_inverse_returns_something_unfit_raises(inverse, words):
    """Registering a parametrization whose `right_inverse` returns something else than tensors, or one tensor of another
    dtype, raises `ValueError` and leaves the module unchanged.
    """
    model, parametrization = linear(), nn.Identity()
    weight, parametrization.right_inverse = model.weight, inverse
    with pytest.raises(ValueError, match=words):
        parametrize.register_parametrization(model, "weight", parametrization)
    assert type(model) is nn.Linear
    assert model.weight is weight
    assert weight.item() == 8


@claim("UTIL-59", source="torch.nn.utils.parametrize.register_parametrization")
@pytest.mark.parametrize(
    ("before", "inverse", "words"),
    [
        (Plus, lambda x: 3, "`right_inverse` should return a tensor"),
        (Plus, lambda x: x.double(), "returned by `right_inverse` has dtype"),
        (Sum, lambda x: 3, "must return a sequence of tensors"),
        (Sum, lambda x: (x,), "a sequence of tensors of length 2"),
        (Sum, lambda x: (x, x.double()), "Tensor 1 returned by `right_inverse` has dtype"),
    ],
)
def test_assigning_through_a_right_inverse_that_returns_something_unfit_raises(before, inverse, words):
    """Assigning to a parametrized parameter raises `ValueError` if `right_inverse` then returns something else than at
    registration: no tensor, another number of tensors, or another dtype.
    """
    model = linear(before())
    model.parametrizations.weight[0].right_inverse = inverse
    with pytest.raises(ValueError, match=words):
        model.weight = torch.ones(1, 1)


@claim("UTIL-60", source="torch.nn.utils.parametrize.register_parametrization")
def test_a_further_parametrization_that_changes_the_shape_raises_unless_it_is_registered_as_unsafe():
    """Registering a second parametrization that changes the shape raises `ValueError` and keeps the first; with
    `unsafe=True` it is registered, and `model.parametrizations.weight.unsafe` is True from then on.
    """
    model, flat = linear(Plus()), nn.Flatten(0)
    with pytest.raises(ValueError, match="may not change the shape of the tensor"):
        parametrize.register_parametrization(model, "weight", flat)
    assert (len(model.parametrizations.weight), model.parametrizations.weight.unsafe) == (1, False)
    parametrize.register_parametrization(model, "weight", flat, unsafe=True)
    assert model.weight.shape == (1,)
    assert model.parametrizations.weight.unsafe is True


@claim("UTIL-61", source="torch.nn.utils.parametrize.remove_parametrizations")
def test_a_module_has_its_class_again_when_its_last_parametrization_is_removed():
    """A parametrized `nn.Linear` has the class `ParametrizedLinear`, a subclass made for it, until
    `remove_parametrizations` was called for every parametrized name; for any other name `remove_parametrizations`
    raises `ValueError`.
    """
    model = linear(Plus())
    parametrize.register_parametrization(model, "bias", Plus())
    assert type(model).__name__ == "ParametrizedLinear"
    assert parametrize.type_before_parametrizations(model) is nn.Linear
    parametrize.remove_parametrizations(model, "weight")
    with pytest.raises(ValueError, match="does not have a parametrization on weight"):
        parametrize.remove_parametrizations(model, "weight")
    assert type(model).__name__ == "ParametrizedLinear"
    assert list(model.parametrizations) == ["bias"]
    parametrize.remove_parametrizations(model, "bias")
    assert type(model) is parametrize.type_before_parametrizations(model) is nn.Linear
    assert not hasattr(model, "parametrizations")


@claim("UTIL-62", source="torch.nn.utils.parametrize.transfer_parametrizations_and_params")
def test_parametrizations_are_passed_on_to_another_module_together_with_their_parameters():
    """`transfer_parametrizations_and_params(model, other)` makes `other` share the originals and parametrizations of
    `model`, and creates parameters that `other` lacks; a name as third argument limits it to that one.
    """
    model, other, empty = linear(Plus()), linear(), nn.Module()
    parametrize.register_parametrization(model, "bias", Sum())
    assert parametrize.transfer_parametrizations_and_params(model, other, "weight") is other
    assert other.parametrizations.weight.original is model.parametrizations.weight.original
    assert other.parametrizations.weight[0] is model.parametrizations.weight[0]
    assert not parametrize.is_parametrized(other, "bias")
    parametrize.transfer_parametrizations_and_params(model, empty)
    assert list(empty.state_dict()) == [key for key in model.state_dict() if key.startswith("parametrizations")]
    assert empty.parametrizations.bias.original1 is model.parametrizations.bias.original1
    assert empty.parametrizations.bias.original0 is model.parametrizations.bias.original0
    assert parametrize.transfer_parametrizations_and_params(nn.Linear(1, 1), nn.Module()).state_dict() == {}


@claim("UTIL-63", source="torch.nn.utils.parametrize.cached")
def test_a_cached_value_lives_until_the_outermost_block_ends():
    """Within nested `parametrize.cached()` blocks, a parametrized value is kept until the outermost one ends, even if
    it raises an error such as `KeyError`; then it is computed anew.
    """
    model = linear(Plus())
    with parametrize.cached():
        with parametrize.cached():
            first = model.weight
        assert model.weight is first
    assert model.weight is not model.weight
    with pytest.raises(KeyError), parametrize.cached():
        raise KeyError
    assert model.weight is not model.weight
