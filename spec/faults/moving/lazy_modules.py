"""Faults in lazy modules."""

import warnings

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter

from .. import fault


@fault("META-06", "META-26", "META-37", breaks="torch.nn.modules.lazy.LazyModuleMixin._infer_parameters")
def a_lazy_module_stays_lazy(original, self, module, *args):
    Lazy = type(module)
    original(self, module, *args)
    module.__class__ = Lazy


@fault("META-20", "META-29", breaks="torch.nn.modules.lazy.LazyModuleMixin._infer_parameters")
def a_lazy_module_is_initialized_at_every_forward(original, self, module, *args):
    initialize = type(module).initialize_parameters
    original(self, module, *args)
    module.register_forward_pre_hook(lambda module, args: initialize(module, *args))


@fault("META-07", "META-08", breaks="torch.nn.modules.lazy.LazyModuleMixin._infer_parameters")
def the_first_forward_replaces_parameters_and_buffers(original, self, module, *args):
    original(self, module, *args)
    for name, parameter in module._parameters.items():
        if parameter is not None:
            module._parameters[name] = nn.Parameter(parameter.data, parameter.requires_grad)
    for name, buffer in module._buffers.items():
        module._buffers[name] = buffer.clone()


@fault("META-30", breaks="torch.nn.modules.lazy.LazyModuleMixin._infer_parameters")
def initialize_parameters_gets_no_keyword_arguments(original, self, module, args, kwargs=None):
    """`initialize_parameters()` is called without the keyword arguments of the forward."""
    return original(self, module, args)


@fault("META-23", breaks="torch.nn.Module._apply")
def a_move_to_meta_keeps_a_parameter_uninitialized(original, self, fn, *args, **kwargs):
    before = dict(self._parameters)
    original(self, fn, *args, **kwargs)
    for name, parameter in before.items():
        if type(parameter) is UninitializedParameter and self._parameters[name].is_meta:
            self._parameters[name] = UninitializedParameter(parameter.requires_grad, "meta")
    return self


@fault("META-27", breaks="torch.nn.modules.lazy.LazyModuleMixin.initialize_parameters")
def initialize_parameters_need_not_be_implemented(original, self, *args, **kwargs):
    """A lazy module need not implement `initialize_parameters()`."""


@fault("META-28", "META-31", breaks="torch.nn.modules.lazy.LazyModuleMixin.has_uninitialized_params")
def nothing_is_ever_uninitialized(original, self):
    """`has_uninitialized_params()` is always false."""
    return False


@fault("META-31", breaks="torch.nn.modules.lazy.LazyModuleMixin.has_uninitialized_params")
def has_uninitialized_params_looks_at_parameters_only(original, self):
    """`has_uninitialized_params()` overlooks buffers."""
    return any(type(parameter) is UninitializedParameter for parameter in self._parameters.values())


@fault("META-32", breaks="torch.nn.modules.lazy.LazyModuleMixin._replicate_for_data_parallel")
def a_lazy_module_can_be_replicated(original, self):
    return nn.Module._replicate_for_data_parallel(self)


@fault("META-33", breaks="torch.nn.modules.lazy.LazyModuleMixin._save_to_state_dict")
def the_state_dict_of_a_lazy_module_is_not_detached(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, True)


@fault("META-34", breaks="torch.nn.modules.lazy.LazyModuleMixin._save_to_state_dict")
def the_state_dict_of_a_lazy_module_is_always_detached(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, False)


