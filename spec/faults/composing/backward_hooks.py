"""Faults in the backward hooks of a module."""

import warnings

from .. import fault
from .hooking import FULL, calling

OLD = "torch.nn.Module.register_backward_hook"


@fault("HOOK-66", breaks=FULL)
@calling
def what_a_full_backward_hook_returns_is_ignored(hook, *args):
    """A full backward hook can't replace the gradient."""
    hook(*args)


@fault("HOOK-67", breaks="torch.nn.Module.register_full_backward_pre_hook")
@calling
def what_a_full_backward_pre_hook_returns_is_ignored(hook, *args):
    """A full backward pre-hook can't replace the gradient."""
    hook(*args)


@fault("HOOK-77", breaks="warnings.warn")
def a_backward_hook_that_never_runs_goes_without_a_warning(original, message, *args, **options):
    if "For backward hooks to be called" not in str(message):
        original(message, *args, **options)


@fault("HOOK-68", breaks=(OLD, FULL))
def a_module_may_have_both_kinds_of_backward_hooks(original, self, hook, **options):
    """A module takes an old and a full backward hook and raises nothing."""
    self._is_full_backward_hook = None
    return original(self, hook, **options)


@fault("HOOK-68", breaks=(OLD, FULL))
def a_module_may_have_one_kind_of_backward_hooks_after_the_other(original, self, hook, **options):
    """A module takes a full backward hook after its old ones were removed, or an old one after its full ones."""
    if not self._backward_hooks:
        self._is_full_backward_hook = None
    return original(self, hook, **options)


@fault("HOOK-77", breaks="warnings.warn")
def a_backward_hook_on_a_module_that_returns_a_list_goes_without_a_warning(original, message, *args, **options):
    if "<class 'list'>" not in str(message):
        original(message, *args, **options)


@fault("HOOK-66", "HOOK-89", breaks="torch.utils.hooks.BackwardHook.setup_input_hook")
def a_module_with_a_full_backward_hook_computes_on_its_inputs_themselves(original, self, args):
    original(self, args)
    return args


@fault("HOOK-78", breaks=OLD)
@calling
def what_an_old_backward_hook_returns_is_ignored(hook, *args):
    """A hook of `register_backward_hook` can't replace the gradient."""
    hook(*args)


@fault("HOOK-90", breaks=OLD)
def an_old_backward_hook_watches_no_output_that_is_a_dict(original, self, hook):
    """A hook of `register_backward_hook` doesn't run where the output is a dict."""
    outputs = []
    self.register_forward_hook(lambda module, args, output: outputs.append(output))
    return original(self, lambda *args: None if isinstance(outputs[-1], dict) else hook(*args))


@fault("HOOK-81", breaks="torch.nn.Module._maybe_warn_non_full_backward_hook")
def an_old_backward_hook_warns_of_nothing(original, self, inputs, result, grad_fn):
    """A hook of `register_backward_hook` gives no warning."""


@fault("HOOK-81", breaks="torch.nn.Module._maybe_warn_non_full_backward_hook")
def an_old_backward_hook_always_warns(original, self, inputs, result, grad_fn):
    """A hook of `register_backward_hook` always gives a warning."""
    warnings.warn("Using a non-full backward hook is deprecated", FutureWarning, stacklevel=2)
