"""Faults in what hooks do where a call fails."""

import sys

from torch import nn

from .. import fault
from .hooking import CALL, POST, silent, wrap, wrap_calls, wrap_global


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

    wrap_calls(patch, call)


def ignored_after_an_error(hook, **options):
    """``hook``, whose answer counts only while no error is under way."""

    def run(*args):
        result = hook(*args)
        return None if sys.exc_info()[0] else result

    return run


@fault("HOOK-86", since="2.1")
def what_a_hook_returns_after_an_error_is_ignored(patch):
    wrap(patch, POST, ignored_after_an_error)


@fault("HOOK-86", since="2.1")
def what_a_global_hook_returns_after_an_error_is_ignored(patch):
    wrap_global(patch, "forward", ignored_after_an_error)


@fault("HOOK-87", since="2.1")
def a_hook_that_is_always_called_runs_again_after_its_own_error(patch):
    def again(hook, always_call=False, **options):
        def run(*args):
            try:
                return hook(*args)
            except Exception:
                hook(*args)
                raise

        return run if always_call else hook

    wrap(patch, POST, again)


@fault("HOOK-88", since="2.1")
def a_hook_that_is_always_called_runs_after_an_interrupt_too(patch):
    def call(self, *args, **kwargs):
        try:
            return CALL(self, *args, **kwargs)
        except (KeyboardInterrupt, SystemExit):
            for id in self._forward_hooks_always_called:
                self._forward_hooks[id](self, args, None)
            raise

    wrap_calls(patch, call)
