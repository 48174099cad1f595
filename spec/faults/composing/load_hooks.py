"""Faults in the hooks of ``load_state_dict()``."""

from torch import nn
from torch.nn.modules.module import _IncompatibleKeys, _WrappedHook

from .. import fault

PRE, POST = "_register_load_state_dict_pre_hook", "register_load_state_dict_post_hook"
REGISTER_PRE = nn.Module._register_load_state_dict_pre_hook
REGISTER_POST = nn.Module.register_load_state_dict_post_hook
LOAD_STATE_DICT = nn.Module.load_state_dict
LOAD_FROM = nn.Module._load_from_state_dict


def wrap_pre(patch, change):
    """Let each load pre-hook have its arguments changed; ``change`` does not get the module."""

    def register(self, hook, with_module=False):
        if with_module:
            return REGISTER_PRE(self, lambda module, *args: hook(module, *change(*args)), True)
        return REGISTER_PRE(self, lambda *args: hook(*change(*args)), False)

    patch.setattr(nn.Module, PRE, register)


def wrap_post(patch, change):
    patch.setattr(nn.Module, POST, lambda self, hook: REGISTER_POST(self, change(hook)))


@fault("HOOK-34", "HOOK-35")
def a_load_pre_hook_edits_a_copy_that_is_not_loaded(patch):
    wrap_pre(patch, lambda state, *rest: (dict(state), *rest))


@fault("HOOK-05", since="2.5")
def a_load_pre_hook_of_the_public_road_edits_a_copy_that_is_not_loaded(patch):
    wrap_pre(patch, lambda state, *rest: (dict(state), *rest))


@fault("HOOK-31")
def a_load_pre_hook_is_given_no_prefix(patch):
    wrap_pre(patch, lambda state, prefix, *rest: (state, "", *rest))


@fault("HOOK-31")
def a_load_pre_hook_is_told_that_the_load_is_not_strict(patch):
    wrap_pre(patch, lambda state, prefix, metadata, strict, *rest: (state, prefix, metadata, False, *rest))


@fault("HOOK-32", "HOOK-49")
def no_load_pre_hook_is_given_the_module(patch):
    patch.setattr(nn.Module, PRE, lambda self, hook, with_module=False: REGISTER_PRE(self, hook))


@fault("HOOK-33", since="2.5")
def a_load_pre_hook_of_the_public_road_is_not_given_the_module(patch):
    patch.setattr(nn.Module, "register_load_state_dict_pre_hook", lambda self, hook: REGISTER_PRE(self, hook))


@fault("HOOK-34")
def a_load_pre_hook_edits_the_checkpoint_of_the_caller_too(patch):
    def load(self, state, *args, **options):
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state, "", {}, True, [], [], [])
        return LOAD_STATE_DICT(self, state, *args, **options)

    patch.setattr(nn.Module, "load_state_dict", load)


@fault("HOOK-31", "HOOK-35")
def a_load_pre_hook_of_a_child_is_given_the_whole_checkpoint(patch):
    whole = {}

    def load(self, state, prefix, *args):
        if prefix == "":
            whole["state"] = state
        LOAD_FROM(self, whole["state"], prefix, *args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-36")
def a_load_pre_hook_is_given_copies_of_the_lists(patch):
    wrap_pre(patch, lambda *args: (*args[:4], *map(list, args[4:])))


@fault("HOOK-36")
def the_errors_of_a_load_pre_hook_are_not_raised(patch):
    wrap_pre(patch, lambda *args: (*args[:6], []))


@fault("HOOK-37", "HOOK-34")
def a_load_pre_hook_runs_after_the_own_state_is_loaded(patch):
    def load(self, *args):
        hooks, self._load_state_dict_pre_hooks = self._load_state_dict_pre_hooks, {}
        LOAD_FROM(self, *args)
        self._load_state_dict_pre_hooks = hooks
        for hook in hooks.values():
            hook(*args)

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-37", "HOOK-38")
def a_load_post_hook_runs_before_the_children_are_loaded_too(patch):
    def load(self, state, prefix, metadata, strict, missing, unexpected, errors):
        LOAD_FROM(self, state, prefix, metadata, strict, missing, unexpected, errors)
        for hook in self._load_state_dict_post_hooks.values():
            hook(self, _IncompatibleKeys(missing, unexpected))

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("HOOK-06", "HOOK-39")
def a_load_post_hook_edits_copies_of_the_lists(patch):
    def copied(hook):
        return lambda module, keys: hook(module, _IncompatibleKeys(*map(list, keys)))

    wrap_post(patch, copied)


@fault("HOOK-38")
def a_load_post_hook_is_not_told_what_is_unexpected(patch):
    def told(hook):
        return lambda module, keys: hook(module, _IncompatibleKeys(keys.missing_keys, []))

    wrap_post(patch, told)


@fault("HOOK-40")
def what_a_load_post_hook_returns_is_ignored(patch):
    wrap_post(patch, lambda hook: lambda *args: (hook(*args), None)[1])


@fault("HOOK-41")
def the_last_load_hook_runs_first(patch):
    for name, table in [(PRE, "_load_state_dict_pre_hooks"), (POST, "_load_state_dict_post_hooks")]:
        register = getattr(nn.Module, name)

        def first(self, hook, *args, table=table, register=register, **options):
            handle = register(self, hook, *args, **options)
            getattr(self, table).move_to_end(handle.id, last=False)
            return handle

        patch.setattr(nn.Module, name, first)


@fault("HOOK-42")
def a_load_pre_hook_is_always_given_version_1(patch):
    wrap_pre(patch, lambda state, prefix, metadata, *rest: (state, prefix, {"version": 1}, *rest))


@fault("HOOK-80")
def a_load_pre_hook_is_listed_without_a_name(patch):
    init = _WrappedHook.__init__

    def anonymous(self, hook, module=None):
        init(self, hook, module)
        for name in set(vars(self)) - {"hook", "with_module", "module"}:
            del vars(self)[name]

    patch.setattr(_WrappedHook, "__init__", anonymous)


@fault("HOOK-40")
def a_load_post_hook_may_return_what_is_false(patch):
    wrap_post(patch, lambda hook: lambda *args: hook(*args) or None)


@fault("HOOK-91")
def the_children_of_a_child_load_what_the_checkpoint_held_before_the_hooks(patch):
    given = []

    def load_all(self, state_dict, *args, **kwargs):
        given.append(dict(state_dict))
        return LOAD_STATE_DICT(self, state_dict, *args, **kwargs)

    def load(self, state_dict, prefix, *args):
        if prefix.count(".") > 1:
            state_dict = {key: value for key, value in given[-1].items() if key.startswith(prefix)}
        LOAD_FROM(self, state_dict, prefix, *args)

    patch.setattr(nn.Module, "load_state_dict", load_all)
    patch.setattr(nn.Module, "_load_from_state_dict", load)
