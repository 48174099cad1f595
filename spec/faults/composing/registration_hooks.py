"""Faults in the global registration hooks."""

from collections import OrderedDict

import pytest
from torch.nn.modules import module as modules

from .. import fault
from .hooking import calling

KINDS = ("parameter", "buffer", "module")
HOOKS = tuple(f"torch.nn.modules.module.register_module_{kind}_registration_hook" for kind in KINDS)
METHODS = {"register_parameter": "parameter", "register_buffer": "buffer", "add_module": "module"}
REGISTER = tuple(f"torch.nn.Module.{name}" for name in METHODS)


@fault("HOOK-01", "HOOK-02", "HOOK-10", "HOOK-13", breaks=HOOKS)
@calling
def the_answer_of_a_registration_hook_is_ignored(hook, *args):
    """What a global registration hook returns is ignored."""
    hook(*args)


@fault("HOOK-01", "HOOK-02", "HOOK-13", breaks=HOOKS)
@calling
def a_registration_hook_is_not_given_the_module(hook, module, name, value):
    """A global registration hook is given None instead of the module."""
    return hook(None, name, value)


@fault("HOOK-01", "HOOK-10", breaks="torch.nn.modules.module.register_module_buffer_registration_hook")
@calling
def a_buffer_registration_hook_is_given_a_copy(hook, module, name, value):
    """A global buffer registration hook is given a copy of the buffer."""
    return hook(module, name, value.clone())


@fault("HOOK-11", "HOOK-14", breaks=HOOKS)
@calling
def no_registration_hook_is_asked_about_None(hook, module, name, value):
    """Registering None calls no global registration hook."""
    return None if value is None else hook(module, name, value)


@fault("HOOK-13", "HOOK-14", breaks="torch.nn.Module.__setattr__")
def an_assigned_child_asks_the_first_registration_hook_only(original, self, name, value):
    """Assigning a submodule calls only the first global registration hook."""
    hooks = modules._global_module_registration_hooks
    with pytest.MonkeyPatch.context() as now:
        now.setattr(modules, "_global_module_registration_hooks", OrderedDict(list(hooks.items())[:1]))
        original(self, name, value)


@fault("HOOK-12", breaks="torch.nn.Module.register_parameter")
def a_parameter_registration_hook_is_asked_about_None(original, self, name, parameter):
    """`register_parameter` of None calls the global registration hooks."""
    if parameter is None:
        for hook in modules._global_parameter_registration_hooks.values():
            hook(self, name, None)
    original(self, name, parameter)


@fault("HOOK-01", "HOOK-10", breaks="torch.nn.Module.register_buffer")
def a_buffer_that_a_hook_replaced_is_persistent(original, self, name, tensor, persistent=True):
    """A buffer that a global registration hook replaced is persistent."""
    original(self, name, tensor, persistent)
    if self._buffers[name] is not tensor:
        self._non_persistent_buffers_set.discard(name)


@fault("HOOK-15", breaks=REGISTER)
def a_registration_hook_is_asked_after_the_name_is_taken(original, self, name, value, *args, **options):
    """A global registration hook is called after the name was registered."""
    if name.isidentifier() and not hasattr(self, name):
        vars(self)[f"_{METHODS[original.__name__]}s"][name] = value
    original(self, name, value, *args, **options)


@fault("HOOK-16", breaks=HOOKS)
def the_last_registration_hook_is_asked_first(original, hook):
    """Global registration hooks are called in the reverse order."""
    handle = original(hook)
    hooks = original.__name__.replace("register_module", "_global", 1) + "s"
    getattr(modules, hooks).move_to_end(handle.id, last=False)
    return handle


@fault("HOOK-17")
def a_removed_registration_hook_is_asked_all_the_same(patch):
    """A global registration hook is called after it was removed, too."""
    for kind in KINDS:
        patch.setattr(modules, f"_global_{kind}_registration_hooks", OrderedDict())
    patch.setattr(modules.RemovableHandle, "remove", lambda self: None)


@fault("HOOK-18", breaks=REGISTER)
def a_registration_hook_is_asked_about_a_name_that_is_refused(original, self, name, value, *args, **options):
    """A global registration hook is called for a name that raises an exception, too."""
    if not name.isidentifier() or name == "training":
        for hook in getattr(modules, f"_global_{METHODS[original.__name__]}_registration_hooks").values():
            hook(self, name, value)
    original(self, name, value, *args, **options)


@fault("HOOK-19", breaks="torch.nn.Sequential.add_module")
def a_container_registers_its_children_past_the_hooks(original, self, name, module):
    """`nn.Sequential` registers its submodules without the global registration hooks."""
    self._modules[name] = module


@fault("HOOK-03", breaks="torch.nn.Module._apply")
def registration_hooks_are_asked_about_each_converted_buffer(original, self, *args, **options):
    """A conversion calls the global registration hooks for every buffer."""
    original(self, *args, **options)
    for hook in modules._global_buffer_registration_hooks.values():
        for name, buffer in self._buffers.items():
            hook(self, name, buffer)
    return self


@fault("HOOK-03", breaks="torch.nn.Module._load_from_state_dict")
def registration_hooks_are_asked_about_each_parameter_that_is_loaded(original, self, *args):
    """`load_state_dict()` calls the global registration hooks for every parameter."""
    for hook in modules._global_parameter_registration_hooks.values():
        for name, parameter in self._parameters.items():
            hook(self, name, parameter)
    original(self, *args)


@fault("HOOK-20", breaks="torch.nn.Module.load_state_dict")
def loading_with_assign_asks_no_registration_hook(original, self, *args, **options):
    """`load_state_dict(assign=True)` calls no global registration hook."""
    with pytest.MonkeyPatch.context() as during:
        for kind in KINDS:
            during.setattr(modules, f"_global_{kind}_registration_hooks", {})
        return original(self, *args, **options)


@fault("HOOK-83", breaks="torch.nn.Module.set_submodule")
def a_module_registration_hook_is_not_asked_by_set_submodule(original, self, target, module, strict=False):
    """`set_submodule()` calls no global registration hook."""
    path, _, name = target.rpartition(".")
    self.get_submodule(path)._modules[name] = module
