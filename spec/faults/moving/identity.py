"""Faults in which objects a conversion keeps and which it replaces."""

import torch
from torch import nn
from torch.optim import Optimizer

from .. import fault

REPLACE_MODE = "torch.__future__.get_overwrite_module_params_on_conversion"

APPLY = nn.Module._apply


@fault("MOVE-06", "MOVE-08", "MOVE-34", "MOVE-35", "MOVE-38", "MOVE-49", "META-12", "META-16", breaks=REPLACE_MODE)
def a_conversion_replaces_every_parameter(original):
    return True


@fault("MOVE-07", "MOVE-19", breaks="torch.nn.Module._apply")
def a_conversion_changes_a_buffer_in_place(original, self, fn, *args, **kwargs):
    before = dict(self._buffers)
    original(self, fn, *args, **kwargs)
    for name, buffer in before.items():
        if buffer is not None and buffer.device == self._buffers[name].device:
            buffer.data = self._buffers[name].data
            self._buffers[name] = buffer
    return self


@fault("MOVE-08", breaks="torch.nn.Module._apply")
def a_conversion_with_nothing_to_do_copies(original, self, fn, *args, **kwargs):
    def copying(tensor):
        converted = fn(tensor)
        return converted.clone() if converted is tensor else converted

    return original(self, copying, *args, **kwargs)


@fault("MOVE-33")
def a_conversion_converts_every_tensor_that_shares_the_memory(patch):
    """A conversion converts the tensors that share memory with a parameter or buffer, too."""
    make = torch.Tensor.detach
    views = {}

    def detach(self):
        view = make(self)
        views[id(self)] = view
        return view

    def double(self):
        for parameter in [*self.parameters(), *self.buffers()]:
            if id(parameter) in views:
                views[id(parameter)].data = views[id(parameter)].double()
        return APPLY(self, lambda tensor: tensor.double() if tensor.is_floating_point() else tensor)

    patch.setattr(torch.Tensor, "detach", detach)
    patch.setattr(nn.Module, "double", double)


@fault("MOVE-34", breaks="torch.nn.Module.double")
def a_conversion_counts_as_an_in_place_change(original, self):
    """A conversion counts as a change in place for autograd."""
    nn.Module._apply(self, lambda tensor: tensor.double() if tensor.is_floating_point() else tensor)
    with torch.no_grad():
        for parameter in self.parameters():
            parameter.mul_(1)
    return self


@fault("MOVE-22", "MOVE-36", breaks="torch.nn.Module._apply")
def a_buffer_keeps_its_attributes_in_a_conversion(original, self, fn, *args, **kwargs):
    """A converted buffer has the attributes of the one before."""
    before = dict(self._buffers)
    original(self, fn, *args, **kwargs)
    for name, buffer in before.items():
        if buffer is not None:
            vars(self._buffers[name]).update(vars(buffer))
    return self


@fault("MOVE-09", "MOVE-37", "MOVE-51", breaks="torch.nn.Module._apply")
def a_parameter_that_is_replaced_is_frozen(original, self, fn, *args, **kwargs):
    before = dict(self._parameters)
    original(self, fn, *args, **kwargs)
    for name, parameter in self._parameters.items():
        if parameter is not before[name]:
            parameter.requires_grad_(False)
    return self


@fault("MOVE-21")
def a_conversion_converts_the_state_of_every_optimizer(patch):
    made = []
    init = Optimizer.__init__

    def remembered(self, *args, **kwargs):
        init(self, *args, **kwargs)
        made.append(self)

    def double(self):
        for optimizer in made:
            for state in optimizer.state.values():
                state.update({name: value.double() for name, value in state.items() if torch.is_tensor(value)})
        return APPLY(self, lambda tensor: tensor.double() if tensor.is_floating_point() else tensor)

    patch.setattr(Optimizer, "__init__", remembered)
    patch.setattr(nn.Module, "double", double)
