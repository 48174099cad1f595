"""Faults in the hooks of ``load_state_dict()``."""

from functools import wraps

from torch import nn
from torch.nn.modules.module import _IncompatibleKeys

from .. import fault, replace
from .hooking import calling

PRE = "torch.nn.Module._register_load_state_dict_pre_hook"
POST = "torch.nn.Module.register_load_state_dict_post_hook"


def given(change):
    """The registration of load pre-hooks, each of which is given what ``change`` makes of its arguments."""

    @wraps(change)
    def register(original, self, hook, with_module=False):
        if with_module:
            return original(self, lambda module, *args: hook(module, *change(*args)), True)
        return original(self, lambda *args: hook(*change(*args)), False)

    return register


@fault("HOOK-34", "HOOK-35", breaks=PRE)
@given
def a_load_pre_hook_edits_a_copy_that_is_not_loaded(state, *rest):
    """What a hook of `_register_load_state_dict_pre_hook` changes in the checkpoint is not loaded."""
    return dict(state), *rest


@fault("HOOK-05", breaks=PRE)
@given
def a_load_pre_hook_of_the_public_road_edits_a_copy_that_is_not_loaded(state, *rest):
    """What a hook of `register_load_state_dict_pre_hook` changes in the checkpoint is not loaded."""
    return dict(state), *rest


@fault("HOOK-31", breaks=PRE)
@given
def a_load_pre_hook_is_given_no_prefix(state, prefix, *rest):
    return state, "", *rest


@fault("HOOK-31", breaks=PRE)
@given
def a_load_pre_hook_is_told_that_the_load_is_not_strict(state, prefix, metadata, strict, *rest):
    return state, prefix, metadata, False, *rest


@fault("HOOK-32", "HOOK-49", breaks=PRE)
def no_load_pre_hook_is_given_the_module(original, self, hook, with_module=False):
    """`_register_load_state_dict_pre_hook` ignores `with_module=True`."""
    return original(self, hook)


@fault("HOOK-33", breaks="torch.nn.Module.register_load_state_dict_pre_hook")
def a_load_pre_hook_of_the_public_road_is_not_given_the_module(original, self, hook):
    """A hook of `register_load_state_dict_pre_hook` isn't given the module."""
    return nn.Module._register_load_state_dict_pre_hook(self, hook)


@fault("HOOK-34", breaks="torch.nn.Module.load_state_dict")
def a_load_pre_hook_edits_the_checkpoint_of_the_caller_too(original, self, state, *args, **options):
    """What a load pre-hook changes in the checkpoint changes the caller's, too."""
    for hook in self._load_state_dict_pre_hooks.values():
        hook(state, "", {}, True, [], [], [])
    return original(self, state, *args, **options)


@fault("HOOK-31", "HOOK-35")
def a_load_pre_hook_of_a_child_is_given_the_whole_checkpoint(patch):
    load_from_state_dict, whole = nn.Module._load_from_state_dict, {}

    def load(self, state, prefix, *args):
        if prefix == "":
            whole["state"] = state
        load_from_state_dict(self, whole["state"], prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-36", breaks=PRE)
@given
def a_load_pre_hook_is_given_copies_of_the_lists(*args):
    """A load pre-hook is given copies of the lists of missing keys, unexpected keys and errors."""
    return *args[:4], *map(list, args[4:])


@fault("HOOK-36", breaks=PRE)
@given
def the_errors_of_a_load_pre_hook_are_not_raised(*args):
    return *args[:6], []


@fault("HOOK-37", "HOOK-34", breaks="torch.nn.Module._load_from_state_dict")
def a_load_pre_hook_runs_after_the_own_state_is_loaded(original, self, *args):
    hooks, self._load_state_dict_pre_hooks = self._load_state_dict_pre_hooks, {}
    original(self, *args)
    self._load_state_dict_pre_hooks = hooks
    for hook in hooks.values():
        hook(*args)


@fault("HOOK-37", "HOOK-38", breaks="torch.nn.Module._load_from_state_dict")
def a_load_post_hook_runs_before_the_children_are_loaded_too(original, self, *args):
    *_, missing, unexpected, _ = args
    original(self, *args)
    for hook in self._load_state_dict_post_hooks.values():
        hook(self, _IncompatibleKeys(missing, unexpected))


@fault("HOOK-06", "HOOK-39", breaks=POST)
@calling
def a_load_post_hook_edits_copies_of_the_lists(hook, module, keys):
    """A load post-hook is given copies of the lists of missing and unexpected keys."""
    return hook(module, _IncompatibleKeys(*map(list, keys)))


@fault("HOOK-38", breaks=POST)
@calling
def a_load_post_hook_is_not_told_what_is_unexpected(hook, module, keys):
    """A load post-hook is given no unexpected keys."""
    return hook(module, _IncompatibleKeys(keys.missing_keys, []))


@fault("HOOK-40", breaks=POST)
@calling
def what_a_load_post_hook_returns_is_ignored(hook, *args):
    """A load post-hook may return anything."""
    hook(*args)


@fault("HOOK-41", breaks=(PRE, POST))
def the_last_load_hook_runs_first(original, self, hook, *args, **options):
    handle = original(self, hook, *args, **options)
    hooks = self._load_state_dict_pre_hooks if "pre" in original.__name__ else self._load_state_dict_post_hooks
    hooks.move_to_end(handle.id, last=False)
    return handle


@fault("HOOK-42", breaks=PRE)
@given
def a_load_pre_hook_is_always_given_version_1(state, prefix, metadata, *rest):
    return state, prefix, {"version": 1}, *rest


@fault("HOOK-80", breaks="torch.nn.modules.module._WrappedHook.__init__")
def a_load_pre_hook_is_listed_without_a_name(original, self, hook, module=None):
    original(self, hook, module)
    for name in set(vars(self)) - {"hook", "with_module", "module"}:
        del vars(self)[name]


@fault("HOOK-40", breaks=POST)
@calling
def a_load_post_hook_may_return_what_is_false(hook, *args):
    """A load post-hook may return anything that is false, such as 0."""
    return hook(*args) or None


@fault("HOOK-91")
def the_children_of_a_child_load_what_the_checkpoint_held_before_the_hooks(patch):
    """The submodules of a submodule load what the checkpoint held before the load pre-hooks changed it."""
    held = []

    def load(original, self, state_dict, *args, **kwargs):
        held.append(dict(state_dict))
        return original(self, state_dict, *args, **kwargs)

    def load_from(original, self, state_dict, prefix, *args):
        if prefix.count(".") > 1:
            state_dict = {key: value for key, value in held[-1].items() if key.startswith(prefix)}
        original(self, state_dict, prefix, *args)

    replace(patch, "torch.nn.Module.load_state_dict", load)
    replace(patch, "torch.nn.Module._load_from_state_dict", load_from)
