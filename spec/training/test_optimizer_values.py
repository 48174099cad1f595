"""What an optimizer's state and options become when they are saved and loaded, and what a step returns."""

import pytest
import torch
from torch import nn, optim
from torch.optim import SGD, Adam
from torch.optim.optimizer import required

from ..vocabulary import claim


def parameter():
    return nn.Parameter(torch.ones(2))


@claim("OPT-54", source="torch.optim.Optimizer.load_state_dict", since="2.6")
def test_names_of_parameters_are_loaded_and_otherwise_kept():
    """`load_state_dict()` of an optimizer with named parameters takes `param_names` from the checkpoint, even where
    these differ from its own names, and keeps its own where the checkpoint has none.
    """
    optimizer = SGD([("weight", parameter())], lr=0.1)
    other, nameless = SGD([("bias", parameter())], lr=0.2).state_dict(), SGD([parameter()], lr=0.3).state_dict()
    optimizer.load_state_dict(nameless)
    assert (optimizer.param_groups[0]["param_names"], optimizer.param_groups[0]["lr"]) == (["weight"], 0.3)
    optimizer.load_state_dict(other)
    assert (optimizer.param_groups[0]["param_names"], optimizer.param_groups[0]["lr"]) == (["bias"], 0.2)
    assert "param_names" not in nameless["param_groups"][0]


@claim("OPT-55", source="torch.optim.Optimizer.add_param_group")
def test_a_group_keeps_options_that_the_optimizer_does_not_know():
    """A parameter group may have any further options, such as a name, which are saved with the optimizer and loaded as
    deep copies: changing a loaded list leaves the checkpoint unchanged.
    """
    saved = SGD([{"params": [parameter()], "name": "head", "notes": [1]}], lr=0.1).state_dict()
    optimizer = SGD([parameter()], lr=0.5)
    optimizer.load_state_dict(saved)
    assert (optimizer.param_groups[0]["name"], optimizer.param_groups[0]["notes"]) == ("head", [1])
    optimizer.param_groups[0]["notes"].append(2)
    assert saved["param_groups"][0]["notes"] == [1]


@claim("OPT-56", source="torch.optim.Optimizer.load_state_dict")
def test_state_of_any_form_is_loaded_and_its_tensors_converted():
    """`load_state_dict()` of an optimizer converts all tensors in the state of a floating-point parameter, except
    `step`, to its dtype, even integer ones and those in nested dicts and lists. Numbers and None there stay as they
    are; strings do not.
    """
    saved = SGD([parameter()], lr=0.1).state_dict()
    saved["state"] = {
        0: {
            "nested": {"x": torch.ones(1)},
            "list": [torch.ones(1), 5],
            "count": torch.tensor(3),
            "number": 4,
            "text": "a string",
            "step": torch.tensor(2),
        },
        "note": "of no parameter",
    }
    own = nn.Parameter(torch.ones(2, dtype=torch.float64))
    optimizer = SGD([own], lr=0.1)
    optimizer.load_state_dict(saved)
    state = optimizer.state[own]
    assert state["nested"]["x"].dtype is state["list"][0].dtype is state["count"].dtype is torch.float64
    assert (state["step"].dtype, state["step"].item()) == (torch.int64, 2)
    assert (state["list"][1], state["number"], state["count"].item()) == (5, 4, 3)
    assert state["text"] != "a string"
    assert optimizer.state["note"] == "of no parameter"
    assert optimizer.state_dict()["state"]["note"] == "of no parameter"
    assert saved["state"][0]["nested"]["x"].dtype is torch.float32


@claim("OPT-57", source="torch.optim.Optimizer.load_state_dict")
def test_the_state_of_a_complex_parameter_keeps_its_dtype():
    """`load_state_dict()` of an optimizer converts the state of a floating-point parameter, except `step`, to the dtype
    of this parameter. The state of a complex parameter keeps the checkpoint's dtype.
    """
    saved = SGD([parameter(), parameter()], lr=0.1).state_dict()
    saved["state"] = {number: {"momentum_buffer": torch.ones(2, dtype=torch.float64)} for number in range(2)}
    floating, complex_one = parameter(), nn.Parameter(torch.ones(2, dtype=torch.complex64))
    optimizer = SGD([floating, complex_one], lr=0.1)
    optimizer.load_state_dict(saved)
    assert optimizer.state[floating]["momentum_buffer"].dtype is torch.float32
    assert optimizer.state[complex_one]["momentum_buffer"].dtype is torch.float64
    assert optimizer.state[complex_one]["momentum_buffer"].tolist() == [1, 1]


@claim("OPT-58", source="torch.optim.Optimizer.load_state_dict", since="2.1")
@pytest.mark.parametrize("option", ["fused", "capturable"])
def test_the_counter_of_steps_is_converted_for_fused_and_capturable_groups_only(option):
    """`optim.Adam.load_state_dict()` converts a `step` that is a tensor to float32 on the device of the parameter where
    the group of the checkpoint has `fused` or `capturable`, and leaves it as it is otherwise.
    """
    model = [parameter(), parameter()]
    saved = Adam([{"params": model[:1]}, {"params": model[1:]}]).state_dict()
    saved["param_groups"][1][option] = True
    saved["state"] = {number: {"step": torch.tensor(7.0, dtype=torch.float64)} for number in range(2)}
    optimizer = Adam([{"params": model[:1]}, {"params": model[1:]}])
    optimizer.load_state_dict(saved)
    steps = [optimizer.state[own]["step"] for own in model]
    assert [step.dtype for step in steps] == [torch.float64, torch.float32]
    assert [step.item() for step in steps] == [7, 7]


