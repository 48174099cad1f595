"""Faults in what ``requires_grad_()`` of a module freezes and thaws."""

from torch import nn
from torch.nn import functional

from .. import fault

REQUIRES_GRAD = nn.Module.requires_grad_
REGISTER_PARAMETER = nn.Module.register_parameter


@fault("GRAD-06", "GRAD-24")
def freezing_and_thawing_reach_buffers_too(patch):
    def requires_grad_(self, requires_grad=True):
        for buffer in self.buffers():
            if buffer.is_floating_point():
                buffer.requires_grad_(requires_grad)
        return REQUIRES_GRAD(self, requires_grad)

    patch.setattr(nn.Module, "requires_grad_", requires_grad_)


@fault("GRAD-22")
def requires_grad__freezes_by_default(patch):
    patch.setattr(nn.Module, "requires_grad_", lambda self, requires_grad=False: REQUIRES_GRAD(self, requires_grad))


@fault("GRAD-22")
def requires_grad__returns_nothing_where_it_thaws(patch):
    def requires_grad_(self, requires_grad=True):
        REQUIRES_GRAD(self, requires_grad)
        return None if requires_grad else self

    patch.setattr(nn.Module, "requires_grad_", requires_grad_)


@fault("GRAD-06", "GRAD-22", "GRAD-23", "GRAD-27", "GRAD-28")
def freezing_leaves_biases_trainable(patch):
    def requires_grad_(self, requires_grad=True):
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(requires_grad or name.endswith("bias"))
        return self

    patch.setattr(nn.Module, "requires_grad_", requires_grad_)


@fault("GRAD-06", "GRAD-28")
def freezing_does_not_reach_submodules(patch):
    def requires_grad_(self, requires_grad=True):
        for parameter in self.parameters(recurse=False):
            parameter.requires_grad_(requires_grad)
        return self

    patch.setattr(nn.Module, "requires_grad_", requires_grad_)


@fault("GRAD-24")
def a_frozen_parameter_stays_frozen_when_its_module_thaws(patch):
    def requires_grad_(self, requires_grad=True):
        return self if requires_grad else REQUIRES_GRAD(self, False)

    patch.setattr(nn.Module, "requires_grad_", requires_grad_)


@fault("GRAD-25")
def thawing_skips_an_integer_parameter(patch):
    def requires_grad_(self, requires_grad=True):
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad and parameter.is_floating_point())
        return self

    patch.setattr(nn.Module, "requires_grad_", requires_grad_)


@fault("GRAD-26", "OPT-03")
def freezing_removes_gradients(patch):
    def requires_grad_(self, requires_grad=True):
        for parameter in self.parameters():
            parameter.grad = None if not requires_grad else parameter.grad
        return REQUIRES_GRAD(self, requires_grad)

    patch.setattr(nn.Module, "requires_grad_", requires_grad_)


@fault("GRAD-27")
def a_frozen_layer_lets_no_gradient_through(patch):
    def forward(self, x):
        return functional.linear(x if self.weight.requires_grad else x.detach(), self.weight, self.bias)

    patch.setattr(nn.Linear, "forward", forward)


@fault("GRAD-29")
def a_parameter_put_on_a_frozen_module_is_frozen(patch):
    def register_parameter(self, name, param):
        there = list(self.parameters())
        if there and param is not None and not any(parameter.requires_grad for parameter in there):
            param.requires_grad_(False)
        REGISTER_PARAMETER(self, name, param)

    patch.setattr(nn.Module, "register_parameter", register_parameter)
