"""Faults in the hooks of ``state_dict()``."""

import copy

from torch import nn
from torch.utils.hooks import RemovableHandle

from .. import fault

SAVE_TO = nn.Module._save_to_state_dict
PRE, POST, PRIVATE = "register_state_dict_pre_hook", "register_state_dict_post_hook", "_register_state_dict_hook"


def wrap(patch, name, change):
    """Let each hook that ``name`` registers be changed before it is registered."""
    register = getattr(nn.Module, name, None)
    if register is not None:
        patch.setattr(nn.Module, name, lambda self, hook: register(self, change(hook)))


@fault("HOOK-21", since="2.0")
def a_state_dict_pre_hook_is_given_no_prefix(patch):
    wrap(patch, PRE, lambda hook: lambda module, prefix, keep_vars: hook(module, "", keep_vars))


@fault("HOOK-21", since="2.0")
def a_state_dict_pre_hook_is_given_the_default_of_keep_vars(patch):
    wrap(patch, PRE, lambda hook: lambda module, prefix, keep_vars: hook(module, prefix, False))


@fault("HOOK-22", "HOOK-23", since="2.0")
def a_state_dict_pre_hook_runs_after_the_state_is_saved(patch):
    def register(self, hook):
        return self._register_state_dict_hook(
            lambda module, state, prefix, metadata: hook(module, prefix, True) and None
        )

    patch.setattr(nn.Module, PRE, register)


@fault("HOOK-24", since="2.5")
def a_state_dict_post_hook_is_given_no_prefix(patch):
    wrap(patch, POST, lambda hook: lambda module, state, prefix, metadata: hook(module, state, "", metadata))


@fault("HOOK-24", since="2.5")
def a_state_dict_post_hook_is_given_a_copy_of_the_metadata(patch):
    wrap(patch, POST, lambda hook: lambda module, state, prefix, metadata: hook(module, state, prefix, dict(metadata)))


@fault("HOOK-25")
def a_hook_of_the_private_road_is_given_no_metadata(patch):
    wrap(patch, PRIVATE, lambda hook: lambda module, state, prefix, metadata: hook(module, state, prefix, {}))


@fault("HOOK-04", "HOOK-24", since="2.5")
def a_state_dict_post_hook_is_given_a_copy_of_the_state_dict(patch):
    wrap(patch, POST, lambda hook: lambda module, state, *rest: hook(module, copy.copy(state), *rest))


@fault("HOOK-26", since="2.5")
def what_a_state_dict_post_hook_returns_is_ignored(patch):
    wrap(patch, POST, lambda hook: lambda *args: hook(*args) and None)


@fault("HOOK-27", "HOOK-28")
def what_a_hook_of_the_private_road_returns_is_ignored(patch):
    wrap(patch, PRIVATE, lambda hook: lambda *args: (hook(*args), None)[1])


@fault("HOOK-27")
def a_child_saves_what_its_hook_returns(patch):
    state_dict = nn.Module.state_dict

    def saved(self, *args, destination=None, **options):
        found = state_dict(self, *args, destination=destination, **options)
        if destination is not None and found is not destination:
            destination.update(found)
        return found

    patch.setattr(nn.Module, "state_dict", saved)


@fault("HOOK-28")
def a_hook_of_the_private_road_that_returns_None_empties_the_state_dict(patch):
    def emptied(hook):
        return lambda *args: {} if (answer := hook(*args)) is None else answer

    wrap(patch, PRIVATE, emptied)


@fault("HOOK-29", since="2.5")
def a_state_dict_post_hook_may_take_the_private_road_too(patch):
    register = nn.Module._register_state_dict_hook

    def unmarked(self, hook):
        vars(hook).pop("_from_public_api", None)
        return register(self, hook)

    patch.setattr(nn.Module, PRIVATE, unmarked)


@fault("HOOK-30", since="2.5")
def the_last_state_dict_hook_runs_first(patch):
    for name, table in [(PRE, "_state_dict_pre_hooks"), (POST, "_state_dict_hooks"), (PRIVATE, "_state_dict_hooks")]:
        register = getattr(nn.Module, name)

        def first(self, hook, table=table, register=register):
            handle = register(self, hook)
            getattr(self, table).move_to_end(handle.id, last=False)
            return handle

        patch.setattr(nn.Module, name, first)


@fault("HOOK-30", "HOOK-41", "HOOK-49", "HOOK-50")
def a_removed_hook_of_a_module_runs_all_the_same(patch):
    remove = RemovableHandle.remove

    def removed(self):
        hooks = self.hooks_dict_ref()
        if hooks and any(isinstance(hook, type(wrap)) or hasattr(hook, "with_module") for hook in hooks.values()):
            return
        remove(self)

    patch.setattr(RemovableHandle, "remove", removed)


@fault("HOOK-84", since="2.5")
def a_bound_method_may_be_a_state_dict_post_hook(patch):
    register = nn.Module.register_state_dict_post_hook
    patch.setattr(
        nn.Module, "register_state_dict_post_hook", lambda self, hook: register(self, lambda *args: hook(*args))
    )


@fault("HOOK-26", since="2.5")
def a_state_dict_post_hook_may_return_what_is_false(patch):
    register = nn.Module.register_state_dict_post_hook
    patch.setattr(
        nn.Module,
        "register_state_dict_post_hook",
        lambda self, hook: register(self, lambda *args: hook(*args) or None),
    )


@fault("HOOK-22", since="2.0")
def a_state_dict_pre_hook_may_change_the_version_that_is_about_to_be_saved(patch):
    def save(self, destination, prefix, keep_vars):
        getattr(destination, "_metadata", {}).setdefault(prefix[:-1], {})["version"] = self._version
        SAVE_TO(self, destination, prefix, keep_vars)

    patch.setattr(nn.Module, "_save_to_state_dict", save)
