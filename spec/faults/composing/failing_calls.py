"""Faults in what hooks do where a call fails."""

import contextlib
import sys

from .. import fault
from .hooking import CALL, GLOBAL_POST, POST, calling


@fault("HOOK-62", breaks=POST)
def no_forward_hook_runs_after_an_error(original, self, hook, *, always_call=False, **options):
    """A forward hook registered `always_call=True` doesn't run after an error."""
    return original(self, hook, **options)


@fault("HOOK-62", breaks=POST)
def every_forward_hook_runs_after_an_error(original, self, hook, *, always_call=True, **options):
    return original(self, hook, always_call=True, **options)


@fault("HOOK-63", breaks=POST)
@calling
def an_error_of_a_hook_that_is_always_called_is_swallowed(hook, *args):
    """An error in a forward hook registered `always_call=True` is swallowed."""
    with contextlib.suppress(Exception):
        return hook(*args)


@fault("HOOK-64", breaks=CALL)
def a_hook_that_is_always_called_runs_again_after_an_error(original, self, *args, **kwargs):
    """A forward hook registered `always_call=True` runs a second time after an error."""
    try:
        return original(self, *args, **kwargs)
    except Exception:
        for id, hook in self._forward_hooks.items():
            if id in self._forward_hooks_always_called:
                hook(self, args, None)
        raise


@fault("HOOK-86", breaks=POST)
@calling
def what_a_hook_returns_after_an_error_is_ignored(hook, *args):
    """After an error, what a forward hook returns is ignored."""
    result = hook(*args)
    return None if sys.exc_info()[0] else result


@fault("HOOK-86", breaks=GLOBAL_POST)
@calling
def what_a_global_hook_returns_after_an_error_is_ignored(hook, *args):
    """After an error, what a global forward hook returns is ignored."""
    result = hook(*args)
    return None if sys.exc_info()[0] else result


@fault("HOOK-87", breaks=POST)
def a_hook_that_is_always_called_runs_again_after_its_own_error(original, self, hook, *, always_call=False, **options):
    """A forward hook registered `always_call=True` runs a second time after an error of its own."""

    def again(*args):
        try:
            return hook(*args)
        except Exception:
            hook(*args)
            raise

    return original(self, again if always_call else hook, always_call=always_call, **options)


@fault("HOOK-88", breaks=CALL)
def a_hook_that_is_always_called_runs_after_an_interrupt_too(original, self, *args, **kwargs):
    """A forward hook registered `always_call=True` runs after a `KeyboardInterrupt` too."""
    try:
        return original(self, *args, **kwargs)
    except (KeyboardInterrupt, SystemExit):
        for id in self._forward_hooks_always_called:
            self._forward_hooks[id](self, args, None)
        raise
