"""Faults in what an optimizer updates."""

from functools import wraps

import torch
from torch import nn

from .. import fault

STEPS = tuple(f"torch.optim.{name}.step" for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad"))


def before_each_step(act):
    """``step()`` of an optimizer that does ``act(parameter)`` with each of its parameters before."""

    @wraps(act)
    def step(original, self, *args, **kwargs):
        for group in self.param_groups:
            for parameter in group["params"]:
                act(parameter)
        return original(self, *args, **kwargs)

    return step


@fault("OPT-01", breaks="torch.optim.AdamW.step")
def AdamW_updates_a_frozen_parameter(original, self, *args, **kwargs):
    for group in self.param_groups:
        for parameter in group["params"]:
            if parameter.grad is None:
                parameter.data.add_(1)
    return original(self, *args, **kwargs)


@fault("GRAD-12", "OPT-02", "OPT-04", "OPT-12", breaks=STEPS)
@before_each_step
def an_optimizer_takes_a_missing_gradient_for_zeros(parameter):
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)


@fault("OPT-12", breaks=STEPS)
@before_each_step
def an_optimizer_takes_a_zero_gradient_for_a_missing_one(parameter):
    if parameter.grad is not None and not parameter.grad.any():
        parameter.grad = None


@fault("OPT-03", breaks=STEPS)
@before_each_step
def an_optimizer_skips_what_does_not_require_grad(parameter):
    """An optimizer doesn't update a frozen parameter that has a gradient."""
    if not parameter.requires_grad:
        parameter.grad = None


@fault("OPT-05", breaks=STEPS)
@before_each_step
def an_optimizer_trains_nothing_but_parameters(parameter):
    if not isinstance(parameter, nn.Parameter):
        parameter.grad = None


@fault("OPT-05", breaks="torch.optim.SGD.__init__")
def an_optimizer_turns_a_buffer_into_a_parameter(original, self, params, *args, **kwargs):
    """An optimizer updates a new parameter instead of the buffer that it is given."""
    original(self, [nn.Parameter(tensor.data) for tensor in params], *args, **kwargs)


@fault("OPT-19", breaks=STEPS)
@before_each_step
def an_optimizer_skips_parameters_without_dimensions(parameter):
    """An optimizer doesn't update a 0-d parameter."""
    if parameter.dim() == 0:
        parameter.grad = None


@fault("OPT-19", breaks=STEPS)
@before_each_step
def an_optimizer_skips_complex_parameters(parameter):
    if parameter.is_complex():
        parameter.grad = None


@fault("OPT-20", breaks=STEPS)
@before_each_step
def a_step_gives_a_parameter_new_storage(parameter):
    parameter.data = parameter.data.clone()


@fault("OPT-06", "OPT-30", breaks="torch.optim.SGD.step")
def only_the_first_group_is_trained(original, self, *args, **kwargs):
    groups, self.param_groups = self.param_groups, self.param_groups[:1]
    original(self, *args, **kwargs)
    self.param_groups = groups


@fault("OPT-07", breaks="torch.nn.Module.__setattr__")
def a_parameter_that_replaces_another_takes_its_values_only(original, self, name, value):
    """Assigning a parameter to another parameter's name changes that one's values."""
    there = vars(self).get("_parameters", {}).get(name)
    if isinstance(value, nn.Parameter) and there is not None and there.shape == value.shape:
        there.data = value.data
    else:
        original(self, name, value)


@fault("OPT-13", breaks="torch.nn.Module.__deepcopy__")
def deepcopy_returns_the_module_itself(original, self, memo):
    """`copy.deepcopy` of a module returns the module itself."""
    return self


@fault("OPT-17", breaks="torch.optim.Optimizer.zero_grad")
def zero_grad_of_an_optimizer_leaves_buffers_out(original, self, *args, **kwargs):
    """`zero_grad()` of an optimizer leaves the gradients of buffers."""
    buffers = [tensor for group in self.param_groups for tensor in group["params"] if type(tensor) is torch.Tensor]
    kept = [buffer.grad for buffer in buffers]
    for buffer in buffers:
        buffer.grad = None
    original(self, *args, **kwargs)
    for buffer, gradient in zip(buffers, kept, strict=True):
        buffer.grad = gradient


@fault("OPT-18", breaks="torch.optim.Optimizer.zero_grad")
def zero_grad_of_an_optimizer_fills_with_zeros_by_default(original, self, set_to_none=False):
    """`zero_grad()` of an optimizer fills gradients with zeros by default."""
    return original(self, set_to_none)
