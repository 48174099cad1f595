"""Faults in what becomes of hooks and handles when a module is copied."""

import weakref
from collections import OrderedDict

from torch import nn
from torch.nn.modules.module import _WrappedHook
from torch.utils.hooks import RemovableHandle

from .. import fault

SETSTATE = RemovableHandle.__setstate__


@fault("HOOK-49")
def a_copied_module_has_no_hooks(patch):
    def getstate(self):
        return {name: OrderedDict() if name.endswith("_hooks") else value for name, value in vars(self).items()}

    patch.setattr(nn.Module, "__getstate__", getstate, raising=False)


@fault("HOOK-50")
def a_copied_handle_removes_nothing(patch):
    def setstate(self, state):
        SETSTATE(self, state)
        self.hooks_dict_ref = weakref.ref(OrderedDict())

    patch.setattr(RemovableHandle, "__setstate__", setstate)


@fault("HOOK-51")
def a_handle_keeps_the_hooks_of_its_module_alive(patch):
    init = RemovableHandle.__init__

    def keep(self, hooks, **options):
        init(self, hooks, **options)
        self.hooks_dict_ref = lambda: hooks

    patch.setattr(RemovableHandle, "__init__", keep)


@fault("HOOK-52")
def a_handle_as_a_context_removes_nothing_after_an_error(patch):
    def leave(self, kind, *args):
        if kind is None:
            self.remove()

    patch.setattr(RemovableHandle, "__exit__", leave)


@fault("HOOK-53")
def a_new_handle_may_have_the_id_of_an_unpickled_one(patch):
    def setstate(self, state):
        following = RemovableHandle.next_id
        SETSTATE(self, state)
        RemovableHandle.next_id = following

    patch.setattr(RemovableHandle, "__setstate__", setstate)


@fault("HOOK-54")
def a_load_pre_hook_keeps_its_module_alive(patch):
    init = _WrappedHook.__init__

    def keep(self, hook, module=None):
        init(self, hook, module)
        self.module = lambda: module

    patch.setattr(_WrappedHook, "__init__", keep)


@fault("HOOK-55", "HOOK-56", "HOOK-71")
def a_module_is_revived_with_what_was_pickled_and_no_more(patch):
    patch.setattr(nn.Module, "__setstate__", lambda self, state: vars(self).update(state))
