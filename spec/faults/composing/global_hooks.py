"""Faults in the global hooks."""

import contextlib

from torch import nn
from torch.nn.modules import module as modules

from .. import fault
from .hooking import GLOBAL_FULL, GLOBAL_POST, GLOBAL_PRE, calling

GLOBAL_OLD = "torch.nn.modules.module.register_module_backward_hook"
GLOBAL_FULL_PRE = "torch.nn.modules.module.register_module_full_backward_pre_hook"


@fault("HOOK-65", breaks=(GLOBAL_PRE, GLOBAL_POST, GLOBAL_FULL))
@calling
def a_global_hook_does_not_run_for_a_container(hook, module, *args):
    """A global hook doesn't run for an `nn.Sequential`."""
    return None if isinstance(module, nn.Sequential) else hook(module, *args)


@fault("HOOK-69", breaks=(GLOBAL_OLD, GLOBAL_FULL))
def there_may_be_both_kinds_of_global_backward_hooks(original, hook):
    """There may be an old and a full global backward hook at once."""
    modules._global_is_full_backward_hook = None
    return original(hook)


@fault("HOOK-69", breaks=(GLOBAL_OLD, GLOBAL_FULL))
def there_may_be_one_kind_of_global_backward_hooks_after_the_other(original, hook):
    """There may be a full global backward hook after old ones were removed, or an old one after full ones."""
    if not modules._global_backward_hooks:
        modules._global_is_full_backward_hook = None
    return original(hook)


@fault("HOOK-72", breaks=GLOBAL_POST)
def no_global_forward_hook_runs_after_an_error(original, hook, always_call=False, **others):
    """A global forward hook registered `always_call=True` doesn't run after an error."""
    return original(hook)


@fault("HOOK-72", breaks=GLOBAL_POST)
def every_global_forward_hook_runs_after_an_error(original, hook, always_call=True, **others):
    return original(hook, always_call=True, **others)


@fault("HOOK-73", breaks=GLOBAL_POST)
@calling
def an_error_of_a_global_hook_that_is_always_called_is_swallowed(hook, *args):
    """An error in a global forward hook registered `always_call=True` is swallowed."""
    with contextlib.suppress(Exception):
        return hook(*args)


@fault("HOOK-74", breaks=GLOBAL_POST)
def no_global_forward_hook_is_given_the_kwargs(original, hook, with_kwargs=False, **others):
    """A global forward hook registered `with_kwargs=True` is given no keyword arguments."""
    return original(hook, **others)


@fault("HOOK-75", breaks=GLOBAL_POST)
@calling
def what_a_global_forward_hook_returns_is_ignored(hook, *args):
    """A global forward hook can't replace the output."""
    hook(*args)


@fault("HOOK-75", breaks=GLOBAL_PRE)
@calling
def what_a_global_forward_pre_hook_returns_is_ignored(hook, *args):
    """A global forward pre-hook can't replace the inputs."""
    hook(*args)


@fault("HOOK-82", breaks=GLOBAL_OLD)
def an_old_global_backward_hook_is_a_full_one(original, hook):
    """`register_module_backward_hook` registers a full backward hook."""
    modules._global_is_full_backward_hook = None
    return modules.register_module_full_backward_hook(hook)


@fault("HOOK-82", breaks=GLOBAL_OLD)
@calling
def an_old_global_backward_hook_never_runs(hook, *args):
    """A hook of `register_module_backward_hook` never runs."""


@fault("HOOK-76", breaks=GLOBAL_FULL_PRE)
@calling
def what_a_global_full_backward_pre_hook_returns_is_ignored(hook, *args):
    """A global full backward pre-hook can't replace the gradient."""
    hook(*args)


@fault("HOOK-76", breaks=GLOBAL_FULL_PRE)
@calling
def a_global_full_backward_pre_hook_does_not_run_for_a_module_without_hooks_of_its_own(hook, module, *args):
    return hook(module, *args) if module._backward_pre_hooks or module._backward_hooks else None