@claim("OPT-59", source="torch.optim.Optimizer.zero_grad")
@pytest.mark.parametrize("foreach", [False, True])
def test_zero_grad_of_an_optimizer_zeroes_in_place_and_detaches(foreach):
    """`optimizer.zero_grad(set_to_none=False)` fills gradients with zeros in place, detaches one that has a `grad_fn`,
    and turns off `requires_grad` of one that requires grad, with `foreach=True` too.
    """
    plain, graph, leaf, without = [parameter() for _ in range(4)]
    plain.grad, leaf.grad = torch.ones(2), torch.ones(2, requires_grad=True)
    graph.grad = torch.ones(2, requires_grad=True) * 2
    grads = [plain.grad, graph.grad, leaf.grad]
    SGD([plain, graph, leaf, without], lr=0.1, foreach=foreach).zero_grad(set_to_none=False)
    assert [grad.tolist() for grad in grads] == [[0, 0]] * 3
    assert [own.grad is grad for own, grad in zip([plain, graph, leaf], grads, strict=True)] == [True] * 3
    assert [grad.requires_grad for grad in grads] == [False] * 3
    assert graph.grad.grad_fn is None
    assert without.grad is None


@claim("OPT-60", source="torch.optim.Optimizer.step")
def test_a_step_calls_its_closure_with_gradients_and_returns_the_loss():
    """`step(closure)` of an optimizer such as `optim.SGD` calls the closure once, before the parameters change and with
    gradients enabled even under `torch.no_grad()`, and returns the closure's result; without a closure it returns None.
    """
    own = parameter()
    optimizer, seen = SGD([own], lr=1.0), []

    def closure():
        seen.append((own.tolist(), torch.is_grad_enabled()))
        own.grad = torch.ones(2)
        return "loss"

    with torch.no_grad():
        assert optimizer.step(closure) == "loss"
    assert seen == [([1, 1], True)]
    assert own.tolist() == [0, 0]
    assert optimizer.step() is None


@claim("OPT-61", source="torch.optim.Optimizer")
def test_an_optimizer_without_step_raises_NotImplementedError():
    """For `torch.optim.Optimizer` itself, or a subclass that doesn't define `step`, `step(closure)` raises
    `NotImplementedError`, while groups, `zero_grad()` and `state_dict()` work.
    """

    class Lazy(optim.Optimizer):
        pass

    own = parameter()
    own.grad = torch.ones(2)
    optimizer = Lazy([own], {"lr": 0.1})
    with pytest.raises(NotImplementedError):
        optimizer.step(None)
    optimizer.zero_grad(set_to_none=True)
    assert own.grad is None
    assert optimizer.state_dict()["param_groups"] == [{"lr": 0.1, "params": [0]}]


@claim("OPT-62", source="torch.optim.Optimizer.add_param_group")
def test_a_group_without_a_required_option_raises():
    """Where an optimizer's default for an option is `torch.optim.optimizer.required`, `add_param_group()` raises
    `ValueError` for a group without this option and adds no group.
    """
    optimizer = optim.Optimizer([{"params": [parameter()], "lr": 0.1}], {"lr": required})
    with pytest.raises(ValueError, match="didn't specify a value of required optimization parameter lr"):
        optimizer.add_param_group({"params": [parameter()]})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1]


@claim("OPT-63", source="torch.optim.Optimizer.add_param_group")
def test_an_optimizer_takes_a_non_leaf_that_retains_its_gradient():
    """An optimizer takes a tensor with a `grad_fn` after `retain_grad()`, or with `differentiable=True`; otherwise it
    raises `ValueError`.
    """
    result = parameter() * 2
    with pytest.raises(ValueError, match="can't optimize a non-leaf Tensor"):
        SGD([result], lr=0.1)
    assert SGD([result], lr=0.1, differentiable=True).param_groups[0]["params"][0] is result
    result.retain_grad()
    assert SGD([result], lr=0.1).param_groups[0]["params"][0] is result


@claim("OPT-64", source="torch.optim.Optimizer.state_dict")
def test_a_parameter_that_is_twice_in_a_group_has_one_number():
    """In the `state_dict()` of an optimizer, a parameter that is twice in a group has one number, that of its second
    place, at both places; the next parameters are numbered as if it had two.
    """
    twice, other = parameter(), parameter()
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optimizer = SGD([{"params": [twice, twice]}, {"params": [other]}], lr=0.1, momentum=0.9)
    twice.grad = other.grad = torch.ones(2)
    optimizer.step()
    assert [group["params"] for group in optimizer.state_dict()["param_groups"]] == [[1, 1], [2]]
    assert list(optimizer.state_dict()["state"]) == [1, 2]


@claim("OPT-66", source="torch.optim.Optimizer.load_state_dict")
def test_a_string_in_the_state_of_a_parameter_is_lost_when_it_is_loaded():
    """`load_state_dict()` of an optimizer replaces a string in the state of a parameter by the text `"<generator object
    ...>"`. Numbers and None in the state, and strings among a group's options, are loaded as they are.
    """
    own = parameter()
    saved = SGD([{"params": [own], "name": "head"}], lr=0.1).state_dict()
    saved["state"] = {0: {"kind": "text", "number": 4, "nothing": None}}
    optimizer = SGD([own], lr=0.1)
    optimizer.load_state_dict(saved)
    assert optimizer.state[own]["kind"].startswith("<generator object")
    assert (optimizer.state[own]["number"], optimizer.state[own]["nothing"]) == (4, None)
    assert optimizer.param_groups[0]["name"] == "head"
