"""What an optimizer remembers of each parameter, saves and loads."""

import copy

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adagrad, Adam, AdamW

from ..vocabulary import ToyModel2, claim
from .optimizers import OPTIMIZERS


class Pair(nn.Module):
    """Two parameters of three elements each, registered in the order of ``names``."""

    def __init__(self, *names):
        super().__init__()
        for name in names:
            self.register_parameter(name, nn.Parameter(torch.ones(3)))


def stepped(optimizer):
    """The optimizer after a step in which the gradient of the parameter at position n is n + 1."""
    for group in optimizer.param_groups:
        for position, parameter in enumerate(group["params"]):
            parameter.grad = torch.full_like(parameter, position + 1)
    optimizer.step()
    return optimizer


@claim("OPT-09", source="torch.optim.Optimizer.state_dict")
def test_the_state_of_parameters_registered_in_another_order_is_silently_swapped(real_device):
    """`optimizer.load_state_dict()` matches parameters by position, not by name: if they were registered in another
    order, each silently gets another's state, such as its `momentum_buffer`.
    """
    model, other = Pair("a", "b").to(real_device), Pair("b", "a").to(real_device)
    saved = stepped(SGD(model.parameters(), lr=0.1, momentum=0.9))
    loading = SGD(other.parameters(), lr=0.1, momentum=0.9)
    loading.load_state_dict(saved.state_dict())
    assert saved.state[model.a]["momentum_buffer"].tolist() == [1, 1, 1]
    assert loading.state[other.a]["momentum_buffer"].tolist() == [2, 2, 2]
    assert loading.state[other.b]["momentum_buffer"].tolist() == [1, 1, 1]


@claim("OPT-35", source="torch.optim.Optimizer.state_dict")
def test_the_state_dict_of_an_optimizer_numbers_the_parameters_through_all_groups(real_device):
    """The `state_dict()` of an optimizer numbers the parameters through all its groups, for example `[0, 1]` and `[2]`,
    and files the state of each under its number.
    """
    model = ToyModel2(5, 10).to(real_device)
    optimizer = SGD([{"params": model.linear.parameters()}, {"params": [model.b1]}], lr=0.1, momentum=0.9)
    model.linear.bias.grad, model.b1.grad = torch.ones_like(model.linear.bias), torch.ones_like(model.b1)
    optimizer.step()
    saved = optimizer.state_dict()
    assert sorted(saved) == ["param_groups", "state"]
    assert [group["params"] for group in saved["param_groups"]] == [[0, 1], [2]]
    assert [number for number, state in saved["state"].items() if state["momentum_buffer"] is not None] == [1, 2]


@claim("OPT-36", source="torch.optim.Optimizer.state_dict")
def test_the_state_dict_of_an_optimizer_holds_its_own_tensors_and_no_parameter(real_device):
    """The `state_dict()` of an `optim.Adam` has numbers in the place of parameters. The tensors of the optimizer's
    state, such as `exp_avg`, are in it themselves, not as copies.
    """
    model = Pair("a", "b").to(real_device)
    optimizer = stepped(Adam(model.parameters(), lr=0.1))
    saved = optimizer.state_dict()
    assert {name for state in saved["state"].values() for name in state} == {"step", "exp_avg", "exp_avg_sq"}
    assert saved["state"][1]["exp_avg"] is optimizer.state[model.b]["exp_avg"]
    assert optimizer.param_groups[0]["params"][0] is model.a
    assert saved["param_groups"][0]["params"] == [0, 1]


@claim("OPT-37", source="torch.optim.Optimizer")
def test_Adam_keeps_state_of_a_parameter_from_the_first_step_with_a_gradient(real_device):
    """`optim.Adam` has no state for a parameter until the first `step()` at which that parameter has a gradient."""
    model = Pair("a", "b").to(real_device)
    optimizer = Adam(model.parameters(), lr=0.1)
    assert optimizer.state_dict()["state"] == {}
    model.b.grad = torch.ones_like(model.b)
    optimizer.step()
    assert [id(parameter) for parameter in optimizer.state] == [id(model.b)]


