"""What ``torch.distributed.checkpoint.state_dict`` makes of an optimizer: state by the names of the parameters."""

import copy

import pytest
import torch
from torch import nn

from ..vocabulary import claim

GET = "torch.distributed.checkpoint.state_dict.get_optimizer_state_dict"
SET = "torch.distributed.checkpoint.state_dict.set_optimizer_state_dict"


def layers(names):
    return nn.ModuleDict({name: nn.Linear(1, 1, bias=False) for name in names})


def step(model, optimizer):
    """One step with the gradient 1 for the layer ``a`` and 2 for ``b``: Adam's ``exp_avg`` is 0.1 and 0.2."""
    for name, layer in model.items():
        layer.weight.grad = torch.full((1, 1), {"a": 1.0, "b": 2.0}[name])
    optimizer.step()
    optimizer.zero_grad()


def averages(model, optimizer):
    return {name: round(optimizer.state[layer.weight]["exp_avg"].item(), 4) for name, layer in model.items()}


@pytest.fixture
def trained():
    """Two layers ``a`` and ``b``, and an Adam after a step."""
    model = layers("ab")
    optimizer = torch.optim.Adam(model.parameters(), lr=0.5)
    step(model, optimizer)
    return model, optimizer


@claim("DIST-67", source=GET, since="2.2")
def test_get_optimizer_state_dict_names_state_by_the_names_of_the_parameters(dsd, trained):
    """`get_optimizer_state_dict(model, optimizer)` of `torch.distributed.checkpoint.state_dict` identifies parameters
    by their names, where `optimizer.state_dict()` numbers them; the tensors of the state are the optimizer's own, not
    copies.
    """
    model, optimizer = trained
    saved = dsd.get_optimizer_state_dict(model, optimizer)
    assert list(optimizer.state_dict()["state"]) == [0, 1]
    assert list(saved["state"]) == saved["param_groups"][0]["params"] == ["a.weight", "b.weight"]
    assert saved["param_groups"][0]["lr"] == 0.5
    assert saved["state"]["a.weight"]["exp_avg"] is optimizer.state[model["a"].weight]["exp_avg"]


@claim("DIST-68", source=SET, since="2.2")
def test_set_optimizer_state_dict_finds_parameters_by_name_and_not_by_position(dsd, trained):
    """`set_optimizer_state_dict` loads state by the names of parameters, so that an optimizer may list them in another
    order, for which `optimizer.load_state_dict()` gives each parameter the state of another.
    """
    model, optimizer = trained
    other, by_position = layers("ba"), layers("ba")
    named, counted = torch.optim.Adam(other.parameters()), torch.optim.Adam(by_position.parameters())
    counted.load_state_dict(optimizer.state_dict())
    dsd.set_optimizer_state_dict(other, named, optim_state_dict=dsd.get_optimizer_state_dict(model, optimizer))
    assert averages(by_position, counted) == {"b": 0.1, "a": 0.2}
    assert averages(other, named) == averages(model, optimizer) == {"a": 0.1, "b": 0.2}
    assert named.param_groups[0]["lr"] == 0.5


@claim("DIST-69", source=GET, since="2.2")
def test_get_optimizer_state_dict_makes_an_optimizer_that_has_no_state_step(dsd):
    """For an Adam without state, weight decay or gradients, `get_optimizer_state_dict` makes one step with zero
    gradients. Afterwards the averages are zero and `step` is 1, while the parameters keep their values and have no
    gradient.
    """
    model = layers("a")
    optimizer = torch.optim.Adam(model.parameters())
    before = model["a"].weight.item()
    saved = dsd.get_optimizer_state_dict(model, optimizer)
    assert saved["state"]["a.weight"]["step"].item() == 1
    assert optimizer.state[model["a"].weight]["exp_avg"].item() == 0
    assert model["a"].weight.item() == before
    assert model["a"].weight.grad is None


@claim("DIST-70", source=GET, since="2.4")
def test_get_optimizer_state_dict_changes_parameters_where_the_rate_is_not_called_lr(dsd):
    """`get_optimizer_state_dict` makes an optimizer without state, whose parameters have no gradients, step once, with
    zero gradients and `"lr"` set to zero: where the step needs no gradient and the rate has another name, this changes
    the parameters.
    """

    class Shrinking(torch.optim.Optimizer):
        def __init__(self, parameters, **rate):
            super().__init__(parameters, rate)

        @torch.no_grad()
        def step(self, closure=None):
            (group,) = self.param_groups
            for parameter in group["params"]:
                parameter.sub_(group.get("lr", group.get("rate")))
                self.state[parameter]["steps"] = torch.ones(1)

    called, other = layers("a"), layers("a")
    nn.init.ones_(called["a"].weight)
    nn.init.ones_(other["a"].weight)
    dsd.get_optimizer_state_dict(called, Shrinking(called.parameters(), lr=0.5))
    dsd.get_optimizer_state_dict(other, Shrinking(other.parameters(), rate=0.5))
    assert called["a"].weight.item() == 1
    assert other["a"].weight.item() == 0.5


