"""Faults in what an optimizer takes and refuses."""

import warnings

import torch
from torch import nn

from .. import fault

ADD = torch.optim.Optimizer.add_param_group
INIT = torch.optim.Optimizer.__init__
PARAMETERS = nn.Module.parameters


@fault("OPT-08", "OPT-21")
def an_optimizer_of_nothing_is_accepted(patch):
    def init(self, params, defaults):
        params = params if isinstance(params, torch.Tensor) else list(params) or [torch.zeros(1)]
        INIT(self, params, defaults)

    patch.setattr(torch.optim.Optimizer, "__init__", init)


@fault("OPT-21")
def parameters_returns_a_list(patch):
    patch.setattr(nn.Module, "parameters", lambda self, recurse=True: list(PARAMETERS(self, recurse)))


@fault("OPT-22")
def an_optimizer_takes_a_parameter_that_is_not_in_a_list(patch):
    def init(self, params, defaults):
        INIT(self, [params] if isinstance(params, torch.Tensor) else params, defaults)

    patch.setattr(torch.optim.Optimizer, "__init__", init)


@fault("OPT-06", "OPT-23")
def a_group_takes_the_elements_of_a_parameter_that_is_not_in_a_list(patch):
    def add(self, group):
        ADD(self, {**group, "params": list(group["params"])} if isinstance(group, dict) else group)

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault("OPT-25")
def what_is_no_tensor_is_left_out(patch):
    def add(self, group):
        if isinstance(group, dict) and isinstance(group["params"], list):
            group["params"] = [value for value in group["params"] if isinstance(value, (torch.Tensor, tuple))]
        ADD(self, group)

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault("OPT-26")
def a_set_of_parameters_is_accepted(patch):
    def add(self, group):
        if isinstance(group, dict) and isinstance(group["params"], set):
            group["params"] = list(group["params"])
        ADD(self, group)

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault("OPT-27", since="2.1")
def a_list_is_accepted_as_a_group(patch):
    patch.setattr(
        torch.optim.Optimizer,
        "add_param_group",
        lambda self, group: ADD(self, group if isinstance(group, dict) else {"params": group}),
    )


@fault("OPT-25", "OPT-26", "OPT-28")
def a_group_that_is_refused_is_kept(patch):
    def add(self, group):
        try:
            ADD(self, group)
        except (TypeError, ValueError):
            self.param_groups.append(group)
            raise

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault("OPT-28")
def a_parameter_may_be_in_two_groups(patch):
    def add(self, group):
        groups, self.param_groups = self.param_groups, []
        ADD(self, group)
        self.param_groups = groups + self.param_groups

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault("OPT-11")
def parameters_lists_a_tied_parameter_twice(patch):
    def parameters(self, recurse=True):
        for module in self.modules() if recurse else [self]:
            yield from (parameter for parameter in module._parameters.values() if parameter is not None)

    patch.setattr(nn.Module, "parameters", parameters)


@fault("OPT-29")
def a_parameter_given_twice_goes_unnoticed(patch):
    def add(self, group):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ADD(self, group)

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault("OPT-30")
def the_defaults_override_what_a_group_says(patch):
    def add(self, group):
        ADD(self, group)
        group.update(self.defaults)

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault("OPT-31")
def an_optimizer_holds_its_parameters_in_reverse_order(patch):
    def init(self, params, defaults):
        INIT(self, params if isinstance(params, torch.Tensor) else list(params)[::-1], defaults)

    patch.setattr(torch.optim.Optimizer, "__init__", init)


@fault("OPT-10", "OPT-32", since="2.6")
def an_optimizer_forgets_the_names_of_parameters(patch):
    def add(self, group):
        ADD(self, group)
        group.pop("param_names", None)

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault("OPT-33", since="2.6")
def a_name_that_is_missing_is_forgiven(patch):
    def add(self, group):
        params = group["params"] if isinstance(group, dict) else []
        if isinstance(params, list) and len({isinstance(param, tuple) for param in params}) == 2:
            group["params"] = [param[1] if isinstance(param, tuple) else param for param in params]
        ADD(self, group)

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault("OPT-33", since="2.6")
def a_group_without_names_joins_groups_with_names(patch):
    def add(self, group):
        if self.param_groups and "param_names" in self.param_groups[0] and isinstance(group["params"], list):
            group["params"] = [("unnamed", param) for param in group["params"]]
        ADD(self, group)

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)


@fault("OPT-34")
def an_optimizer_makes_up_names_of_parameters(patch):
    def add(self, group):
        ADD(self, group)
        group.setdefault("param_names", [str(number) for number in range(len(group["params"]))])

    patch.setattr(torch.optim.Optimizer, "add_param_group", add)
