"""Faults in the hooks of ``state_dict()``."""

import copy
from types import FunctionType

from .. import fault
from .hooking import calling

PRE, POST = "torch.nn.Module.register_state_dict_pre_hook", "torch.nn.Module.register_state_dict_post_hook"
PRIVATE = "torch.nn.Module._register_state_dict_hook"


@fault("HOOK-21", breaks=PRE)
@calling
def a_state_dict_pre_hook_is_given_no_prefix(hook, module, prefix, keep_vars):
    return hook(module, "", keep_vars)


@fault("HOOK-21", breaks=PRE)
@calling
def a_state_dict_pre_hook_is_given_the_default_of_keep_vars(hook, module, prefix, keep_vars):
    """A state-dict pre-hook is always given `keep_vars=False`."""
    return hook(module, prefix, False)


@fault("HOOK-22", "HOOK-23", breaks=PRE)
def a_state_dict_pre_hook_runs_after_the_state_is_saved(original, self, hook):
    return self._register_state_dict_hook(lambda module, state, prefix, metadata: hook(module, prefix, True) and None)


@fault("HOOK-24", breaks=POST)
@calling
def a_state_dict_post_hook_is_given_no_prefix(hook, module, state, prefix, metadata):
    return hook(module, state, "", metadata)


@fault("HOOK-24", breaks=POST)
@calling
def a_state_dict_post_hook_is_given_a_copy_of_the_metadata(hook, module, state, prefix, metadata):
    return hook(module, state, prefix, dict(metadata))


@fault("HOOK-25", breaks=PRIVATE)
@calling
def a_hook_of_the_private_road_is_given_no_metadata(hook, module, state, prefix, metadata):
    """A hook of `_register_state_dict_hook` is given no metadata."""
    return hook(module, state, prefix, {})


@fault("HOOK-04", "HOOK-24", breaks=POST)
@calling
def a_state_dict_post_hook_is_given_a_copy_of_the_state_dict(hook, module, state, *rest):
    return hook(module, copy.copy(state), *rest)


@fault("HOOK-26", breaks=POST)
@calling
def what_a_state_dict_post_hook_returns_is_ignored(hook, *args):
    """A state-dict post-hook may return anything."""
    hook(*args)


@fault("HOOK-27", "HOOK-28", breaks=PRIVATE)
@calling
def what_a_hook_of_the_private_road_returns_is_ignored(hook, *args):
    """What a hook of `_register_state_dict_hook` returns is ignored."""
    hook(*args)


@fault("HOOK-27", breaks="torch.nn.Module.state_dict")
def a_child_saves_what_its_hook_returns(original, self, *args, destination=None, **options):
    """What a hook of `_register_state_dict_hook` on a submodule returns is saved."""
    found = original(self, *args, destination=destination, **options)
    if destination is not None and found is not destination:
        destination.update(found)
    return found


@fault("HOOK-28", breaks=PRIVATE)
@calling
def a_hook_of_the_private_road_that_returns_None_empties_the_state_dict(hook, *args):
    """A hook of `_register_state_dict_hook` that returns None empties the state dict."""
    return {} if (answer := hook(*args)) is None else answer


@fault("HOOK-29", breaks=PRIVATE)
def a_state_dict_post_hook_may_take_the_private_road_too(original, self, hook):
    """`_register_state_dict_hook` takes a hook that `register_state_dict_post_hook` took before."""
    vars(hook).pop("_from_public_api", None)
    return original(self, hook)


@fault("HOOK-30", breaks=(PRE, POST, PRIVATE))
def the_last_state_dict_hook_runs_first(original, self, hook):
    handle = original(self, hook)
    hooks = self._state_dict_pre_hooks if "pre" in original.__name__ else self._state_dict_hooks
    hooks.move_to_end(handle.id, last=False)
    return handle


@fault("HOOK-30", "HOOK-41", "HOOK-49", "HOOK-50", breaks="torch.utils.hooks.RemovableHandle.remove")
def a_removed_hook_of_a_module_runs_all_the_same(original, self):
    hooks = self.hooks_dict_ref()
    if hooks and any(isinstance(hook, FunctionType) or hasattr(hook, "with_module") for hook in hooks.values()):
        return
    original(self)


@fault("HOOK-84", breaks=POST)
@calling
def a_bound_method_may_be_a_state_dict_post_hook(hook, *args):
    """`register_state_dict_post_hook` takes a bound method."""
    return hook(*args)


@fault("HOOK-26", breaks=POST)
@calling
def a_state_dict_post_hook_may_return_what_is_false(hook, *args):
    """A state-dict post-hook may return anything that is false, such as 0."""
    return hook(*args) or None


@fault("HOOK-22", breaks="torch.nn.Module._save_to_state_dict")
def a_state_dict_pre_hook_may_change_the_version_that_is_about_to_be_saved(original, self, destination, prefix, *args):
    """A state-dict pre-hook that changes `_version` of the module changes the version in `_metadata`."""
    getattr(destination, "_metadata", {}).setdefault(prefix[:-1], {})["version"] = self._version
    original(self, destination, prefix, *args)
