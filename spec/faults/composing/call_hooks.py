"""Faults in the hooks of a call and of its backward."""

import copy

import torch
from torch import nn
from torch.nn.modules import module as modules

from .. import fault

CALL = nn.Module._call_impl
PRE, POST = nn.Module.register_forward_pre_hook, nn.Module.register_forward_hook
FULL = nn.Module.register_full_backward_hook


def wrap(patch, register, change):
    """Let each hook that the method ``register`` of a module registers be changed before."""
    name = register.__name__
    patch.setattr(nn.Module, name, lambda self, hook, **options: register(self, change(hook, **options), **options))


@fault("HOOK-57", "HOOK-58")
def what_a_forward_pre_hook_returns_is_ignored(patch):
    wrap(patch, PRE, lambda hook, **options: lambda *args: (hook(*args), None)[1])


@fault("HOOK-57", "HOOK-61")
def the_last_forward_pre_hook_runs_first(patch):
    def first(self, hook, **options):
        handle = PRE(self, hook, **options)
        self._forward_pre_hooks.move_to_end(handle.id, last=False)
        return handle

    patch.setattr(nn.Module, "register_forward_pre_hook", first)


@fault("HOOK-58", since="2.0")
def a_forward_pre_hook_is_not_given_the_kwargs(patch):
    def unaware(hook, with_kwargs=False, **options):
        return (lambda module, args, kwargs: hook(module, args, {})) if with_kwargs else hook

    wrap(patch, PRE, unaware)


@fault("HOOK-59")
def what_a_forward_hook_returns_is_ignored(patch):
    wrap(patch, POST, lambda hook, **options: lambda *args: (hook(*args), None)[1])


@fault("HOOK-60", since="2.0")
def a_forward_hook_is_given_the_output_before_the_kwargs(patch):
    def swapped(hook, with_kwargs=False, **options):
        return (lambda module, args, kwargs, output: hook(module, args, output, kwargs)) if with_kwargs else hook

    wrap(patch, POST, swapped)


@fault("HOOK-61", since="2.0")
def a_hook_is_never_put_before_the_others(patch):
    for register in (PRE, POST, FULL):

        def last(self, hook, *, prepend=False, register=register, **options):
            return register(self, hook, **options)

        patch.setattr(nn.Module, register.__name__, last)


@fault("HOOK-62", since="2.1")
def no_forward_hook_runs_after_an_error(patch):
    def never(self, hook, *, always_call=False, **options):
        return POST(self, hook, **options)

    patch.setattr(nn.Module, "register_forward_hook", never)


@fault("HOOK-62", since="2.1")
def every_forward_hook_runs_after_an_error(patch):
    def always(self, hook, *, always_call=True, **options):
        return POST(self, hook, always_call=True, **options)

    patch.setattr(nn.Module, "register_forward_hook", always)


def silent(hook, **options):
    """``hook``, whose errors nobody hears of."""

    def run(*args):
        try:
            return hook(*args)
        except Exception:
            return None

    return run


@fault("HOOK-63", since="2.1")
def an_error_of_a_hook_that_is_always_called_is_swallowed(patch):
    wrap(patch, POST, silent)


@fault("HOOK-64", since="2.1")
def a_hook_that_is_always_called_runs_again_after_an_error(patch):
    def call(self, *args, **kwargs):
        try:
            return CALL(self, *args, **kwargs)
        except Exception:
            for id, hook in self._forward_hooks.items():
                if id in self._forward_hooks_always_called:
                    hook(self, args, None)
            raise

    patch.setattr(nn.Module, "_call_impl", call)
    patch.setattr(nn.Module, "__call__", call)


GLOBAL = {
    "register_module_forward_pre_hook": "_global_forward_pre_hooks",
    "register_module_forward_hook": "_global_forward_hooks",
    "register_module_full_backward_hook": "_global_backward_hooks",
}


@fault("HOOK-65")
def a_global_hook_does_not_run_for_a_container(patch):
    for name in GLOBAL:
        register = getattr(modules, name)

        def register(hook, register=register):
            return register(lambda module, *args: None if isinstance(module, nn.Sequential) else hook(module, *args))

        patch.setattr(modules, name, register)


@fault("HOOK-66")
def what_a_full_backward_hook_returns_is_ignored(patch):
    wrap(patch, FULL, lambda hook, **options: lambda *args: (hook(*args), None)[1])


@fault("HOOK-67", since="2.0")
def what_a_full_backward_pre_hook_returns_is_ignored(patch):
    register = nn.Module.register_full_backward_pre_hook
    wrap(patch, register, lambda hook, **options: lambda *args: (hook(*args), None)[1])


@fault("HOOK-68")
def a_module_may_have_both_kinds_of_backward_hooks(patch):
    for name in ("register_backward_hook", "register_full_backward_hook"):
        register = getattr(nn.Module, name)

        def both(self, hook, register=register, **options):
            self._is_full_backward_hook = None
            return register(self, hook, **options)

        patch.setattr(nn.Module, name, both)


@fault("HOOK-69")
def there_may_be_both_kinds_of_global_backward_hooks(patch):
    for name in ("register_module_backward_hook", "register_module_full_backward_hook"):
        register = getattr(modules, name)

        def both(hook, register=register):
            modules._global_is_full_backward_hook = None
            return register(hook)

        patch.setattr(modules, name, both)


@fault("HOOK-70")
def a_forward_pre_hook_is_given_a_copy_of_the_module(patch):
    wrap(patch, PRE, lambda hook, **options: lambda module, *args: hook(copy.deepcopy(module), *args))


@fault("HOOK-57")
def a_list_that_a_forward_pre_hook_returns_is_taken_for_the_inputs(patch):
    def inputs(result):
        return tuple(result) if isinstance(result, list) else result

    wrap(patch, PRE, lambda hook, **options: lambda *args: inputs(hook(*args)))


@fault("HOOK-59")
def a_forward_hook_replaces_the_output_by_a_tensor_only(patch):
    def tensor(result):
        return result if isinstance(result, torch.Tensor) else None

    wrap(patch, POST, lambda hook, **options: lambda *args: tensor(hook(*args)))


@fault("HOOK-60", since="2.0")
def a_forward_hook_is_given_the_kwargs_as_they_were_before_the_pre_hooks(patch):
    given = {}

    def call(self, *args, **kwargs):
        given[id(self)] = kwargs
        return CALL(self, *args, **kwargs)

    def unaware(hook, with_kwargs=False, **options):
        if not with_kwargs:
            return hook
        return lambda module, args, kwargs, output: hook(module, args, given[id(module)], output)

    patch.setattr(nn.Module, "_call_impl", call)
    wrap(patch, POST, unaware)
