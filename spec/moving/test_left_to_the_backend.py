"""What torch leaves to each backend: whether a move keeps the Parameter objects, and what follows from it."""

from torch import nn

from ..vocabulary import NestedModel, claim

ANSWERS = {True: "yes", False: "no"}


@claim("BACK-01", source="torch.nn.Module.to")
def test_a_move_keeps_every_parameter_object_or_replaces_every_one(move, observe):
    model = NestedModel(5, 10).to(move.source)
    before = list(model.parameters())
    move(model)
    kept = {now is then for now, then in zip(model.parameters(), before, strict=True)}
    assert len(kept) == 1
    observe("does a move keep the Parameter objects?", str(move), ANSWERS[kept.pop()])


@claim("BACK-02", source="torch.nn.Module.to")
def test_tied_parameters_stay_tied_in_a_move_exactly_where_it_keeps_the_objects(move, observe):
    model = nn.Module()
    model.encoder = nn.Linear(3, 3, device=move.source)
    model.decoder = nn.Linear(3, 3, device=move.source)
    model.decoder.weight = tied = model.encoder.weight
    move(model)
    assert (model.decoder.weight is model.encoder.weight) == (model.encoder.weight is tied)
    observe("do tied parameters stay tied in a move?", str(move), ANSWERS[model.decoder.weight is model.encoder.weight])