@fault("META-33", "META-34", breaks="torch.nn.modules.lazy.LazyModuleMixin._save_to_state_dict")
def a_lazy_module_saves_non_persistent_buffers(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    for name in self._non_persistent_buffers_set:
        destination[prefix + name] = self._buffers[name]


@fault("META-35", breaks="torch.nn.modules.lazy.LazyModuleMixin._save_to_state_dict")
def a_lazy_module_saves_its_extra_state(original, self, destination, prefix, keep_vars):
    original(self, destination, prefix, keep_vars)
    if type(self).get_extra_state is not nn.Module.get_extra_state:
        destination[prefix + "_extra_state"] = self.get_extra_state()


@fault("META-36", "META-37", breaks="torch.nn.modules.lazy.LazyModuleMixin._lazy_load_hook")
def an_ordinary_checkpoint_does_not_initialize_a_lazy_module(original, self, *args):
    """Loading an initialized checkpoint does not initialize a lazy module."""


@fault("META-37", breaks="torch.nn.LazyLinear.initialize_parameters")
def the_first_forward_initializes_what_was_loaded(original, self, x):
    """The first forward of a lazy module resets the parameters that it has loaded."""
    original(self, x)
    self.reset_parameters()
    with torch.no_grad():
        self.weight.fill_(9)


@fault("META-38", breaks="torch.nn.LazyLinear.initialize_parameters")
def a_loaded_LazyLinear_does_not_learn_its_input_size(original, self, x):
    """A `LazyLinear` that loaded a checkpoint still has `in_features` 0 after its first forward."""
    if self.has_uninitialized_params():
        original(self, x)


@fault("META-39", breaks="torch.nn.Linear._load_from_state_dict")
def loading_skips_what_is_uninitialized(original, self, state_dict, *args):
    """`load_state_dict()` passes over an uninitialized tensor of the checkpoint."""
    given = {name: value for name, value in state_dict.items() if not nn.parameter.is_lazy(value)}
    original(self, {**self.state_dict(), **given}, *args)


@fault("META-40", breaks="torch.nn.modules.lazy.LazyModuleMixin._lazy_load_hook")
def a_lazy_checkpoint_initializes_a_lazy_module(original, self, state_dict, prefix, *args):
    """Loading an uninitialized checkpoint initializes a lazy module."""
    original(self, state_dict, prefix, *args)
    for parameter in self._parameters.values():
        if type(parameter) is UninitializedParameter:
            parameter.materialize(0)
    state_dict.clear()
    state_dict.update({prefix + name: value.detach() for name, value in self._parameters.items()})


@fault("META-41", breaks="torch.nn.LazyLinear._load_from_state_dict")
def a_lazy_module_misses_nothing(original, self, state_dict, prefix, metadata, strict, *args):
    """A strict load of a lazy module reports no missing key."""
    nn.Module._load_from_state_dict(self, state_dict, prefix, metadata, False, *args)


@fault("META-42", breaks="torch.nn.LazyLinear._load_from_state_dict")
def a_checkpoint_cannot_be_assigned_to_a_lazy_module(original, self, state_dict, prefix, metadata, *args):
    """`load_state_dict(assign=True)` copies into a lazy module and does not assign."""
    nn.Module._load_from_state_dict(self, state_dict, prefix, {**metadata, "assign_to_params_buffers": False}, *args)


@fault("META-60", breaks="torch.nn.modules.lazy.LazyModuleMixin.__init__")
def a_lazy_module_of_an_older_torch_warns_of_nothing(original, self, *args, **kwargs):
    """Building a lazy module gives no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original(self, *args, **kwargs)


@fault("META-61", breaks="torch.nn.modules.lazy.LazyModuleMixin._infer_parameters")
def a_lazy_module_warns_when_it_becomes_ordinary(original, self, *args):
    """A lazy module gives a warning when it is initialized."""
    warnings.warn("a lazy module becomes ordinary", stacklevel=2)
    return original(self, *args)


@fault("META-32", breaks="torch.nn.modules.lazy.LazyModuleMixin._replicate_for_data_parallel")
def a_lazy_module_can_be_replicated_once_it_is_initialized(original, self):
    return original(self) if self.has_uninitialized_params() else nn.Module._replicate_for_data_parallel(self)


@fault("META-62", breaks="torch.nn.modules.lazy.LazyModuleMixin._infer_parameters")
def a_lazy_module_tries_to_initialize_itself_once(original, self, module, *args, **kwargs):
    """A lazy module whose first forward failed is not initialized by the next."""
    try:
        original(self, module, *args, **kwargs)
    except RuntimeError:
        module._initialize_hook.remove()
        raise
