"""Faults in the global hooks."""

from torch import nn
from torch.nn.modules import module as modules

from .. import fault
from .hooking import silent, wrap_global

GLOBAL = ["register_module_forward_pre_hook", "register_module_forward_hook", "register_module_full_backward_hook"]


@fault("HOOK-65")
def a_global_hook_does_not_run_for_a_container(patch):
    for name in GLOBAL:
        register = getattr(modules, name)

        def register(hook, register=register):
            return register(lambda module, *args: None if isinstance(module, nn.Sequential) else hook(module, *args))

        patch.setattr(modules, name, register)


def forget_the_global_kind(patch, only_if_none):
    for name in ("register_module_backward_hook", "register_module_full_backward_hook"):
        register = getattr(modules, name)

        def register_either(hook, register=register):
            if not (only_if_none and modules._global_backward_hooks):
                modules._global_is_full_backward_hook = None
            return register(hook)

        patch.setattr(modules, name, register_either)


@fault("HOOK-69")
def there_may_be_both_kinds_of_global_backward_hooks(patch):
    forget_the_global_kind(patch, only_if_none=False)


@fault("HOOK-69")
def there_may_be_one_kind_of_global_backward_hooks_after_the_other(patch):
    forget_the_global_kind(patch, only_if_none=True)


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
    wrap_global(patch, "forward", silent)


@fault("HOOK-74", since="2.6")
def no_global_forward_hook_is_given_the_kwargs(patch):
    register = modules.register_module_forward_hook
    patch.setattr(
        modules, "register_module_forward_hook", lambda hook, with_kwargs=False, **others: register(hook, **others)
    )


@fault("HOOK-75")
def what_a_global_forward_hook_returns_is_ignored(patch):
    wrap_global(patch, "forward", lambda hook: lambda *args: (hook(*args), None)[1])


@fault("HOOK-75")
def what_a_global_forward_pre_hook_returns_is_ignored(patch):
    wrap_global(patch, "forward_pre", lambda hook: lambda *args: (hook(*args), None)[1])


@fault("HOOK-82")
def an_old_global_backward_hook_is_a_full_one(patch):
    def full(hook):
        modules._global_is_full_backward_hook = None
        return modules.register_module_full_backward_hook(hook)

    patch.setattr(modules, "register_module_backward_hook", full)


@fault("HOOK-82")
def an_old_global_backward_hook_never_runs(patch):
    wrap_global(patch, "backward", lambda hook: lambda *args: None)


@fault("HOOK-76", since="2.0")
def what_a_global_full_backward_pre_hook_returns_is_ignored(patch):
    wrap_global(patch, "full_backward_pre", lambda hook: lambda *args: (hook(*args), None)[1])


@fault("HOOK-76", since="2.0")
def a_global_full_backward_pre_hook_does_not_run_for_a_module_without_hooks_of_its_own(patch):
    def own(module):
        return module._backward_pre_hooks or module._backward_hooks

    wrap_global(
        patch, "full_backward_pre", lambda hook: lambda module, *args: hook(module, *args) if own(module) else None
    )
