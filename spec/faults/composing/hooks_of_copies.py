"""Faults in what becomes of hooks and handles when a module is copied."""

import weakref
from collections import OrderedDict

from torch.utils.hooks import RemovableHandle

from .. import fault


@fault("HOOK-49", breaks="torch.nn.Module.__getstate__")
def a_copied_module_has_no_hooks(original, self):
    return {name: OrderedDict() if name.endswith("_hooks") else value for name, value in vars(self).items()}


@fault("HOOK-50", breaks="torch.utils.hooks.RemovableHandle.__setstate__")
def a_copied_handle_removes_nothing(original, self, state):
    original(self, state)
    self.hooks_dict_ref = weakref.ref(OrderedDict())


@fault("HOOK-51", breaks="torch.utils.hooks.RemovableHandle.__init__")
def a_handle_keeps_the_hooks_of_its_module_alive(original, self, hooks, **options):
    original(self, hooks, **options)
    self.hooks_dict_ref = lambda: hooks


@fault("HOOK-52", breaks="torch.utils.hooks.RemovableHandle.__exit__")
def a_handle_as_a_context_removes_nothing_after_an_error(original, self, kind, *args):
    """A handle used in a `with` statement doesn't remove its hook after an error."""
    if kind is None:
        self.remove()


@fault("HOOK-53", breaks="torch.utils.hooks.RemovableHandle.__setstate__")
def a_new_handle_may_have_the_id_of_an_unpickled_one(original, self, state):
    following = RemovableHandle.next_id
    original(self, state)
    RemovableHandle.next_id = following


@fault("HOOK-54", breaks="torch.nn.modules.module._WrappedHook.__init__")
def a_load_pre_hook_keeps_its_module_alive(original, self, hook, module=None):
    original(self, hook, module)
    self.module = lambda: module
