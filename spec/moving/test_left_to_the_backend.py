"""What torch leaves to each backend: whether a move keeps the Parameter objects, and whether devices can be mixed."""

from contextlib import suppress

import torch
from torch import nn

from ..vocabulary import NestedModel, claim


@claim("BACK-01", source="torch.nn.Module.to")
def test_a_move_keeps_every_parameter_object_or_replaces_every_one(move, observe):
    """A move of a module whose parameters are all on one device to another device keeps all parameter objects or
    replaces all of them; which of the two is left to the backend.
    """
    model = NestedModel(5, 10).to(move.source)
    before = list(model.parameters())
    move(model)
    kept = {now is then for now, then in zip(model.parameters(), before, strict=True)}
    assert len(kept) == 1
    observe("the Parameter objects in a move", str(move), "kept" if kept == {True} else "replaced")


@claim("BACK-02", source="torch.nn.Module.to")
def test_tied_parameters_stay_tied_in_a_move_exactly_where_it_keeps_the_objects(move, observe):
    """A move to another device keeps tied parameters tied exactly if it keeps the parameter objects, which is left to
    the backend.
    """
    model = nn.Module()
    model.encoder = nn.Linear(3, 3, device=move.source)
    model.decoder = nn.Linear(3, 3, device=move.source)
    model.decoder.weight = tied = model.encoder.weight
    move(model)
    assert (model.decoder.weight is model.encoder.weight) == (model.encoder.weight is tied)
    is_tied = model.decoder.weight is model.encoder.weight
    observe("tied parameters in a move", str(move), "still tied" if is_tied else "untied")


@claim("BACK-03", source="torch.nn.Module.to")
def test_a_product_with_a_plain_tensor_that_a_move_left_behind_raises_or_computes(real_migration, observe):
    """A move leaves a plain tensor on the old device; each backend decides whether a matrix product of a parameter with
    it raises `RuntimeError` or computes.
    """
    layer = nn.Linear(3, 3, device=real_migration.source)
    layer.table = table = torch.eye(3, device=real_migration.source)
    real_migration(layer)
    assert layer.table is table
    outcome = "raises RuntimeError"
    with suppress(RuntimeError):
        layer.weight @ layer.table
        outcome = "computes"
    observe("a product with a plain tensor that stayed behind", str(real_migration), outcome)
