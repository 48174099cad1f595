"""What ``parameters()``, ``buffers()`` and their named siblings list."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    BUFFERS,
    DECLARED,
    PARAMETER,
    PARAMETERS,
    PLAIN,
    REGISTERED,
    NestedModel,
    ToyModel3,
    answers,
    any_model,
    claim,
    core,
)
from .registries import EMPTY_BUFFER, EMPTY_MODULE, EMPTY_PARAMETER, MODULE


@core
@claim("ENUM-01", source="torch.nn.Module.parameters")
@answers("in parameters()?", yes=PARAMETERS, no=BUFFERS + PLAIN)
def test_parameters_lists_trainable_and_frozen_parameters_only(kind, answer, real_device):
    """`parameters()` and `named_parameters()` list a module's parameters, trainable or frozen, and neither buffers nor
    plain attributes.
    """
    model = kind.on(ToyModel3(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    assert [name for name, _ in model.named_parameters()] == ["b1"] + ["x"] * answer + ["linear.weight", "linear.bias"]
    assert any(parameter is model.x for parameter in model.parameters()) is answer


@core
@claim("ENUM-02", source="torch.nn.Module.buffers")
@answers("in buffers()?", yes=BUFFERS, no=PARAMETERS + PLAIN)
def test_buffers_lists_persistent_and_non_persistent_buffers_only(kind, answer, real_device):
    """`buffers()` and `named_buffers()` list a module's buffers, persistent or non-persistent, and neither parameters
    nor plain attributes.
    """
    model = kind.on(ToyModel3(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    assert [name for name, _ in model.named_buffers()] == ["c1"] + ["x"] * answer
    assert any(buffer is model.x for buffer in model.buffers()) is answer


@core
@claim("ENUM-03", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_nested_state_is_named_by_its_dotted_path(kind, depth):
    """A parameter or persistent buffer of a nested submodule is called by its dotted path, such as `"child.child.x"`,
    in `named_parameters()`, `named_buffers()` and `state_dict()`.
    """
    outer = inner = nn.Module()
    for _ in range(depth):
        inner.child = nn.Module()
        inner = inner.child
    kind.on(inner, "x", torch.ones(3))
    path = "child." * depth + "x"
    assert [name for name, _ in [*outer.named_parameters(), *outer.named_buffers()]] == [path]
    assert list(outer.state_dict()) == [path]


@core
@claim("ENUM-11", source="torch.nn.Module.parameters")
@any_model
def test_the_count_of_trainable_scalars_leaves_out_buffers_and_frozen_parameters(Model, channels):
    """`sum(p.numel() for p in model.parameters() if p.requires_grad)` counts trainable scalars without those of frozen
    parameters, buffers and plain tensors.
    """
    in_channels, out_channels = channels
    model = Model(in_channels, out_channels)
    vectors = [name for name in DECLARED[Model].parameters if name != "f1" and not name.endswith("weight")]
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert trainable == in_channels * out_channels + len(vectors) * out_channels


@claim("ENUM-12", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("Model", DECLARED)
def test_each_toy_model_lists_and_saves_what_it_declares(Model):
    """Each toy model of this specification lists the parameters and buffers that it declares, tied ones once, and saves
    all but non-persistent buffers, tied ones under every name.
    """
    parameters, buffers, keys, plain = DECLARED[Model]
    model = Model(5, 10)
    assert [name for name, _ in model.named_parameters()] == parameters
    assert [name for name, _ in model.named_buffers()] == buffers
    assert list(model.state_dict()) == keys
    assert set(plain) <= set(vars(model))


@claim("ENUM-06", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", REGISTERED)
def test_a_module_lists_its_own_state_in_the_order_of_registration_and_then_that_of_its_submodules(kind):
    """`named_parameters()` and `named_buffers()` list a module's own state in the order of registration and then that
    of its submodules, even where a submodule was assigned first.
    """
    model = nn.Module()
    model.child = kind.on(nn.Module(), "deep", torch.ones(3))
    kind.put(model, "z", torch.ones(3))
    kind.put(model, "a", torch.ones(3))
    names = [name for name, _ in [*model.named_parameters(), *model.named_buffers()]]
    assert names == ["z", "a", "child.deep"]


@claim("ENUM-08", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("kind", [EMPTY_PARAMETER, EMPTY_BUFFER, EMPTY_MODULE])
def test_a_name_registered_as_None_is_not_listed_and_those_after_it_are(kind):
    """A parameter, buffer or submodule registered as None is in no listing, such as `named_parameters()` or
    `named_modules()`, but what follows it is.
    """
    model = kind.on(ToyModel3(5, 10), "x", torch.ones(3))
    model.b2, model.last = nn.Parameter(torch.ones(3)), nn.ReLU()
    model.register_buffer("c2", torch.ones(3))
    assert model.x is None
    assert [name for name, _ in model.named_parameters()] == ["b1", "b2", "linear.weight", "linear.bias"]
    assert [name for name, _ in model.named_buffers()] == ["c1", "c2"]
    assert [name for name, _ in model.named_modules()] == ["", "linear", "last"]
    assert [name for name, _ in model.named_children()] == ["linear", "last"]


@claim("ENUM-13", source="torch.nn.Module.named_parameters")
def test_listing_without_names_gives_the_same_objects_in_the_same_order():
    """`parameters()`, `buffers()`, `modules()` and `children()` give the objects that `named_parameters()`,
    `named_buffers()`, `named_modules()` and `named_children()` give, in the same order, even where a subclass overrides
    `named_parameters()`.
    """

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
def test_two_tensors_of_equal_values_are_both_listed(kind):
    """Two parameters or two buffers of equal values are both listed, each under its own name."""
    model = nn.Module()
    kind.put(model, "x", torch.ones(3))
    kind.put(model, "y", torch.ones(3))
    assert [name for name, _ in [*model.named_parameters(), *model.named_buffers()]] == ["x", "y"]


@claim("ENUM-15", source="torch.nn.Module.parameters")
@pytest.mark.parametrize("name", ["parameters", "buffers", "named_parameters", "named_buffers", "modules", "children"])
def test_a_listing_is_an_iterator_that_is_empty_on_the_second_pass(name):
    """`parameters()`, `named_buffers()`, `modules()` and their siblings return an iterator: going through the same one
    a second time yields nothing.

    Beware where an optimizer and a loop share one: call `parameters()` for each.
    """
    listing = getattr(ToyModel3(5, 10), name)()
    assert len(list(listing)) > 0
    assert list(listing) == []


LISTINGS = {PARAMETER: "named_parameters", BUFFER: "named_buffers", MODULE: "named_children"}


@claim("ENUM-45", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize(("kind", "listing"), LISTINGS.items())
def test_state_can_be_replaced_while_it_is_listed_but_registering_or_deleting_raises_RuntimeError(kind, listing):
    """A loop over `named_parameters()`, `named_buffers()` or `named_children()` may replace values. Registering or
    deleting one of the listed kind, on the module that the loop is at and before its last, makes the next step raise
    `RuntimeError`.

    `list(model.named_parameters())` can be gone through whatever changes.
    """
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
