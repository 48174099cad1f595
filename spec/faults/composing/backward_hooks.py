"""Faults in the backward hooks of a module."""

import warnings

from torch import nn
from torch.utils.hooks import BackwardHook

from .. import fault
from .hooking import FULL, wrap


@fault("HOOK-66")
def what_a_full_backward_hook_returns_is_ignored(patch):
    wrap(patch, FULL, lambda hook, **options: lambda *args: (hook(*args), None)[1])


@fault("HOOK-67", since="2.0")
def what_a_full_backward_pre_hook_returns_is_ignored(patch):
    register = nn.Module.register_full_backward_pre_hook
    wrap(patch, register, lambda hook, **options: lambda *args: (hook(*args), None)[1])


def silence(patch, text):
    """Let no warning be raised that says ``text``."""
    warn = warnings.warn

    def quiet(message, *args, **options):
        if text not in str(message):
            warn(message, *args, **options)

    patch.setattr(warnings, "warn", quiet)


@fault("HOOK-77", since="2.0")
def a_backward_hook_that_never_runs_goes_without_a_warning(patch):
    silence(patch, "For backward hooks to be called")


def forget_the_kind(patch, only_if_none):
    for name in ("register_backward_hook", "register_full_backward_hook"):
        register = getattr(nn.Module, name)

        def register_either(self, hook, register=register, **options):
            if not (only_if_none and self._backward_hooks):
                self._is_full_backward_hook = None
            return register(self, hook, **options)

        patch.setattr(nn.Module, name, register_either)


@fault("HOOK-68")
def a_module_may_have_both_kinds_of_backward_hooks(patch):
    forget_the_kind(patch, only_if_none=False)


@fault("HOOK-68")
def a_module_may_have_one_kind_of_backward_hooks_after_the_other(patch):
    forget_the_kind(patch, only_if_none=True)


@fault("HOOK-77", since="2.0")
def a_backward_hook_on_a_module_that_returns_a_list_goes_without_a_warning(patch):
    silence(patch, "<class 'list'>")


@fault("HOOK-66", "HOOK-89")
def a_module_with_a_full_backward_hook_computes_on_its_inputs_themselves(patch):
    setup = BackwardHook.setup_input_hook
    patch.setattr(BackwardHook, "setup_input_hook", lambda self, args: (setup(self, args), args)[1])


@fault("HOOK-78")
def what_an_old_backward_hook_returns_is_ignored(patch):
    register = nn.Module.register_backward_hook
    patch.setattr(
        nn.Module, "register_backward_hook", lambda self, hook: register(self, lambda *args: (hook(*args), None)[1])
    )


@fault("HOOK-90")
def an_old_backward_hook_watches_no_output_that_is_a_dict(patch):
    register, outputs = nn.Module.register_backward_hook, []

    def register_backward_hook(self, hook):
        self.register_forward_hook(lambda module, args, output: outputs.append(output))
        return register(self, lambda *args: None if isinstance(outputs[-1], dict) else hook(*args))

    patch.setattr(nn.Module, "register_backward_hook", register_backward_hook)


@fault("HOOK-81", since="2.4")
def an_old_backward_hook_warns_of_nothing(patch):
    patch.setattr(nn.Module, "_maybe_warn_non_full_backward_hook", lambda self, inputs, result, grad_fn: None)


@fault("HOOK-81", since="2.4")
def an_old_backward_hook_always_warns(patch):
    def warn(self, inputs, result, grad_fn):
        warnings.warn("Using a non-full backward hook is deprecated", FutureWarning, stacklevel=2)

    patch.setattr(nn.Module, "_maybe_warn_non_full_backward_hook", warn)
