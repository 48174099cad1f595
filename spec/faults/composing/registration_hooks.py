"""Faults in the global registration hooks."""

from collections import OrderedDict

import pytest
from torch import nn
from torch.nn.modules import module as modules

from .. import fault

KINDS = ("parameter", "buffer", "module")
REGISTER = {"parameter": "register_parameter", "buffer": "register_buffer", "module": "add_module"}
REGISTER_PARAMETER = nn.Module.register_parameter
REGISTER_BUFFER = nn.Module.register_buffer
APPLY = nn.Module._apply
SETATTR = nn.Module.__setattr__


def wrap(patch, change, kinds=KINDS):
    """Let each global registration hook be changed before it is registered."""
    for kind in kinds:
        name = f"register_module_{kind}_registration_hook"
        register = getattr(modules, name)
        patch.setattr(modules, name, lambda hook, register=register: register(change(hook)))


@fault("HOOK-01", "HOOK-02", "HOOK-10", "HOOK-13", since="2.0")
def the_answer_of_a_registration_hook_is_ignored(patch):
    wrap(patch, lambda hook: lambda *args: hook(*args) and None)


@fault("HOOK-01", "HOOK-02", "HOOK-13", since="2.0")
def a_registration_hook_is_not_given_the_module(patch):
    wrap(patch, lambda hook: lambda module, name, value: hook(None, name, value))


@fault("HOOK-01", "HOOK-10", since="2.0")
def a_buffer_registration_hook_is_given_a_copy(patch):
    wrap(patch, lambda hook: lambda module, name, value: hook(module, name, value.clone()), ["buffer"])


@fault("HOOK-11", "HOOK-14", since="2.0")
def no_registration_hook_is_asked_about_None(patch):
    wrap(patch, lambda hook: lambda module, name, value: None if value is None else hook(module, name, value))


@fault("HOOK-13", "HOOK-14", since="2.0")
def an_assigned_child_asks_the_first_registration_hook_only(patch):
    def assign(self, name, value):
        hooks = modules._global_module_registration_hooks
        with pytest.MonkeyPatch.context() as now:
            now.setattr(modules, "_global_module_registration_hooks", OrderedDict(list(hooks.items())[:1]))
            SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", assign)


@fault("HOOK-12", since="2.0")
def a_parameter_registration_hook_is_asked_about_None(patch):
    def register_parameter(self, name, parameter):
        if parameter is None:
            for hook in modules._global_parameter_registration_hooks.values():
                hook(self, name, None)
        REGISTER_PARAMETER(self, name, parameter)

    patch.setattr(nn.Module, "register_parameter", register_parameter)


@fault("HOOK-01", "HOOK-10", since="2.0")
def a_buffer_that_a_hook_replaced_is_persistent(patch):
    def register_buffer(self, name, tensor, persistent=True):
        REGISTER_BUFFER(self, name, tensor, persistent)
        if self._buffers[name] is not tensor:
            self._non_persistent_buffers_set.discard(name)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("HOOK-15", since="2.0")
def a_registration_hook_is_asked_after_the_name_is_taken(patch):
    for kind, name in REGISTER.items():
        register = getattr(nn.Module, name)

        def early(self, name, value, *args, kind=kind, register=register, **options):
            if name.isidentifier() and not hasattr(self, name):
                vars(self)[f"_{kind}s"][name] = value
            register(self, name, value, *args, **options)

        patch.setattr(nn.Module, name, early)


@fault("HOOK-16", since="2.0")
def the_last_registration_hook_is_asked_first(patch):
    for kind in KINDS:
        name = f"register_module_{kind}_registration_hook"
        register = getattr(modules, name)

        def first(hook, kind=kind, register=register):
            handle = register(hook)
            getattr(modules, f"_global_{kind}_registration_hooks").move_to_end(handle.id, last=False)
            return handle

        patch.setattr(modules, name, first)


@fault("HOOK-17", since="2.0")
def a_removed_registration_hook_is_asked_all_the_same(patch):
    for kind in KINDS:
        patch.setattr(modules, f"_global_{kind}_registration_hooks", OrderedDict())
    patch.setattr(modules.RemovableHandle, "remove", lambda self: None, raising=False)


@fault("HOOK-18", since="2.0")
def a_registration_hook_is_asked_about_a_name_that_is_refused(patch):
    for kind, name in REGISTER.items():
        register = getattr(nn.Module, name)

        def early(self, name, value, *args, kind=kind, register=register, **options):
            if not name.isidentifier() or name == "training":
                for hook in getattr(modules, f"_global_{kind}_registration_hooks").values():
                    hook(self, name, value)
            register(self, name, value, *args, **options)

        patch.setattr(nn.Module, name, early)


@fault("HOOK-19", since="2.0")
def a_container_registers_its_children_past_the_hooks(patch):
    def add_module(self, name, module):
        self._modules[name] = module

    patch.setattr(nn.Sequential, "add_module", add_module)


@fault("HOOK-03", since="2.0")
def registration_hooks_are_asked_about_each_converted_buffer(patch):
    def apply(self, *args, **options):
        APPLY(self, *args, **options)
        for hook in modules._global_buffer_registration_hooks.values():
            for name, buffer in self._buffers.items():
                hook(self, name, buffer)
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("HOOK-03", since="2.0")
def registration_hooks_are_asked_about_each_parameter_that_is_loaded(patch):
    load_from = nn.Module._load_from_state_dict

    def load(self, *args):
        for hook in modules._global_parameter_registration_hooks.values():
            for name, parameter in self._parameters.items():
                hook(self, name, parameter)
        load_from(self, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-20", since="2.1")
def loading_with_assign_asks_no_registration_hook(patch):
    load_state_dict = nn.Module.load_state_dict

    def load(self, *args, **options):
        with patch.context() as during:
            for kind in KINDS:
                during.setattr(modules, f"_global_{kind}_registration_hooks", {})
            return load_state_dict(self, *args, **options)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("HOOK-83", since="2.5")
def a_module_registration_hook_is_not_asked_by_set_submodule(patch):
    def set_submodule(self, target, module, strict=False):
        path, _, name = target.rpartition(".")
        self.get_submodule(path)._modules[name] = module

    patch.setattr(nn.Module, "set_submodule", set_submodule)
