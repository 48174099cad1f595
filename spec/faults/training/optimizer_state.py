"""Faults in what an optimizer remembers, saves and loads."""

import copy

import torch

from .. import fault


@fault("OPT-09", breaks="torch.optim.Optimizer.load_state_dict")
def loading_reverses_the_positions_of_parameters(original, self, saved):
    """`load_state_dict()` of an optimizer takes the state in reverse order."""
    last = sum(len(group["params"]) for group in saved["param_groups"]) - 1
    original(self, {**saved, "state": {last - number: state for number, state in saved["state"].items()}})


@fault("OPT-35", breaks="torch.optim.Optimizer.state_dict")
def each_group_counts_its_parameters_from_zero(original, self):
    saved = original(self)
    for group in saved["param_groups"]:
        group["params"] = list(range(len(group["params"])))
    return saved


@fault("OPT-36", breaks="torch.optim.Optimizer.state_dict")
def the_state_dict_of_an_optimizer_is_a_copy(original, self):
    return copy.deepcopy(original(self))


@fault("OPT-36", breaks="torch.optim.Optimizer.state_dict")
def the_state_of_an_optimizer_holds_the_parameter_too(original, self):
    saved = original(self)
    parameters = [parameter for group in self.param_groups for parameter in group["params"]]
    saved["state"] = {number: {**state, "param": parameters[number]} for number, state in saved["state"].items()}
    return saved


@fault("OPT-37", breaks="torch.optim.Optimizer.__init__")
def an_optimizer_makes_state_of_every_parameter_at_once(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    for group in self.param_groups:
        for parameter in group["params"]:
            self.state[parameter] = {}


@fault("OPT-09", "OPT-38", breaks="torch.optim.Optimizer.load_state_dict")
def loading_forgets_the_state(original, self, saved):
    """`load_state_dict()` of an optimizer drops the state."""
    return original(self, {**saved, "state": {}})


@fault("OPT-39", breaks="torch.optim.Optimizer.load_state_dict")
def loading_keeps_the_learning_rate(original, self, saved):
    """`load_state_dict()` of an optimizer keeps its learning rate."""
    rates = [group["lr"] for group in self.param_groups]
    original(self, saved)
    for group, rate in zip(self.param_groups, rates, strict=True):
        group["lr"] = rate


@fault("OPT-39", breaks="torch.optim.Optimizer.load_state_dict")
def loading_writes_parameters_into_the_checkpoint(original, self, saved):
    """`load_state_dict()` of an optimizer writes its parameters into the checkpoint."""
    original(self, saved)
    for group, ours in zip(saved["param_groups"], self.param_groups, strict=True):
        group["params"] = ours["params"]


@fault("OPT-40", "OPT-45", breaks="torch.optim.Optimizer.load_state_dict")
def loading_leaves_the_dtype_of_the_state(original, self, saved):
    """`load_state_dict()` of an optimizer doesn't convert the state."""
    original(self, saved)
    parameters = [parameter for group in self.param_groups for parameter in group["params"]]
    for number, state in saved["state"].items():
        self.state[parameters[number]] = dict(state)


@fault("OPT-40", breaks="torch.optim.Optimizer.load_state_dict")
def loading_converts_the_step(original, self, saved):
    """`load_state_dict()` of an optimizer converts `step` to the dtype of the parameter."""
    original(self, saved)
    for parameter, state in self.state.items():
        if isinstance(state.get("step"), torch.Tensor):
            state["step"] = state["step"].to(parameter.dtype)


@fault("OPT-41", "OPT-42", breaks="torch.optim.Optimizer.load_state_dict")
def a_checkpoint_of_other_groups_is_ignored(original, self, saved):
    """`load_state_dict()` of an optimizer ignores a checkpoint with other groups and raises nothing."""
    try:
        original(self, saved)
    except ValueError:
        return


@fault("OPT-41", "OPT-42", breaks="torch.optim.Optimizer.load_state_dict")
def a_checkpoint_that_is_refused_brings_its_learning_rate(original, self, saved):
    """`load_state_dict()` of an optimizer takes the learning rate from a checkpoint that raises `ValueError`."""
    for group in self.param_groups:
        group["lr"] = saved["param_groups"][0]["lr"]
    original(self, saved)


@fault("OPT-43", breaks="torch.optim.Optimizer.load_state_dict")
def loading_drops_state_of_another_shape(original, self, saved):
    """`load_state_dict()` of an optimizer resets state of another shape than the parameter's."""
    original(self, saved)
    for parameter, state in self.state.items():
        for name, value in state.items():
            if isinstance(value, torch.Tensor) and value.dim() and value.shape != parameter.shape:
                state[name] = torch.zeros_like(parameter)


@fault("OPT-44", breaks="torch.optim.Optimizer.load_state_dict")
def loading_copies_the_state_of_an_optimizer(original, self, saved):
    return original(self, copy.deepcopy(saved))


@fault("OPT-73", breaks="torch.optim.Adam.step")
def Adam_counts_steps_in_float32(original, self, *args, **options):
    """Adam counts its steps in a tensor of `torch.float32` whatever the default dtype is."""
    result = original(self, *args, **options)
    for state in self.state.values():
        state["step"] = state["step"].float()
    return result


@fault("OPT-73", "OPT-82", breaks="torch.optim.Adam.step")
def Adam_counts_steps_in_the_default_dtype(original, self, *args, **options):
    """Adam counts its steps in a tensor of the default dtype."""
    result = original(self, *args, **options)
    for state in self.state.values():
        state["step"] = state["step"].to(torch.get_default_dtype())
    return result