@claim("OPT-38", source="torch.optim.Optimizer.load_state_dict")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_resumes_exactly_from_the_checkpoints_of_the_module_and_the_optimizer(optimizer, real_device):
    """Training resumes exactly where it stopped if a fresh module loads the `state_dict()` of the module and its
    optimizer loads a copy of the optimizer's, where nothing random, no scheduler and no state outside these takes part.
    """
    build = OPTIMIZERS[optimizer]
    model, resumed = Pair("a", "b").to(real_device), Pair("a", "b").to(real_device)
    first, second = stepped(build(model.parameters())), build(resumed.parameters())
    resumed.load_state_dict(model.state_dict())
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    stepped(first)
    stepped(second)
    assert resumed.a.tolist() == model.a.tolist()
    assert resumed.b.tolist() == model.b.tolist()


@claim("OPT-44", source="torch.optim.Optimizer.load_state_dict", since="2.1")
def test_an_optimizer_that_loads_a_state_dict_from_memory_shares_its_tensors(real_device):
    """`optimizer.load_state_dict()` given the live `state_dict()` of another optimizer shares its state tensors if
    dtype and device are the same: a step of one changes the momentum of both.

    Beware of going on with both optimizers: load a deep copy.
    """
    optimizer = stepped(SGD(Pair("a", "b").to(real_device).parameters(), lr=0.1, momentum=0.9))
    model = Pair("a", "b").to(real_device)
    loading = SGD(model.parameters(), lr=0.1, momentum=0.9)
    loading.load_state_dict(optimizer.state_dict())
    stepped(optimizer)
    assert loading.state[model.a]["momentum_buffer"] is optimizer.state_dict()["state"][0]["momentum_buffer"]


@claim("OPT-45", source="torch.optim.Optimizer.load_state_dict", until="2.1")
def test_an_optimizer_that_loads_a_state_dict_from_memory_copies_its_tensors(real_device):
    """Before torch 2.1, `optimizer.load_state_dict()` copied state tensors such as `momentum_buffer`; since then two
    optimizers share them where one loads the live `state_dict()` of the other.
    """
    optimizer = stepped(SGD(Pair("a", "b").to(real_device).parameters(), lr=0.1, momentum=0.9))
    model = Pair("a", "b").to(real_device)
    loading = SGD(model.parameters(), lr=0.1, momentum=0.9)
    loading.load_state_dict(optimizer.state_dict())
    stepped(optimizer)
    assert loading.state[model.a]["momentum_buffer"].tolist() == [1, 1, 1]


@claim("OPT-39", source="torch.optim.Optimizer.load_state_dict")
def test_loading_an_optimizer_changes_no_parameter_and_takes_the_learning_rate_of_the_checkpoint(real_device):
    """`optimizer.load_state_dict()` changes no parameter and leaves the groups of the checkpoint as they were. It takes
    the options of each group, such as `lr`, from the checkpoint.
    """
    model = Pair("a", "b").to(real_device)
    saved = stepped(SGD(Pair("a", "b").to(real_device).parameters(), lr=0.5, momentum=0.9)).state_dict()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    assert optimizer.load_state_dict(saved) is None
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert optimizer.param_groups[0]["params"][0] is model.a
    assert model.a.tolist() == [1, 1, 1]
    assert saved["param_groups"][0]["params"] == [0, 1]


@claim("OPT-40", source="torch.optim.Optimizer.load_state_dict")
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_loading_an_optimizer_converts_its_state_to_the_dtype_of_the_parameter_and_leaves_the_step(dtype, real_device):
    """`optim.Adam.load_state_dict()` converts `exp_avg` and `exp_avg_sq` to the dtype and device of the parameter,
    keeps `step` float32, and leaves the checkpoint's `exp_avg` and `exp_avg_sq` as they were.
    """
    saved = stepped(Adam(Pair("a", "b").to(real_device).parameters(), lr=0.1)).state_dict()
    model = Pair("a", "b").to(real_device).to(dtype)
    optimizer = Adam(model.parameters(), lr=0.1)
    optimizer.load_state_dict(saved)
    state = optimizer.state[model.a]
    assert state["exp_avg"].dtype is state["exp_avg_sq"].dtype is dtype
    assert state["exp_avg"].device == model.a.device
    assert (state["step"].dtype, state["step"].item()) == (torch.float32, 1)
    assert saved["state"][0]["exp_avg"].dtype is torch.float32


