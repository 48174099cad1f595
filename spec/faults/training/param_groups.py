"""Faults in what an optimizer takes and refuses."""

import warnings

import torch

from .. import fault


@fault("OPT-08", "OPT-21", breaks="torch.optim.Optimizer.__init__")
def an_optimizer_of_nothing_is_accepted(original, self, params, defaults):
    """An optimizer takes an empty list of parameters and raises nothing."""
    params = params if isinstance(params, torch.Tensor) else list(params) or [torch.zeros(1)]
    original(self, params, defaults)


@fault("OPT-21", breaks="torch.nn.Module.parameters")
def parameters_returns_a_list(original, self, recurse=True):
    """`parameters()` returns a list."""
    return list(original(self, recurse))


@fault("OPT-22", breaks="torch.optim.Optimizer.__init__")
def an_optimizer_takes_a_parameter_that_is_not_in_a_list(original, self, params, defaults):
    """An optimizer takes a single parameter that is not in a list."""
    original(self, [params] if isinstance(params, torch.Tensor) else params, defaults)


@fault("OPT-06", "OPT-23", breaks="torch.optim.Optimizer.add_param_group")
def a_group_takes_the_elements_of_a_parameter_that_is_not_in_a_list(original, self, group):
    original(self, {**group, "params": list(group["params"])} if isinstance(group, dict) else group)


@fault("OPT-25", breaks="torch.optim.Optimizer.add_param_group")
def what_is_no_tensor_is_left_out(original, self, group):
    """An optimizer leaves out what is not a tensor, and raises nothing."""
    if isinstance(group, dict) and isinstance(group["params"], list):
        group["params"] = [value for value in group["params"] if isinstance(value, (torch.Tensor, tuple))]
    original(self, group)


@fault("OPT-26", breaks="torch.optim.Optimizer.add_param_group")
def a_set_of_parameters_is_accepted(original, self, group):
    if isinstance(group, dict) and isinstance(group["params"], set):
        group["params"] = list(group["params"])
    original(self, group)


@fault("OPT-27", breaks="torch.optim.Optimizer.add_param_group")
def a_list_is_accepted_as_a_group(original, self, group):
    return original(self, group if isinstance(group, dict) else {"params": group})


@fault("OPT-25", "OPT-26", "OPT-28", breaks="torch.optim.Optimizer.add_param_group")
def a_group_that_is_refused_is_kept(original, self, group):
    """`add_param_group()` adds a group for which it raises an exception."""
    try:
        original(self, group)
    except (TypeError, ValueError):
        self.param_groups.append(group)
        raise


@fault("OPT-28", breaks="torch.optim.Optimizer.add_param_group")
def a_parameter_may_be_in_two_groups(original, self, group):
    groups, self.param_groups = self.param_groups, []
    original(self, group)
    self.param_groups = groups + self.param_groups


@fault("OPT-29", breaks="torch.optim.Optimizer.add_param_group")
def a_parameter_given_twice_goes_unnoticed(original, self, group):
    """An optimizer that is given a parameter twice doesn't warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original(self, group)


@fault("OPT-30", breaks="torch.optim.Optimizer.add_param_group")
def the_defaults_override_what_a_group_says(original, self, group):
    original(self, group)
    group.update(self.defaults)


@fault("OPT-31", breaks="torch.optim.Optimizer.__init__")
def an_optimizer_holds_its_parameters_in_reverse_order(original, self, params, defaults):
    original(self, params if isinstance(params, torch.Tensor) else list(params)[::-1], defaults)


@fault("OPT-10", "OPT-32", breaks="torch.optim.Optimizer.add_param_group")
def an_optimizer_forgets_the_names_of_parameters(original, self, group):
    original(self, group)
    group.pop("param_names", None)


@fault("OPT-33", breaks="torch.optim.Optimizer.add_param_group")
def a_name_that_is_missing_is_forgiven(original, self, group):
    """An optimizer takes parameters with names and others without in one list, and raises nothing."""
    params = group["params"] if isinstance(group, dict) else []
    if isinstance(params, list) and len({isinstance(param, tuple) for param in params}) == 2:
        group["params"] = [param[1] if isinstance(param, tuple) else param for param in params]
    original(self, group)


@fault("OPT-33", breaks="torch.optim.Optimizer.add_param_group")
def a_group_without_names_joins_groups_with_names(original, self, group):
    if self.param_groups and "param_names" in self.param_groups[0] and isinstance(group["params"], list):
        group["params"] = [("unnamed", param) for param in group["params"]]
    original(self, group)


@fault("OPT-34", breaks="torch.optim.Optimizer.add_param_group")
def an_optimizer_makes_up_names_of_parameters(original, self, group):
    original(self, group)
    group.setdefault("param_names", [str(number) for number in range(len(group["params"]))])
