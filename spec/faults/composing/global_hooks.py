"""Faults in the global hooks, and in what the tables of hooks are left with."""

import warnings

from torch import nn
from torch.nn.modules import module as modules
from torch.utils.hooks import RemovableHandle

from .. import fault
from .call_hooks import silent


def wrap(patch, name, change):
    """Let each hook that ``register_module_<name>_hook`` registers be changed before."""
    name = f"register_module_{name}_hook"
    register = getattr(modules, name)
    patch.setattr(modules, name, lambda hook, **options: register(change(hook), **options))


@fault("HOOK-72", since="2.1")
def no_global_forward_hook_runs_after_an_error(patch):
    register = modules.register_module_forward_hook
    patch.setattr(modules, "register_module_forward_hook", lambda hook, always_call=False, **others: register(hook))


@fault("HOOK-72", since="2.1")
def every_global_forward_hook_runs_after_an_error(patch):
    register = modules.register_module_forward_hook
    patch.setattr(
        modules,
        "register_module_forward_hook",
        lambda hook, always_call=True, **others: register(hook, always_call=True, **others),
    )


@fault("HOOK-73", since="2.1")
def an_error_of_a_global_hook_that_is_always_called_is_swallowed(patch):
    wrap(patch, "forward", silent)


@fault("HOOK-74", since="2.6")
def no_global_forward_hook_is_given_the_kwargs(patch):
    register = modules.register_module_forward_hook
    patch.setattr(
        modules, "register_module_forward_hook", lambda hook, with_kwargs=False, **others: register(hook, **others)
    )


@fault("HOOK-75")
def what_a_global_forward_hook_returns_is_ignored(patch):
    wrap(patch, "forward", lambda hook: lambda *args: (hook(*args), None)[1])


@fault("HOOK-75")
def what_a_global_forward_pre_hook_returns_is_ignored(patch):
    wrap(patch, "forward_pre", lambda hook: lambda *args: (hook(*args), None)[1])


@fault("HOOK-76", since="2.0")
def what_a_global_full_backward_pre_hook_returns_is_ignored(patch):
    wrap(patch, "full_backward_pre", lambda hook: lambda *args: (hook(*args), None)[1])


@fault("HOOK-77", since="2.0")
def a_backward_hook_that_never_runs_goes_without_a_warning(patch):
    warn = warnings.warn

    def quiet(message, *args, **options):
        if "For backward hooks to be called" not in str(message):
            warn(message, *args, **options)

    patch.setattr(warnings, "warn", quiet)


@fault("HOOK-78")
def what_an_old_backward_hook_returns_is_ignored(patch):
    register = nn.Module.register_backward_hook
    patch.setattr(
        nn.Module, "register_backward_hook", lambda self, hook: register(self, lambda *args: (hook(*args), None)[1])
    )


@fault("HOOK-79", since="2.1")
def a_removed_hook_leaves_its_options_behind(patch):
    init = RemovableHandle.__init__
    patch.setattr(RemovableHandle, "__init__", lambda self, hooks, extra_dict=None: init(self, hooks))


@fault("HOOK-81", since="2.4")
def an_old_backward_hook_warns_of_nothing(patch):
    patch.setattr(nn.Module, "_maybe_warn_non_full_backward_hook", lambda self, inputs, result, grad_fn: None)


@fault("HOOK-81", since="2.4")
def an_old_backward_hook_always_warns(patch):
    def warn(self, inputs, result, grad_fn):
        warnings.warn("Using a non-full backward hook is deprecated", FutureWarning, stacklevel=2)

    patch.setattr(nn.Module, "_maybe_warn_non_full_backward_hook", warn)


@fault("HOOK-82")
def an_old_global_backward_hook_is_a_full_one(patch):
    def full(hook):
        modules._global_is_full_backward_hook = None
        return modules.register_module_full_backward_hook(hook)

    patch.setattr(modules, "register_module_backward_hook", full)


@fault("HOOK-82")
def an_old_global_backward_hook_never_runs(patch):
    wrap(patch, "backward", lambda hook: lambda *args: None)
