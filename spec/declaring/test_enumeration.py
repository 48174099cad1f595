"""What ``parameters()``, ``buffers()`` and their named siblings list."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    BUFFERS,
    PARAMETER,
    PARAMETERS,
    PERSISTENT_BUFFERS,
    PLAIN,
    REGISTERED,
    FrozenModel,
    IntegerModel,
    NestedModel,
    NNBufferModel,
    NonPersistentModel,
    PlainTensorModel,
    TiedModel,
    ToyModel,
    ToyModel2,
    ToyModel3,
    answers,
    any_channels,
    claim,
)
from .places import EMPTY_BUFFER, EMPTY_MODULE, EMPTY_PARAMETER, MODULE


@claim("ENUM-01", source="torch.nn.Module.parameters")
@answers("in parameters()?", yes=PARAMETERS, no=BUFFERS + PLAIN)
def test_parameters_are_all_that_parameters_lists(kind, answer, real_device):
    model = kind.on(ToyModel3(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    assert [name for name, _ in model.named_parameters()] == ["b1"] + ["x"] * answer + ["linear.weight", "linear.bias"]
    assert any(parameter is model.x for parameter in model.parameters()) is answer


@claim("ENUM-02", source="torch.nn.Module.buffers")
@answers("in buffers()?", yes=BUFFERS, no=PARAMETERS + PLAIN)
def test_buffers_persistent_or_not_are_all_that_buffers_lists(kind, answer, real_device):
    model = kind.on(ToyModel3(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    assert [name for name, _ in model.named_buffers()] == ["c1"] + ["x"] * answer
    assert any(buffer is model.x for buffer in model.buffers()) is answer


@claim("ENUM-03", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_the_dotted_path_of_nested_state_is_its_name_and_its_key(kind, depth):
    outer = inner = nn.Module()
    for _ in range(depth):
        inner.child = nn.Module()
        inner = inner.child
    kind.on(inner, "x", torch.ones(3))
    path = "child." * depth + "x"
    assert [name for name, _ in [*outer.named_parameters(), *outer.named_buffers()]] == [path]
    assert list(outer.state_dict()) == [path]


@claim("ENUM-11", source="torch.nn.Module.parameters")
@pytest.mark.parametrize(
    ("Model", "vectors"),
    [(ToyModel, 1), (ToyModel2, 2), (ToyModel3, 2), (FrozenModel, 2), (NonPersistentModel, 2), (PlainTensorModel, 2)],
)
@any_channels
def test_the_count_of_trainable_scalars_leaves_out_buffers_and_frozen_parameters(Model, vectors, channels):
    in_channels, out_channels = channels
    model = Model(in_channels, out_channels)
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert trainable == in_channels * out_channels + vectors * out_channels


LINEAR = ["linear.weight", "linear.bias"]
TOY = ["body.toy.b1", "body.toy.linear.weight", "body.toy.linear.bias"]


DECLARED = {  # the names of parameters, the names of buffers, the keys of the state dict
    ToyModel: (LINEAR, [], LINEAR),
    ToyModel2: (["b1", *LINEAR], [], ["b1", *LINEAR]),
    ToyModel3: (["b1", *LINEAR], ["c1"], ["b1", "c1", *LINEAR]),
    NonPersistentModel: (["b1", *LINEAR], ["c1", "d1"], ["b1", "c1", *LINEAR]),
    PlainTensorModel: (["b1", *LINEAR], ["c1"], ["b1", "c1", *LINEAR]),
    IntegerModel: (["b1", *LINEAR], ["steps", "mask"], ["b1", "steps", "mask", *LINEAR]),
    FrozenModel: (["b1", "f1", *LINEAR], ["c1"], ["b1", "f1", "c1", *LINEAR]),
    NNBufferModel: (["b1", *LINEAR], ["c1"], ["b1", "c1", *LINEAR]),
    NestedModel: (["scale", *TOY], ["shift", "body.toy.c1"], ["scale", "shift", TOY[0], "body.toy.c1", *TOY[1:]]),
    TiedModel: (["b1", *LINEAR], ["c1"], ["b1", "b2", "c1", "c2", *LINEAR]),
}


@claim("ENUM-12", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("Model", DECLARED)
def test_each_model_lists_and_saves_what_it_declares(Model):
    parameters, buffers, keys = DECLARED[Model]
    model = Model(5, 10)
    assert [name for name, _ in model.named_parameters()] == parameters
    assert [name for name, _ in model.named_buffers()] == buffers
    assert list(model.state_dict()) == keys


@claim("ENUM-06", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", REGISTERED)
def test_a_module_lists_its_own_state_in_the_order_of_registration_and_then_that_of_its_submodules(kind):
    model = nn.Module()
    model.child = kind.on(nn.Module(), "deep", torch.ones(3))
    kind.put(model, "z", torch.ones(3))
    kind.put(model, "a", torch.ones(3))
    names = [name for name, _ in [*model.named_parameters(), *model.named_buffers()]]
    assert names == ["z", "a", "child.deep"]


@claim("ENUM-07", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", PERSISTENT_BUFFERS)
def test_the_state_dict_holds_parameters_then_buffers_then_submodules_whatever_came_first(kind):
    model = nn.Module()
    model.child = nn.LayerNorm(3)
    kind.put(model, "buffer", torch.ones(3))
    model.parameter = nn.Parameter(torch.ones(3))
    assert list(model.state_dict()) == ["parameter", "buffer", "child.weight", "child.bias"]


@claim("ENUM-08", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", [EMPTY_PARAMETER, EMPTY_BUFFER, EMPTY_MODULE])
def test_what_is_registered_as_None_is_not_listed_and_what_follows_it_is(kind):
    model = kind.on(ToyModel3(5, 10), "x", torch.ones(3))
    model.b2, model.last = nn.Parameter(torch.ones(3)), nn.ReLU()
    model.register_buffer("c2", torch.ones(3))
    assert model.x is None
    assert [name for name, _ in model.named_parameters()] == ["b1", "b2", "linear.weight", "linear.bias"]
    assert [name for name, _ in model.named_buffers()] == ["c1", "c2"]
    assert [name for name, _ in model.named_modules()] == ["", "linear", "last"]
    assert [name for name, _ in model.named_children()] == ["linear", "last"]
    assert list(model.state_dict()) == ["b1", "b2", "c1", "c2", "linear.weight", "linear.bias"]


@claim("ENUM-13", source="torch.nn.Module.named_parameters")
def test_listing_without_names_gives_the_same_objects_in_the_same_order():
    class Reversed(nn.Linear):
        def named_parameters(self, *args, **options):
            return reversed(list(super().named_parameters(*args, **options)))

    linear = Reversed(5, 10)
    assert list(map(id, linear.parameters())) == [id(linear.bias), id(linear.weight)]
    model = NestedModel(5, 10)
    assert list(map(id, model.parameters())) == [id(parameter) for _, parameter in model.named_parameters()]
    assert list(map(id, model.buffers())) == [id(buffer) for _, buffer in model.named_buffers()]
    assert list(model.modules()) == [module for _, module in model.named_modules()]
    assert list(model.children()) == [child for _, child in model.named_children()]


@claim("ENUM-14", source="torch.nn.Module.parameters")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_equal_values_are_listed_each_for_itself(kind):
    model = nn.Module()
    kind.put(model, "x", torch.ones(3))
    kind.put(model, "y", torch.ones(3))
    assert [name for name, _ in [*model.named_parameters(), *model.named_buffers()]] == ["x", "y"]


@claim("ENUM-15", source="torch.nn.Module.parameters")
@pytest.mark.parametrize("name", ["parameters", "buffers", "named_parameters", "named_buffers", "modules", "children"])
def test_a_listing_can_be_gone_through_once(name):
    listing = getattr(ToyModel3(5, 10), name)()
    assert len(list(listing)) > 0
    assert list(listing) == []


LISTINGS = {PARAMETER: "named_parameters", BUFFER: "named_buffers", MODULE: "named_children"}


@claim("ENUM-45", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize(("kind", "listing"), LISTINGS.items())
def test_state_can_be_replaced_while_it_is_listed_but_neither_registered_nor_deleted(kind, listing):
    model = nn.Module()
    listing = getattr(model, listing)
    kind.put(model, "x", torch.ones(3))
    kind.put(model, "y", torch.ones(3))
    for name, _ in listing():
        kind.put(model, name, torch.zeros(3))
    registering, deleting = listing(), listing()
    assert next(registering)[0] == "x"
    kind.put(model, "z", torch.ones(3))
    with pytest.raises(RuntimeError, match="during iteration"):
        next(registering)
    assert next(deleting)[0] == "x"
    del model.x
    with pytest.raises(RuntimeError, match="during iteration"):
        next(deleting)
    assert [name for name, _ in listing()] == ["y", "z"]