@claim("OPT-41", source="torch.optim.Optimizer.load_state_dict")
def test_loading_an_optimizer_with_another_number_of_groups_raises(device):
    """`optimizer.load_state_dict()` raises `ValueError` for a checkpoint with another number of parameter groups, and
    the optimizer keeps its own options, such as `lr`.
    """
    model = Pair("a", "b").to(device)
    optimizer = SGD(model.parameters(), lr=0.1)
    saved = SGD([{"params": [model.a]}, {"params": [model.b]}], lr=0.5).state_dict()
    with pytest.raises(ValueError, match="different number of parameter groups"):
        optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["lr"] == 0.1


@claim("OPT-42", source="torch.optim.Optimizer.load_state_dict")
def test_loading_an_optimizer_with_another_number_of_parameters_raises(device):
    """`optimizer.load_state_dict()` raises `ValueError` for a checkpoint with another number of parameters in a group,
    and the optimizer keeps its own options, such as `lr`.
    """
    model = Pair("a", "b").to(device)
    optimizer = SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="doesn't match the size of optimizer's group"):
        optimizer.load_state_dict(SGD([model.a], lr=0.5).state_dict())
    assert optimizer.param_groups[0]["lr"] == 0.1


@claim("OPT-43", source="torch.optim.Optimizer.load_state_dict")
def test_loading_an_optimizer_does_not_compare_its_state_with_the_shape_of_the_parameter(real_device):
    """`optimizer.load_state_dict()` silently loads a `momentum_buffer` of another shape than the parameter's; by
    default, the next `step()` raises `RuntimeError`.
    """
    saved = stepped(SGD(Pair("a", "b").to(real_device).parameters(), lr=0.1, momentum=0.9)).state_dict()
    model = nn.Linear(5, 10).to(real_device)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    optimizer.load_state_dict(saved)
    assert optimizer.state[model.weight]["momentum_buffer"].shape == (3,)
    with pytest.raises(RuntimeError, match=r"size|shape"):
        stepped(optimizer)


@pytest.fixture
def default_dtype():
    """Set the default dtype, for the test."""
    dtype = torch.get_default_dtype()
    yield torch.set_default_dtype
    torch.set_default_dtype(dtype)


@claim("OPT-73", source="torch.optim.Adam", since="2.3")
def test_the_count_of_Adam_s_steps_is_float64_where_that_is_the_default_dtype(default_dtype):
    """Without `fused=True`, `optim.Adam` counts its steps in a tensor `step` of dtype `torch.float64` where that is the
    default dtype at the first step, and of `torch.float32` otherwise; `exp_avg` has the dtype of the parameter.
    """
    model = nn.Linear(2, 2)
    of = {}
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        default_dtype(dtype)
        of[dtype] = stepped(Adam(model.parameters())).state[model.weight]
    assert [state["step"].dtype for state in of.values()] == [torch.float32, torch.float64, torch.float32]
    assert [state["exp_avg"].dtype for state in of.values()] == [torch.float32, torch.float32, torch.float32]


@claim("OPT-82", source="torch.optim.Adam", since="2.4")
@pytest.mark.parametrize("Optimizer", [Adam, AdamW, Adagrad])
def test_a_fused_optimizer_counts_its_steps_in_float32_where_the_default_dtype_is_float64(Optimizer, default_dtype):
    """With `fused=True`, `optim.Adam`, `optim.AdamW` and `optim.Adagrad` count their steps in a tensor `step` of dtype
    `torch.float32` even where the default dtype is `torch.float64`; without `fused`, `step` is float64 there.
    """
    default_dtype(torch.float64)
    model = nn.Linear(2, 2)
    fused, unfused = [stepped(Optimizer(model.parameters(), **options)) for options in ({"fused": True}, {})]
    assert fused.state[model.weight]["step"].dtype is torch.float32
    assert unfused.state[model.weight]["step"].dtype is torch.float64
    assert fused.state[model.weight]["step"].item() == 1
