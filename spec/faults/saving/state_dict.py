"""Faults in what a state dict holds."""

from collections import OrderedDict

import torch

from .. import fault


class Live(OrderedDict):
    """A state dict from which a key is popped together with what ``module`` has by that name."""

    def pop(self, name):
        delattr(self.module, name)
        return super().pop(name)


@fault("SD-01", breaks="torch.nn.Module._save_to_state_dict")
def a_frozen_parameter_is_not_saved(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    for name, parameter in self._parameters.items():
        if parameter is not None and not parameter.requires_grad:
            del destination[prefix + name]


@fault("SD-02", "IDIOM-02", breaks="torch.nn.Module._save_to_state_dict")
def an_integer_buffer_is_not_saved(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    for name, buffer in self._buffers.items():
        if buffer is not None and buffer.dtype is torch.int64:
            destination.pop(prefix + name, None)


@fault("SD-03", "IDIOM-07", "SER-11", breaks="torch.nn.Module._save_to_state_dict")
def a_non_persistent_buffer_is_saved(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    for name in self._non_persistent_buffers_set:
        destination[prefix + name] = self._buffers[name].detach()


@fault("SD-04", breaks="torch.nn.Module._save_to_state_dict")
def a_plain_attribute_is_saved(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    tensors = {name: value for name, value in vars(self).items() if isinstance(value, torch.Tensor)}
    destination.update({prefix + name: value for name, value in tensors.items()})


@fault("SD-06", breaks="torch.nn.Module._save_to_state_dict")
def state_dict_copies_the_values(original, self, destination, prefix, keep_vars):
    """`state_dict()` copies the values."""
    original(self, destination, prefix, keep_vars)
    for name in [*self._parameters, *self._buffers]:
        if prefix + name in destination:
            destination[prefix + name] = destination[prefix + name].clone()


@fault("SD-08", breaks="torch.nn.Module._save_to_state_dict")
def state_dict_does_not_detach(original, self, destination, prefix, keep_vars):
    """`state_dict()` doesn't detach the values."""
    original(self, destination, prefix, True)


@fault("SD-13", breaks="torch.nn.Module._save_to_state_dict")
def an_evaluated_module_saves_no_buffers(original, self, destination, prefix, keep_vars):
    """The state dict of a module in eval mode has no buffers."""
    original(self, destination, prefix, keep_vars)
    for name in () if self.training else self._buffers:
        destination.pop(prefix + name, None)


@fault("SD-05", breaks="torch.nn.Module._save_to_state_dict")
def what_is_None_is_saved(original, self, destination, prefix, keep_vars):
    """A parameter or buffer that is None is in the state dict."""
    original(self, destination, prefix, keep_vars)
    for name, value in [*self._parameters.items(), *self._buffers.items()]:
        if value is None:
            destination[prefix + name] = None


@fault("SD-14", breaks="torch.nn.Module._save_to_state_dict")
def a_submodule_that_is_None_is_saved(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    for name, module in self._modules.items():
        if module is None:
            destination[prefix + name] = None


@fault("SD-07", breaks="torch.nn.Module.__setattr__")
def assigning_a_tensor_to_a_buffer_writes_into_the_buffer(original, self, name, value):
    """Assigning a tensor to a buffer's name changes the buffer in place."""
    buffer = vars(self).get("_buffers", {}).get(name)
    if isinstance(value, torch.Tensor) and buffer is not None and buffer.shape == value.shape:
        buffer.detach().copy_(value)
    else:
        original(self, name, value)


@fault("SD-15", breaks="torch.nn.Module.state_dict")
def the_values_of_a_state_dict_are_copies(original, self, *args, **kwargs):
    saved = original(self, *args, **kwargs)
    if not kwargs.get("keep_vars") and not kwargs.get("prefix"):
        for name, value in saved.items():
            saved[name] = value.clone() if isinstance(value, torch.Tensor) else value
    return saved


@fault("SD-16", breaks="torch.nn.Module.state_dict")
def a_key_that_is_popped_from_a_state_dict_is_gone_from_the_module(original, self, *args, **kwargs):
    saved = original(self, *args, **kwargs)
    if args or kwargs:
        return saved
    live = Live(saved)
    live._metadata, live.module = saved._metadata, self
    return live


@fault("SD-09", "SD-11", breaks="torch.nn.Module._save_to_state_dict")
def keep_vars_detaches_parameters(original, self, destination, prefix, keep_vars):
    """`state_dict(keep_vars=True)` detaches parameters."""
    original(self, destination, prefix, keep_vars)
    for name, parameter in self._parameters.items():
        if parameter is not None:
            destination[prefix + name] = parameter.detach()


@fault("SD-09", breaks="torch.nn.Module._save_to_state_dict")
def keep_vars_detaches_buffers(original, self, destination, prefix, keep_vars):
    """`state_dict(keep_vars=True)` detaches buffers."""
    original(self, destination, prefix, keep_vars)
    for name in set(self._buffers) & {key.removeprefix(prefix) for key in destination}:
        destination[prefix + name] = self._buffers[name].detach()


@fault("SD-10", breaks="torch.nn.Module.state_dict")
def a_tied_tensor_is_saved_once(original, self, *args, **kwargs):
    saved = original(self, *args, **kwargs)
    seen = set()
    for name, value in list(saved.items()):
        if isinstance(value, torch.Tensor) and value.data_ptr() and value.data_ptr() in seen:
            del saved[name]
        elif isinstance(value, torch.Tensor):
            seen.add(value.data_ptr())
    return saved


@fault("SD-11", breaks="torch.nn.Module._save_to_state_dict")
def gradients_are_saved(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    for name, parameter in self._parameters.items():
        if parameter is not None and parameter.grad is not None:
            destination[f"{prefix}{name}.grad"] = parameter.grad


@fault("SD-12", breaks="torch.nn.Module.state_dict")
def the_mode_travels_with_the_metadata(original, self, *args, **kwargs):
    """The `_metadata` of a state dict holds the training mode."""
    saved = original(self, *args, **kwargs)
    if hasattr(saved, "_metadata") and not self.training:
        saved._metadata[""]["training"] = False
    return saved


@fault("SD-17", "LOAD-30", breaks="torch.nn.Module._save_to_state_dict")
def buffers_are_saved_before_parameters(original, self, destination, prefix, keep_vars):
    saved = {}
    original(self, saved, prefix, keep_vars)
    names = sorted(saved, key=lambda key: key.removeprefix(prefix) in self._parameters)
    destination.update({name: saved[name] for name in names})


@fault("SD-18", breaks="torch.nn.Module._save_to_state_dict")
def the_values_of_a_state_dict_are_contiguous(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    for name in set(destination):
        if isinstance(destination[name], torch.Tensor) and not destination[name].is_contiguous():
            destination[name] = destination[name].contiguous()


@fault("SD-15", breaks="torch.nn.Module._save_to_state_dict")
def autograd_does_not_see_what_is_written_into_a_state_dict(original, self, destination, prefix, keep_vars):
    """A change in place of a state dict's value goes unnoticed by autograd."""
    original(self, destination, prefix, keep_vars)
    if not keep_vars:
        own = [prefix + name for name in (*self._parameters, *self._buffers)]
        destination.update({key: destination[key].data for key in own if key in destination})
