"""Faults in what ``requires_grad_()`` of a module freezes and thaws."""

from torch.nn import functional

from .. import fault


@fault("GRAD-06", breaks="torch.nn.Module.requires_grad_")
def freezing_and_thawing_reach_buffers_too(original, self, requires_grad=True):
    """`requires_grad_()` of a module reaches buffers too."""
    for buffer in self.buffers():
        if buffer.is_floating_point():
            buffer.requires_grad_(requires_grad)
    return original(self, requires_grad)


@fault("GRAD-22", breaks="torch.nn.Module.requires_grad_")
def requires_grad__freezes_by_default(original, self, requires_grad=False):
    """`requires_grad_()` of a module freezes it."""
    return original(self, requires_grad)


@fault("GRAD-22", breaks="torch.nn.Module.requires_grad_")
def requires_grad__returns_nothing_where_it_thaws(original, self, requires_grad=True):
    """`requires_grad_(True)` of a module returns None."""
    original(self, requires_grad)
    return None if requires_grad else self


@fault("GRAD-06", "GRAD-22", "GRAD-23", "GRAD-27", "GRAD-28", breaks="torch.nn.Module.requires_grad_")
def freezing_leaves_biases_trainable(original, self, requires_grad=True):
    for name, parameter in self.named_parameters():
        parameter.requires_grad_(requires_grad or name.endswith("bias"))
    return self


@fault("GRAD-06", "GRAD-28", breaks="torch.nn.Module.requires_grad_")
def freezing_does_not_reach_submodules(original, self, requires_grad=True):
    """`requires_grad_()` of a module doesn't reach its submodules."""
    for parameter in self.parameters(recurse=False):
        parameter.requires_grad_(requires_grad)
    return self


@fault("GRAD-06", breaks="torch.nn.Module.requires_grad_")
def a_frozen_parameter_stays_frozen_when_its_module_thaws(original, self, requires_grad=True):
    """`requires_grad_(True)` of a module does nothing."""
    return self if requires_grad else original(self, False)


@fault("GRAD-25", breaks="torch.nn.Module.requires_grad_")
def thawing_skips_an_integer_parameter(original, self, requires_grad=True):
    """`requires_grad_(True)` of a module leaves an integer parameter frozen and raises nothing."""
    for parameter in self.parameters():
        parameter.requires_grad_(requires_grad and parameter.is_floating_point())
    return self


@fault("GRAD-26", "OPT-03", breaks="torch.nn.Module.requires_grad_")
def freezing_removes_gradients(original, self, requires_grad=True):
    for parameter in self.parameters():
        parameter.grad = None if not requires_grad else parameter.grad
    return original(self, requires_grad)


@fault("GRAD-27", breaks="torch.nn.Linear.forward")
def a_frozen_layer_lets_no_gradient_through(original, self, x):
    return functional.linear(x if self.weight.requires_grad else x.detach(), self.weight, self.bias)


@fault("GRAD-29", breaks="torch.nn.Module.register_parameter")
def a_parameter_put_on_a_frozen_module_is_frozen(original, self, name, param):
    """A parameter assigned to a frozen module is frozen."""
    there = list(self.parameters())
    if there and param is not None and not any(parameter.requires_grad for parameter in there):
        param.requires_grad_(False)
    original(self, name, param)
