"""Faults in lazy modules."""

import warnings

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedParameter

from .. import fault

APPLY = nn.Module._apply
INFER = LazyModuleMixin._infer_parameters
SAVE_TO = LazyModuleMixin._save_to_state_dict
LOAD_FROM = nn.Module._load_from_state_dict
LOAD_HOOK = LazyModuleMixin._lazy_load_hook
INITIALIZE = nn.LazyLinear.initialize_parameters


@fault("META-06", "META-26", "META-37")
def a_lazy_module_stays_lazy(patch):
    def infer(self, module, *args):
        Lazy = type(module)
        INFER(self, module, *args)
        module.__class__ = Lazy

    patch.setattr(LazyModuleMixin, "_infer_parameters", infer)


@fault("META-20", "META-29")
def a_lazy_module_is_initialized_at_every_forward(patch):
    def infer(self, module, *args):
        initialize = type(module).initialize_parameters
        INFER(self, module, *args)
        module.register_forward_pre_hook(lambda module, args: initialize(module, *args))

    patch.setattr(LazyModuleMixin, "_infer_parameters", infer)


@fault("META-07", "META-08")
def the_first_forward_replaces_parameters_and_buffers(patch):
    def infer(self, module, *args):
        INFER(self, module, *args)
        for name, parameter in module._parameters.items():
            if parameter is not None:
                module._parameters[name] = nn.Parameter(parameter.data, parameter.requires_grad)
        for name, buffer in module._buffers.items():
            module._buffers[name] = buffer.clone()

    patch.setattr(LazyModuleMixin, "_infer_parameters", infer)


@fault("META-30", since="2.2")
def initialize_parameters_gets_no_keyword_arguments(patch):
    patch.setattr(
        LazyModuleMixin, "_infer_parameters", lambda self, module, args, kwargs=None: INFER(self, module, args)
    )


@fault("META-23")
def a_move_to_meta_keeps_a_parameter_uninitialized(patch):
    def apply(self, fn, *args, **kwargs):
        before = dict(self._parameters)
        APPLY(self, fn, *args, **kwargs)
        for name, parameter in before.items():
            if type(parameter) is UninitializedParameter and self._parameters[name].is_meta:
                self._parameters[name] = UninitializedParameter(parameter.requires_grad, "meta")
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("META-27")
def initialize_parameters_need_not_be_implemented(patch):
    patch.setattr(LazyModuleMixin, "initialize_parameters", lambda self, *args, **kwargs: None)


@fault("META-28", "META-31")
def nothing_is_ever_uninitialized(patch):
    patch.setattr(LazyModuleMixin, "has_uninitialized_params", lambda self: False)


@fault("META-31")
def has_uninitialized_params_looks_at_parameters_only(patch):
    def has_uninitialized_params(self):
        return any(type(parameter) is UninitializedParameter for parameter in self._parameters.values())

    patch.setattr(LazyModuleMixin, "has_uninitialized_params", has_uninitialized_params)


@fault("META-32")
def a_lazy_module_can_be_replicated(patch):
    patch.setattr(LazyModuleMixin, "_replicate_for_data_parallel", nn.Module._replicate_for_data_parallel)


@fault("META-33")
def the_state_dict_of_a_lazy_module_is_not_detached(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, True)

    patch.setattr(LazyModuleMixin, "_save_to_state_dict", save)


@fault("META-34")
def the_state_dict_of_a_lazy_module_is_always_detached(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, False)

    patch.setattr(LazyModuleMixin, "_save_to_state_dict", save)