@claim("DIST-71", source=GET, since="2.5")
def test_get_optimizer_state_dict_makes_no_step_where_there_are_gradients(dsd):
    """`get_optimizer_state_dict` of an optimizer without state whose parameters have gradients makes no step: the
    `"state"` that it returns is empty.
    """
    model = layers("a")
    optimizer = torch.optim.Adam(model.parameters())
    model["a"].weight.grad = torch.ones(1, 1)
    saved = dsd.get_optimizer_state_dict(model, optimizer)
    assert saved["state"] == {}
    assert saved["param_groups"][0]["params"] == ["a.weight"]
    assert model["a"].weight.grad.item() == 1


@claim("DIST-72", source=GET, since="2.2", until="2.5")
def test_get_optimizer_state_dict_raised_where_there_are_gradients_and_no_state(dsd):
    """Before torch 2.5, `get_optimizer_state_dict` of an optimizer without state whose parameters had gradients raised
    `RuntimeError`; since then it returns an empty `"state"`.
    """
    model = layers("a")
    optimizer = torch.optim.Adam(model.parameters())
    model["a"].weight.grad = torch.ones(1, 1)
    with pytest.raises(RuntimeError, match="optimizer states are initialized"):
        dsd.get_optimizer_state_dict(model, optimizer)
    assert model["a"].weight.grad.item() == 1


@claim("DIST-73", source=GET, since="2.2")
def test_a_frozen_parameter_of_an_optimizer_is_named_in_its_group_and_has_no_state(dsd):
    """`get_optimizer_state_dict` lists a frozen parameter that the optimizer holds by name in its group. If that
    parameter was never trained, it has no state there, with `ignore_frozen_params=True` as without.
    """
    model = layers("ab")
    model["b"].requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters())
    for options in (dsd.StateDictOptions(), dsd.StateDictOptions(ignore_frozen_params=True)):
        saved = dsd.get_optimizer_state_dict(model, optimizer, options=options)
        assert list(saved["state"]) == ["a.weight"]
        assert saved["param_groups"][0]["params"] == ["a.weight", "b.weight"]


@claim("DIST-74", source=SET, since="2.10")
def test_set_optimizer_state_dict_raises_for_a_parameter_without_state_in_the_checkpoint(dsd):
    """When a trainable parameter has no state in the checkpoint, `set_optimizer_state_dict` of an `optim.Adam` raises
    `RuntimeError`. With `strict=False`, the optimizer then holds no state for this parameter.
    """
    smaller, model = layers("a"), layers("ab")
    first, optimizer = torch.optim.Adam(smaller.parameters()), torch.optim.Adam(model.parameters())
    step(smaller, first)
    saved = dsd.get_optimizer_state_dict(smaller, first)
    with pytest.raises(RuntimeError, match=r"Missing optimizer state for parameter 'b\.weight'"):
        dsd.set_optimizer_state_dict(model, optimizer, optim_state_dict=saved)
    dsd.set_optimizer_state_dict(model, optimizer, optim_state_dict=saved, options=dsd.StateDictOptions(strict=False))
    assert list(optimizer.state) == [model["a"].weight]


@claim("DIST-75", source=SET, since="2.2")
def test_set_optimizer_state_dict_ignores_the_state_of_a_parameter_that_the_model_lacks(dsd, trained):
    """`set_optimizer_state_dict` ignores the state of a parameter that the optimizer doesn't hold, where
    `load_state_dict()` raises `ValueError` for a group of another length."""
    model, optimizer = trained
    smaller = layers("b")
    other = torch.optim.Adam(smaller.parameters())
    with pytest.raises(ValueError, match="doesn't match the size"):
        other.load_state_dict(optimizer.state_dict())
    dsd.set_optimizer_state_dict(smaller, other, optim_state_dict=dsd.get_optimizer_state_dict(model, optimizer))
    assert averages(smaller, other) == {"b": 0.2}


@claim("DIST-76", source="torch.distributed.checkpoint.state_dict.StateDictOptions", since="2.4")
def test_flatten_optimizer_state_dict_names_each_value_with_its_parameter(dsd, trained):
    """With `flatten_optimizer_state_dict=True`, `get_optimizer_state_dict` returns one flat dict whose keys name
    parameter and value, such as `"state.a.weight.step"`; `set_optimizer_state_dict` loads this dict with or without the
    option.
    """
    model, optimizer = trained
    flat = dsd.StateDictOptions(flatten_optimizer_state_dict=True)
    saved = dsd.get_optimizer_state_dict(model, optimizer, options=flat)
    assert {"state.a.weight.exp_avg", "state.b.weight.step", "param_groups.a.weight.lr"} < set(saved)
    assert not any(isinstance(value, dict | list) for value in saved.values())
    for options in (flat, dsd.StateDictOptions()):
        other = layers("ba")
        loaded = torch.optim.Adam(other.parameters())
        dsd.set_optimizer_state_dict(other, loaded, optim_state_dict=saved, options=options)
        assert averages(other, loaded) == {"a": 0.1, "b": 0.2}
        assert loaded.param_groups[0]["lr"] == 0.5


