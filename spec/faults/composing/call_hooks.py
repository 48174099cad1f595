"""Faults in the forward hooks of a call."""

import copy

import torch

from .. import fault, replace
from .hooking import CALL, FULL, POST, PRE, calling


@fault("HOOK-57", "HOOK-58", breaks=PRE)
@calling
def what_a_forward_pre_hook_returns_is_ignored(hook, *args):
    """A forward pre-hook can't replace the inputs."""
    hook(*args)


@fault("HOOK-57", "HOOK-61", breaks=PRE)
def the_last_forward_pre_hook_runs_first(original, self, hook, **options):
    handle = original(self, hook, **options)
    self._forward_pre_hooks.move_to_end(handle.id, last=False)
    return handle


@fault("HOOK-58", breaks=PRE)
def a_forward_pre_hook_is_not_given_the_kwargs(original, self, hook, *, with_kwargs=False, **options):
    """A forward pre-hook registered `with_kwargs=True` is given no keyword arguments."""

    def unaware(module, args, kwargs):
        return hook(module, args, {})

    return original(self, unaware if with_kwargs else hook, with_kwargs=with_kwargs, **options)


def inputs(result):
    """What a forward pre-hook returned, where a list is as good as a tuple."""
    return tuple(result) if isinstance(result, list) else result


@fault("HOOK-57", breaks=PRE)
@calling
def a_list_that_a_forward_pre_hook_returns_is_taken_for_the_inputs(hook, *args):
    return inputs(hook(*args))


@fault("HOOK-59", breaks=POST)
@calling
def what_a_forward_hook_returns_is_ignored(hook, *args):
    """A forward hook can't replace the output."""
    hook(*args)


@fault("HOOK-59", breaks=POST)
@calling
def a_forward_hook_replaces_the_output_by_a_tensor_only(hook, *args):
    result = hook(*args)
    return result if isinstance(result, torch.Tensor) else None


@fault("HOOK-60", breaks=POST)
def a_forward_hook_is_given_the_output_before_the_kwargs(original, self, hook, *, with_kwargs=False, **options):
    """A forward hook registered `with_kwargs=True` is given the output before the keyword arguments."""

    def swapped(module, args, kwargs, output):
        return hook(module, args, output, kwargs)

    return original(self, swapped if with_kwargs else hook, with_kwargs=with_kwargs, **options)


@fault("HOOK-60")
def a_forward_hook_is_given_the_kwargs_as_they_were_before_the_pre_hooks(patch):
    """A forward hook registered `with_kwargs=True` is given the keyword arguments as they were before the pre-hooks."""
    given = {}

    def call(original, self, *args, **kwargs):
        given[id(self)] = kwargs
        return original(self, *args, **kwargs)

    def register(original, self, hook, *, with_kwargs=False, **options):
        def unaware(module, args, kwargs, output):
            return hook(module, args, given[id(module)], output)

        return original(self, unaware if with_kwargs else hook, with_kwargs=with_kwargs, **options)

    replace(patch, CALL, call)
    replace(patch, POST, register)


@fault("HOOK-61", breaks=(PRE, POST, FULL))
def a_hook_is_never_put_before_the_others(original, self, hook, *, prepend=False, **options):
    """`prepend=True` puts no hook before the others."""
    return original(self, hook, **options)


@fault("HOOK-70", breaks=PRE)
@calling
def a_forward_pre_hook_is_given_a_copy_of_the_module(hook, module, *args):
    return hook(copy.deepcopy(module), *args)


@fault("HOOK-57", breaks=PRE)
@calling
def an_empty_tuple_that_a_forward_pre_hook_returns_is_ignored(hook, *args):
    return None if (result := hook(*args)) == () else result


@fault("HOOK-58", breaks=PRE)
@calling
def a_forward_pre_hook_with_kwargs_may_return_both_in_a_list(hook, *args):
    """A forward pre-hook registered `with_kwargs=True` may return a list."""
    return inputs(hook(*args))


@fault("HOOK-59", "HOOK-86")
def a_forward_hook_is_given_the_inputs_as_they_were_before_the_pre_hooks(patch):
    given = {}

    def call(original, self, *args, **kwargs):
        given[id(self)] = args
        return original(self, *args, **kwargs)

    replace(patch, CALL, call)
    replace(patch, POST, calling(lambda hook, module, args, *rest: hook(module, given[id(module)], *rest)))


@fault("HOOK-85")
def a_hook_that_removes_itself_keeps_the_others_from_running(patch):
    removed = []

    def call(original, self, *args, **kwargs):
        removed.clear()
        return original(self, *args, **kwargs)

    def remove(original, self):
        removed.append(self)
        original(self)

    replace(patch, CALL, call)
    replace(patch, "torch.utils.hooks.RemovableHandle.remove", remove)
    for register in (PRE, POST, FULL):
        replace(patch, register, calling(lambda hook, *args: None if removed else hook(*args)))


@fault("HOOK-79", breaks="torch.utils.hooks.RemovableHandle.__init__")
def a_removed_hook_leaves_its_options_behind(original, self, hooks, extra_dict=None):
    return original(self, hooks)
