"""What ``torch.autocast`` keeps of the parameters that it has cast."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim

X = torch.ones(1, 3)


def ones():
    """A Linear without bias whose weights are all one, so that it sums its input."""
    model = nn.Linear(3, 1, bias=False)
    nn.init.ones_(model.weight)
    return model


def in_place(model):
    nn.init.constant_(model.weight, 2.0)


def load(model):
    model.load_state_dict({"weight": torch.full((1, 3), 2.0)})


def step(model):
    model.weight.grad = torch.full((1, 3), -1.0)
    torch.optim.SGD(model.parameters(), lr=1.0).step()


def average(model):
    torch.nn.utils.vector_to_parameters(torch.full((3,), 2.0), model.parameters())


@claim("IDIOM-59", source="torch.autocast")
@pytest.mark.parametrize("change", [in_place, load, step, average])
def test_autocast_uses_a_trainable_parameter_as_it_was_first_used_in_the_region(change):
    """By default, where `torch.autocast` has cast a trainable float32 parameter, as for an `nn.Linear`, the layer still
    uses the old values after a step, `load_state_dict()` or an in-place change in that region; the next region uses the
    new ones.
    """
    model = ones()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(X).item() == 3
        change(model)
        assert model(X).item() == 3
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(X).item() == 6


@claim("IDIOM-60", source="torch.autocast")
def test_autocast_without_its_cache_uses_a_changed_parameter_at_once():
    """Inside `torch.autocast(cache_enabled=False)`, a parameter that changes in place is used with its new values at
    once."""
    model = ones()
    with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=False):
        assert model(X).item() == 3
        in_place(model)
        assert model(X).item() == 6


@claim("IDIOM-61", source="torch.autocast")
def test_autocast_uses_a_changed_frozen_parameter_at_once():
    """Inside a `torch.autocast` region, changing a parameter in place takes effect at once where the parameter is
    frozen or already has the region's dtype.
    """
    frozen, low = ones().requires_grad_(False), ones().bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (frozen(X).item(), low(X).item()) == (3, 3)
        in_place(frozen)
        in_place(low)
        assert (frozen(X).item(), low(X).item()) == (6, 6)


@claim("IDIOM-62", source="torch.autocast")
def test_autocast_uses_a_parameter_that_is_rebound_at_once():
    """Inside a `torch.autocast` region, assigning a new `nn.Parameter` in the place of one that was already used takes
    effect at once.
    """
    model = ones()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(X).item() == 3
        model.weight = nn.Parameter(torch.full((1, 3), 2.0))
        assert model(X).item() == 6


@claim("IDIOM-63", source="torch.autocast")
def test_a_nested_autocast_region_uses_what_the_outer_one_has_cast():
    """By default, where an `nn.Linear` was used in a `torch.autocast` region and its trainable weight then changed in
    place, a region nested in that one still uses the old values, and so does the outer region afterwards.
    """
    model = ones()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(X).item() == 3
        in_place(model)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert model(X).item() == 3
        assert model(X).item() == 3
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(X).item() == 6
