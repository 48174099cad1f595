"""Faults in when backward hooks run and what they see."""

import torch

from .. import fault
from .hooking import FULL, GLOBAL_FULL, GLOBAL_POST, GLOBAL_PRE, POST, calling

PRE = "torch.nn.Module.register_full_backward_pre_hook"
BACKWARD = "torch.utils.hooks.BackwardHook."


def without_None(gradients):
    return tuple(gradient for gradient in gradients if gradient is not None)


@fault("HOOK-93", breaks=(FULL, PRE))
@calling
def backward_hooks_get_no_entry_for_what_is_no_tensor(hook, module, *gradients):
    """Backward hooks get an entry for each tensor, and none for anything else."""
    return hook(module, *map(without_None, gradients))


@fault("HOOK-94", breaks=FULL)
@calling
def a_full_backward_hook_runs_where_an_input_requires_grad_alone(hook, module, grad_input, grad_output):
    """A full backward hook doesn't run where no input requires grad."""
    return hook(module, grad_input, grad_output) if without_None(grad_input) else None


@fault("HOOK-95", breaks="torch.nn.Module.__call__")
def a_full_backward_hook_runs_for_every_call(original, self, *args, **options):
    """A full backward hook of a frozen module runs too."""
    output = original(self, *args, **options)
    if isinstance(output, torch.Tensor) and not output.requires_grad:
        for hook in self._backward_hooks.values():
            hook(self, (None,), (None,))
    return output


@fault("HOOK-96", "HOOK-98", breaks=BACKWARD + "setup_input_hook")
def a_module_with_backward_hooks_is_given_copies_of_its_inputs(original, self, args):
    """The inputs of a module with a backward hook are copied."""
    return tuple(each.clone() if isinstance(each, torch.Tensor) else each for each in original(self, args))


@fault("HOOK-97", "HOOK-98", breaks=BACKWARD + "setup_output_hook")
def the_output_of_a_module_with_backward_hooks_is_a_copy(original, self, args):
    """The caller of a module with a backward hook gets a copy of its output."""
    output = original(self, args)
    return output.clone() if isinstance(output, torch.Tensor) else output


@fault("HOOK-99", breaks=(GLOBAL_PRE, GLOBAL_POST))
@calling
def global_forward_hooks_get_the_first_argument_alone(hook, module, args, *output):
    """Global forward hooks get the first argument alone."""
    return hook(module, args[:1], *output)


@fault("HOOK-100", breaks=GLOBAL_PRE)
@calling
def a_global_forward_pre_hook_has_to_return_a_tuple(hook, module, args):
    """A global forward pre-hook that returns a single value replaces nothing."""
    result = hook(module, args)
    return result if isinstance(result, tuple) else None


@fault("HOOK-101", breaks=GLOBAL_FULL)
@calling
def what_a_global_full_backward_hook_returns_is_ignored(hook, *args):
    """What a global full backward hook returns is ignored."""
    hook(*args)


@fault("HOOK-102", breaks=POST)
@calling
def forward_hooks_get_copies_of_the_inputs(hook, module, args, output):
    """A forward hook gets copies of the inputs."""
    return hook(module, tuple(each.clone() for each in args), output)
