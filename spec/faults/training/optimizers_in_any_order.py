"""Faults in optimizers that show after a sequence of events, and in their hooks and values."""

import copy

import torch

from .. import fault


@fault("OPT-46", breaks="torch.optim.Optimizer.load_state_dict")
def loading_an_optimizer_keeps_state_that_the_checkpoint_lacks(original, self, saved):
    before = dict(self.state)
    original(self, saved)
    for parameter, state in before.items():
        self.state.setdefault(parameter, state)


@fault("OPT-46", breaks="torch.optim.Optimizer.state_dict")
def the_state_dict_of_an_optimizer_numbers_each_group_from_0(original, self):
    saved = original(self)
    for group in saved["param_groups"]:
        group["params"] = list(range(len(group["params"])))
    return saved


@fault("OPT-47", breaks="torch.optim.Optimizer.register_step_post_hook")
def a_post_hook_of_a_step_runs_before_it(original, self, hook):
    return self.register_step_pre_hook(lambda *arguments: hook(*arguments))


@fault("OPT-48", breaks="torch.optim.Optimizer.register_step_pre_hook")
def the_result_of_a_pre_hook_of_a_step_is_ignored(original, self, hook):
    def ignored(*arguments):
        hook(*arguments)

    return original(self, ignored)


@fault("OPT-49")
def a_pre_hook_of_all_optimizers_runs_at_no_step(patch):
    import torch.optim.optimizer as module

    patch.setattr(module, "_global_optimizer_pre_hooks", {})
    original = module.register_optimizer_step_pre_hook
    hooks = {}

    def register(hook):
        handle = original(hook)
        hooks[handle.id] = hook
        module._global_optimizer_pre_hooks.clear()
        return handle

    patch.setattr(module, "register_optimizer_step_pre_hook", register)


@fault("OPT-50", breaks="torch.optim.Optimizer.register_state_dict_post_hook")
def the_result_of_a_state_dict_hook_of_an_optimizer_is_ignored(original, self, hook, prepend=False):
    def ignored(*arguments):
        hook(*arguments)

    return original(self, ignored, prepend)


@fault("OPT-51", breaks="torch.optim.Optimizer.register_load_state_dict_pre_hook")
def a_load_hook_of_an_optimizer_edits_a_deep_copy_that_is_dropped(original, self, hook, prepend=False):
    """A hook before a load gets a copy of the checkpoint, and what it does to the copy has no effect."""

    def dropped(optimizer, saved):
        hook(optimizer, copy.copy(saved))

    return original(self, dropped, prepend)


@fault(
    "OPT-52",
    breaks=tuple(
        f"torch.optim.Optimizer.register_{kind}_hook"
        for kind in ("state_dict_pre", "state_dict_post", "load_state_dict_pre", "load_state_dict_post")
    ),
)
def a_prepended_hook_of_an_optimizer_runs_last(original, self, hook, prepend=False):
    return original(self, hook)


@fault("OPT-81", breaks="torch.utils.hooks.RemovableHandle.remove")
def the_handle_of_a_hook_removes_nothing(original, self):
    """`remove()` of a handle leaves the hook in place."""


@fault("OPT-53")
def a_copy_of_an_optimizer_shares_its_hooks(patch):
    patch.setattr(torch.optim.Optimizer, "__getstate__", lambda self: {**vars(self)})
    patch.setattr(torch.optim.Optimizer, "__deepcopy__", shared, raising=False)
    patch.setattr(torch.optim.Optimizer, "__reduce_ex__", lambda self, protocol: (remembered, (remember(self),)))


HELD = []


def remember(optimizer):
    HELD.append(optimizer)
    return len(HELD) - 1


def remembered(number):
    return shared(HELD.pop(number), {})