@claim("DIST-77", source=GET, since="2.2")
def test_two_optimizers_of_a_model_have_one_state_dict(dsd):
    """For two `optim.Adam`, `get_optimizer_state_dict(model, [first, second])` returns one dict with the state of both
    and a group for each. `set_optimizer_state_dict` gives each optimizer its own state, in either order.
    """
    model, other = layers("ab"), layers("ab")
    first, second = (torch.optim.Adam(model[name].parameters(), lr) for name, lr in (("a", 0.1), ("b", 0.2)))
    step(nn.ModuleDict({"a": model["a"]}), first)
    step(nn.ModuleDict({"b": model["b"]}), second)
    saved = dsd.get_optimizer_state_dict(model, [first, second])
    assert list(saved["state"]) == ["a.weight", "b.weight"]
    assert [(group["params"], group["lr"]) for group in saved["param_groups"]] == [
        (["a.weight"], 0.1),
        (["b.weight"], 0.2),
    ]
    of_a, of_b = (torch.optim.Adam(other[name].parameters()) for name in "ab")
    dsd.set_optimizer_state_dict(other, [of_b, of_a], optim_state_dict=saved)
    assert (of_a.param_groups[0]["lr"], of_b.param_groups[0]["lr"]) == (0.1, 0.2)
    assert round(of_b.state[other["b"].weight]["exp_avg"].item(), 4) == 0.2


@claim("DIST-78", source=GET, since="2.3")
def test_optimizer_state_of_a_compiled_model_has_the_names_of_the_original(dsd, trained):
    """`get_optimizer_state_dict` of `torch.distributed.checkpoint.state_dict`, given a `torch.compile` wrapper, names
    the optimizer's state as it does for the original model: without `"_orig_mod."`.
    """
    model, optimizer = trained
    compiled = torch.compile(model, backend="eager")
    assert [name for name, _ in compiled.named_parameters()] == ["_orig_mod.a.weight", "_orig_mod.b.weight"]
    assert list(dsd.get_optimizer_state_dict(compiled, optimizer)["state"]) == ["a.weight", "b.weight"]


@claim("DIST-79", source=GET, since="2.2")
def test_optimizer_state_of_a_tied_parameter_has_its_first_name(dsd):
    """`get_optimizer_state_dict` holds the state of a tied parameter once, under its first name, where
    `get_model_state_dict` holds the parameter under both."""
    model = nn.Module()
    model.p = model.q = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.Adam(model.parameters())
    assert list(dsd.get_optimizer_state_dict(model, optimizer)["state"]) == ["p"]
    assert list(dsd.get_model_state_dict(model)) == ["p", "q"]


@claim("DIST-80", source="torch.distributed.checkpoint.state_dict.set_state_dict", since="2.2")
def test_get_state_dict_and_set_state_dict_take_model_and_optimizer_together(dsd, trained):
    """After `set_state_dict` has loaded a copy of the results of `get_state_dict(model, optimizer)` into a new model
    and a new optimizer, these two make the steps that the old ones make, where nothing random and no state outside the
    results takes part.
    """
    model, optimizer = trained
    of_model, of_optimizer = dsd.get_state_dict(model, optimizer)
    other = layers("ab")
    loaded = torch.optim.Adam(other.parameters())
    of_optimizer = copy.deepcopy(of_optimizer)
    dsd.set_state_dict(other, loaded, model_state_dict=of_model, optim_state_dict=of_optimizer)
    step(model, optimizer)
    step(other, loaded)
    assert {name: layer.weight.item() for name, layer in other.items()} == {
        name: layer.weight.item() for name, layer in model.items()
    }
    assert averages(other, loaded) == averages(model, optimizer)


@claim("DIST-81", source=GET, since="2.2")
def test_get_optimizer_state_dict_raises_for_a_parameter_that_the_model_lacks(dsd, trained):
    """`get_optimizer_state_dict` raises `KeyError` for an optimizer that holds a parameter which the model lacks, where
    `optimizer.state_dict()` numbers it like any other.
    """
    model, optimizer = trained
    optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))]})
    assert optimizer.state_dict()["param_groups"][1]["params"] == [2]
    with pytest.raises(KeyError, match="2"):
        dsd.get_optimizer_state_dict(model, optimizer)


@claim("DIST-82", source=SET, since="2.2")
def test_an_optimizer_that_is_set_shares_the_tensors_of_the_state_dict(dsd, trained):
    """After `set_optimizer_state_dict`, the optimizer's state shares memory with those tensors of the dict that need no
    conversion or move. So two optimizers that were given the same dict change each other's state.
    """
    model, optimizer = trained
    other = layers("ab")
    loaded = torch.optim.Adam(other.parameters())
    dsd.set_optimizer_state_dict(other, loaded, optim_state_dict=dsd.get_optimizer_state_dict(model, optimizer))
    step(other, loaded)
    assert averages(model, optimizer) == averages(other, loaded) == {"a": 0.19, "b": 0.38}