@fault("META-33", "META-34")
def a_lazy_module_saves_non_persistent_buffers(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        for name in self._non_persistent_buffers_set:
            destination[prefix + name] = self._buffers[name]

    patch.setattr(LazyModuleMixin, "_save_to_state_dict", save)


@fault("META-35")
def a_lazy_module_saves_its_extra_state(patch):
    def save(self, destination, prefix, keep_vars):
        SAVE_TO(self, destination, prefix, keep_vars)
        if type(self).get_extra_state is not nn.Module.get_extra_state:
            destination[prefix + "_extra_state"] = self.get_extra_state()

    patch.setattr(LazyModuleMixin, "_save_to_state_dict", save)


@fault("META-36", "META-37")
def an_ordinary_checkpoint_does_not_initialize_a_lazy_module(patch):
    patch.setattr(LazyModuleMixin, "_lazy_load_hook", lambda self, *args: None)


@fault("META-37")
def the_first_forward_initializes_what_was_loaded(patch):
    def initialize(self, x):
        INITIALIZE(self, x)
        self.reset_parameters()
        with torch.no_grad():
            self.weight.fill_(9)

    patch.setattr(nn.LazyLinear, "initialize_parameters", initialize)


@fault("META-38", since="2.8")
def a_loaded_LazyLinear_does_not_learn_its_input_size(patch):
    def initialize(self, x):
        if self.has_uninitialized_params():
            INITIALIZE(self, x)

    patch.setattr(nn.LazyLinear, "initialize_parameters", initialize)


@fault("META-39")
def loading_skips_what_is_uninitialized(patch):
    def load(self, state_dict, *args):
        given = {name: value for name, value in state_dict.items() if not nn.parameter.is_lazy(value)}
        LOAD_FROM(self, {**self.state_dict(), **given}, *args)

    patch.setattr(nn.Linear, "_load_from_state_dict", load, raising=False)


@fault("META-40")
def a_lazy_checkpoint_initializes_a_lazy_module(patch):
    def load(self, state_dict, prefix, *args):
        LOAD_HOOK(self, state_dict, prefix, *args)
        for parameter in self._parameters.values():
            if type(parameter) is UninitializedParameter:
                parameter.materialize(0)
        state_dict.clear()
        state_dict.update({prefix + name: value.detach() for name, value in self._parameters.items()})

    patch.setattr(LazyModuleMixin, "_lazy_load_hook", load)


@fault("META-41")
def a_lazy_module_misses_nothing(patch):
    def load(self, state_dict, prefix, metadata, strict, *args):
        LOAD_FROM(self, state_dict, prefix, metadata, False, *args)

    patch.setattr(nn.LazyLinear, "_load_from_state_dict", load)


@fault("META-42", since="2.1")
def a_checkpoint_cannot_be_assigned_to_a_lazy_module(patch):
    def load(self, state_dict, prefix, metadata, *args):
        LOAD_FROM(self, state_dict, prefix, {**metadata, "assign_to_params_buffers": False}, *args)

    patch.setattr(nn.LazyLinear, "_load_from_state_dict", load)


@fault("META-60", until="2.4")
def a_lazy_module_of_an_older_torch_warns_of_nothing(patch):
    init = LazyModuleMixin.__init__

    def silent(self, *args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            init(self, *args, **kwargs)

    patch.setattr(LazyModuleMixin, "__init__", silent)


@fault("META-61", since="2.4")
def a_lazy_module_warns_when_it_becomes_ordinary(patch):
    def infer(self, *args):
        warnings.warn("a lazy module becomes ordinary", stacklevel=2)
        return INFER(self, *args)

    patch.setattr(LazyModuleMixin, "_infer_parameters", infer)


@fault("META-32")
def a_lazy_module_can_be_replicated_once_it_is_initialized(patch):
    refuse = LazyModuleMixin._replicate_for_data_parallel

    def replicate(self):
        return refuse(self) if self.has_uninitialized_params() else nn.Module._replicate_for_data_parallel(self)

    patch.setattr(LazyModuleMixin, "_replicate_for_data_parallel", replicate)


@fault("META-62")
def a_lazy_module_tries_to_initialize_itself_once(patch):
    def infer(self, module, *args, **kwargs):
        try:
            INFER(self, module, *args, **kwargs)
        except RuntimeError:
            module._initialize_hook.remove()
            raise

    patch.setattr(LazyModuleMixin, "_infer_parameters", infer)