def shared(optimizer, memo):
    copied = object.__new__(type(optimizer))
    hooks = {name: value for name, value in vars(optimizer).items() if name.endswith("_hooks")}
    rest = {name: value for name, value in vars(optimizer).items() if name not in hooks}
    vars(copied).update(copy.deepcopy(rest, memo), **hooks)
    return copied


@fault("OPT-54", breaks="torch.optim.Optimizer.load_state_dict")
def loading_an_optimizer_forgets_the_names_that_the_checkpoint_lacks(original, self, saved):
    original(self, saved)
    for group, loaded in zip(self.param_groups, saved["param_groups"], strict=True):
        if "param_names" not in loaded:
            group.pop("param_names", None)


@fault("OPT-55", breaks="torch.optim.Optimizer.load_state_dict")
def an_optimizer_loads_only_options_that_it_knows(original, self, saved):
    original(self, saved)
    for group in self.param_groups:
        for name in set(group) - set(self.defaults) - {"params"}:
            del group[name]


@fault("OPT-56", breaks="torch.optim.Optimizer.load_state_dict")
def an_optimizer_loads_only_the_state_of_parameters(original, self, saved):
    original(self, saved)
    for key in list(self.state):
        if not isinstance(key, torch.Tensor):
            del self.state[key]


@fault("OPT-57", breaks="torch.optim.Optimizer.load_state_dict")
def the_state_of_a_complex_parameter_becomes_complex(original, self, saved):
    original(self, saved)
    for parameter, state in self.state.items():
        for name, value in state.items() if isinstance(parameter, torch.Tensor) else ():
            state[name] = value.to(parameter.dtype) if parameter.is_complex() else value


@fault("OPT-58", breaks="torch.optim.Optimizer.load_state_dict")
def the_counter_of_steps_is_always_converted(original, self, saved):
    original(self, saved)
    for state in self.state.values():
        if "step" in state:
            state["step"] = state["step"].float()


@fault("OPT-59", breaks="torch.optim.Optimizer.zero_grad")
def zero_grad_of_an_optimizer_makes_new_zeros(original, self, set_to_none=True):
    """`zero_grad(set_to_none=False)` of an optimizer gives a parameter a new tensor of zeros as gradient."""
    for group in self.param_groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else torch.zeros_like(parameter.grad)


@fault("OPT-60", breaks="torch.optim.SGD.step")
def a_step_forgets_the_loss_of_its_closure(original, self, closure=None):
    original(self, closure)


@fault("OPT-61", breaks="torch.optim.Optimizer.step")
def a_step_that_no_class_defines_does_nothing(original, self, closure=None):
    return None


@fault("OPT-62", breaks="torch.optim.Optimizer.add_param_group")
def an_option_that_is_required_is_made_up(original, self, group):
    for name, default in self.defaults.items():
        if repr(default).startswith("<required"):
            group.setdefault(name, 0.1)
    original(self, group)


@fault("OPT-63", breaks="torch.optim.Optimizer.add_param_group")
def an_optimizer_takes_no_tensor_with_a_grad_fn(original, self, group):
    original(self, group)
    if any(getattr(parameter, "grad_fn", None) is not None for parameter in group["params"]):
        self.param_groups.pop()
        raise ValueError("can't optimize a non-leaf Tensor")


@fault("OPT-64", breaks="torch.optim.Optimizer.state_dict")
def a_parameter_that_is_twice_in_a_group_has_the_number_of_the_first_one(original, self):
    saved = original(self)
    for group in saved["param_groups"]:
        group["params"] = list(range(min(group["params"]), min(group["params"]) + len(group["params"])))
    return saved


@fault("OPT-66", breaks="torch.optim.Optimizer.load_state_dict")
def a_string_in_the_state_of_a_parameter_is_loaded(original, self, saved):
    original(self, saved)
    parameters = [parameter for group in self.param_groups for parameter in group["params"]]
    for number, state in saved["state"].items():
        for name, value in state.items() if isinstance(number, int) else ():
            if isinstance(value, str):
                self.state[parameters[number]][name] = value
