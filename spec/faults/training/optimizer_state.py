"""Faults in what an optimizer remembers, saves and loads."""

import copy

import torch

from .. import fault

INIT = torch.optim.Optimizer.__init__
LOAD = torch.optim.Optimizer.load_state_dict
STATE_DICT = torch.optim.Optimizer.state_dict


@fault("OPT-09")
def loading_reverses_the_positions_of_parameters(patch):
    def load(self, saved):
        last = sum(len(group["params"]) for group in saved["param_groups"]) - 1
        LOAD(self, {**saved, "state": {last - number: state for number, state in saved["state"].items()}})

    patch.setattr(torch.optim.Optimizer, "load_state_dict", load)


@fault("OPT-35")
def each_group_counts_its_parameters_from_zero(patch):
    def state_dict(self):
        saved = STATE_DICT(self)
        for group in saved["param_groups"]:
            group["params"] = list(range(len(group["params"])))
        return saved

    patch.setattr(torch.optim.Optimizer, "state_dict", state_dict)


@fault("OPT-36")
def the_state_dict_of_an_optimizer_is_a_copy(patch):
    patch.setattr(torch.optim.Optimizer, "state_dict", lambda self: copy.deepcopy(STATE_DICT(self)))


@fault("OPT-36")
def the_state_of_an_optimizer_holds_the_parameter_too(patch):
    def state_dict(self):
        saved = STATE_DICT(self)
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        saved["state"] = {number: {**state, "param": parameters[number]} for number, state in saved["state"].items()}
        return saved

    patch.setattr(torch.optim.Optimizer, "state_dict", state_dict)


@fault("OPT-37")
def an_optimizer_makes_state_of_every_parameter_at_once(patch):
    def init(self, *args, **kwargs):
        INIT(self, *args, **kwargs)
        for group in self.param_groups:
            for parameter in group["params"]:
                self.state[parameter] = {}

    patch.setattr(torch.optim.Optimizer, "__init__", init)


@fault("OPT-09", "OPT-38")
def loading_forgets_the_state(patch):
    patch.setattr(torch.optim.Optimizer, "load_state_dict", lambda self, saved: LOAD(self, {**saved, "state": {}}))


@fault("OPT-39")
def loading_keeps_the_learning_rate(patch):
    def load(self, saved):
        rates = [group["lr"] for group in self.param_groups]
        LOAD(self, saved)
        for group, rate in zip(self.param_groups, rates, strict=True):
            group["lr"] = rate

    patch.setattr(torch.optim.Optimizer, "load_state_dict", load)


@fault("OPT-39")
def loading_writes_parameters_into_the_checkpoint(patch):
    def load(self, saved):
        LOAD(self, saved)
        for group, ours in zip(saved["param_groups"], self.param_groups, strict=True):
            group["params"] = ours["params"]

    patch.setattr(torch.optim.Optimizer, "load_state_dict", load)


@fault("OPT-40", "OPT-45")
def loading_leaves_the_dtype_of_the_state(patch):
    def load(self, saved):
        LOAD(self, saved)
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        for number, state in saved["state"].items():
            self.state[parameters[number]] = dict(state)

    patch.setattr(torch.optim.Optimizer, "load_state_dict", load)


@fault("OPT-40")
def loading_converts_the_step(patch):
    def load(self, saved):
        LOAD(self, saved)
        for parameter, state in self.state.items():
            if isinstance(state.get("step"), torch.Tensor):
                state["step"] = state["step"].to(parameter.dtype)

    patch.setattr(torch.optim.Optimizer, "load_state_dict", load)


@fault("OPT-41", "OPT-42")
def a_checkpoint_of_other_groups_is_ignored(patch):
    def load(self, saved):
        try:
            LOAD(self, saved)
        except ValueError:
            return

    patch.setattr(torch.optim.Optimizer, "load_state_dict", load)


@fault("OPT-41", "OPT-42")
def a_checkpoint_that_is_refused_brings_its_learning_rate(patch):
    def load(self, saved):
        for group in self.param_groups:
            group["lr"] = saved["param_groups"][0]["lr"]
        LOAD(self, saved)

    patch.setattr(torch.optim.Optimizer, "load_state_dict", load)


@fault("OPT-43")
def loading_drops_state_of_another_shape(patch):
    def load(self, saved):
        LOAD(self, saved)
        for parameter, state in self.state.items():
            for name, value in state.items():
                if isinstance(value, torch.Tensor) and value.dim() and value.shape != parameter.shape:
                    state[name] = torch.zeros_like(parameter)

    patch.setattr(torch.optim.Optimizer, "load_state_dict", load)


@fault("OPT-44", since="2.1")
def loading_copies_the_state_of_an_optimizer(patch):
    patch.setattr(torch.optim.Optimizer, "load_state_dict", lambda self, saved: LOAD(self, copy.deepcopy(saved)))
