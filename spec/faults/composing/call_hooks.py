"""Faults in the forward hooks of a call."""

import copy

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from .. import fault
from .hooking import CALL, FULL, POST, PRE, wrap, wrap_calls


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


def inputs(result):
    """What a forward pre-hook returned, where a list is as good as a tuple."""
    return tuple(result) if isinstance(result, list) else result


@fault("HOOK-57")
def a_list_that_a_forward_pre_hook_returns_is_taken_for_the_inputs(patch):
    wrap(patch, PRE, lambda hook, **options: lambda *args: inputs(hook(*args)))


@fault("HOOK-59")
def what_a_forward_hook_returns_is_ignored(patch):
    wrap(patch, POST, lambda hook, **options: lambda *args: (hook(*args), None)[1])


@fault("HOOK-59")
def a_forward_hook_replaces_the_output_by_a_tensor_only(patch):
    def tensor(result):
        return result if isinstance(result, torch.Tensor) else None

    wrap(patch, POST, lambda hook, **options: lambda *args: tensor(hook(*args)))


@fault("HOOK-60", since="2.0")
def a_forward_hook_is_given_the_output_before_the_kwargs(patch):
    def swapped(hook, with_kwargs=False, **options):
        return (lambda module, args, kwargs, output: hook(module, args, output, kwargs)) if with_kwargs else hook

    wrap(patch, POST, swapped)


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

    wrap_calls(patch, call)
    wrap(patch, POST, unaware)


@fault("HOOK-61", since="2.0")
def a_hook_is_never_put_before_the_others(patch):
    for register in (PRE, POST, FULL):

        def last(self, hook, *, prepend=False, register=register, **options):
            return register(self, hook, **options)

        patch.setattr(nn.Module, register.__name__, last)


@fault("HOOK-70")
def a_forward_pre_hook_is_given_a_copy_of_the_module(patch):
    wrap(patch, PRE, lambda hook, **options: lambda module, *args: hook(copy.deepcopy(module), *args))


@fault("HOOK-57")
def an_empty_tuple_that_a_forward_pre_hook_returns_is_ignored(patch):
    wrap(patch, PRE, lambda hook, **options: lambda *args: None if (result := hook(*args)) == () else result)


@fault("HOOK-58", since="2.0")
def a_forward_pre_hook_with_kwargs_may_return_both_in_a_list(patch):
    wrap(patch, PRE, lambda hook, **options: lambda *args: inputs(hook(*args)))


@fault("HOOK-59", "HOOK-86")
def a_forward_hook_is_given_the_inputs_as_they_were_before_the_pre_hooks(patch):
    given = {}

    def call(self, *args, **kwargs):
        given[id(self)] = args
        return CALL(self, *args, **kwargs)

    wrap_calls(patch, call)
    wrap(patch, POST, lambda hook, **options: lambda module, args, *rest: hook(module, given[id(module)], *rest))


@fault("HOOK-85")
def a_hook_that_removes_itself_keeps_the_others_from_running(patch):
    removed, remove = [], RemovableHandle.remove

    def call(self, *args, **kwargs):
        removed.clear()
        return CALL(self, *args, **kwargs)

    wrap_calls(patch, call)
    patch.setattr(RemovableHandle, "remove", lambda self: (removed.append(self), remove(self))[1])
    for register in (PRE, POST, FULL):
        wrap(patch, register, lambda hook, **options: lambda *args: None if removed else hook(*args))


@fault("HOOK-79", since="2.1")
def a_removed_hook_leaves_its_options_behind(patch):
    init = RemovableHandle.__init__
    patch.setattr(RemovableHandle, "__init__", lambda self, hooks, extra_dict=None: init(self, hooks))
