"""What torch leaves to each backend: whether a move keeps the Parameter objects, and what follows from it."""

from torch import nn

from ..vocabulary import NestedModel, claim


@claim("BACK-01", source="torch.nn.Module.to")
def test_a_move_keeps_every_parameter_object_or_replaces_every_one(move, observe):
    """A move to another device keeps all parameter objects of a module or replaces all of them; which of the two is
    left to the backend.
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
