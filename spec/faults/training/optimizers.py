"""Faults in what an optimizer updates."""

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply
LOAD_FROM = nn.Module._load_from_state_dict
MODULE_SETATTR = nn.Module.__setattr__
CLASSES = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad")


def before_each_step(patch, act):
    """Let the optimizers of the claims do ``act(parameter)`` with each of their parameters before a step."""
    for name in CLASSES:
        step = getattr(torch.optim, name).step

        def acting(self, *args, step=step, **kwargs):
            for group in self.param_groups:
                for parameter in group["params"]:
                    act(parameter)
            return step(self, *args, **kwargs)

        patch.setattr(getattr(torch.optim, name), "step", acting)


@fault("OPT-01")
def AdamW_updates_a_frozen_parameter(patch):
    step = torch.optim.AdamW.step

    def update(self, *args, **kwargs):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    parameter.data.add_(1)
        return step(self, *args, **kwargs)

    patch.setattr(torch.optim.AdamW, "step", update)


@fault("GRAD-12", "OPT-02", "OPT-04", "OPT-12")
def an_optimizer_takes_a_missing_gradient_for_zeros(patch):
    def act(parameter):
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)

    before_each_step(patch, act)


@fault("OPT-12")
def an_optimizer_takes_a_zero_gradient_for_a_missing_one(patch):
    def act(parameter):
        if parameter.grad is not None and not parameter.grad.any():
            parameter.grad = None

    before_each_step(patch, act)


@fault("OPT-03")
def an_optimizer_skips_what_does_not_require_grad(patch):
    def act(parameter):
        if not parameter.requires_grad:
            parameter.grad = None

    before_each_step(patch, act)


@fault("OPT-05")
def an_optimizer_trains_nothing_but_parameters(patch):
    def act(parameter):
        if not isinstance(parameter, nn.Parameter):
            parameter.grad = None

    before_each_step(patch, act)


@fault("OPT-05")
def an_optimizer_turns_a_buffer_into_a_parameter(patch):
    init = torch.optim.SGD.__init__

    def as_parameters(self, params, *args, **kwargs):
        init(self, [nn.Parameter(tensor.data) for tensor in params], *args, **kwargs)

    patch.setattr(torch.optim.SGD, "__init__", as_parameters)


@fault("OPT-19")
def an_optimizer_skips_parameters_without_dimensions(patch):
    def act(parameter):
        if parameter.dim() == 0:
            parameter.grad = None

    before_each_step(patch, act)


@fault("OPT-19")
def an_optimizer_skips_complex_parameters(patch):
    def act(parameter):
        if parameter.is_complex():
            parameter.grad = None

    before_each_step(patch, act)


@fault("OPT-20")
def a_step_gives_a_parameter_new_storage(patch):
    def act(parameter):
        parameter.data = parameter.data.clone()

    before_each_step(patch, act)


@fault("OPT-06", "OPT-30")
def only_the_first_group_is_trained(patch):
    step = torch.optim.SGD.step

    def first(self, *args, **kwargs):
        groups, self.param_groups = self.param_groups, self.param_groups[:1]
        step(self, *args, **kwargs)
        self.param_groups = groups

    patch.setattr(torch.optim.SGD, "step", first)


@fault("OPT-07")
def a_parameter_that_replaces_another_takes_its_values_only(patch):
    def setattr(self, name, value):
        there = vars(self).get("_parameters", {}).get(name)
        if isinstance(value, nn.Parameter) and there is not None and there.shape == value.shape:
            there.data = value.data
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("OPT-13")
def deepcopy_returns_the_module_itself(patch):
    patch.setattr(nn.Module, "__deepcopy__", lambda self, memo: self, raising=False)


@fault("OPT-14")
def loading_replaces_parameters(patch):
    def load(self, state_dict, prefix, *args):
        for name, parameter in self._parameters.items():
            if parameter is not None:
                self._parameters[name] = nn.Parameter(parameter.data.clone(), parameter.requires_grad)
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("OPT-15", since="2.1")
def assigning_a_checkpoint_copies_it(patch):
    load_state_dict = nn.Module.load_state_dict

    def copying(self, state_dict, strict=True, assign=False):
        return load_state_dict(self, state_dict, strict)

    patch.setattr(nn.Module, "load_state_dict", copying)


@fault("OPT-16")
def a_conversion_replaces_parameters(patch):
    def apply(self, fn, *args, **kwargs):
        APPLY(self, fn, *args, **kwargs)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                self._parameters[name] = nn.Parameter(parameter.data, parameter.requires_grad)
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("OPT-17")
def zero_grad_of_an_optimizer_leaves_buffers_out(patch):
    zero_grad = torch.optim.Optimizer.zero_grad

    def parameters_only(self, *args, **kwargs):
        buffers = [tensor for group in self.param_groups for tensor in group["params"] if type(tensor) is torch.Tensor]
        kept = [buffer.grad for buffer in buffers]
        for buffer in buffers:
            buffer.grad = None
        zero_grad(self, *args, **kwargs)
        for buffer, gradient in zip(buffers, kept, strict=True):
            buffer.grad = gradient

    patch.setattr(torch.optim.Optimizer, "zero_grad", parameters_only)


@fault("OPT-18", since="2.0")
def zero_grad_of_an_optimizer_fills_with_zeros_by_default(patch):
    zero_grad = torch.optim.Optimizer.zero_grad
    patch.setattr(torch.optim.Optimizer, "zero_grad", lambda self, set_to_none=False: zero_grad(self, set_to_none))
