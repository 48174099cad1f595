"""Faults in calls that borrow state, and in state that is stacked."""

import contextlib

import torch
from torch import nn
from torch.nn.utils import stateless

from .. import fault


def wrap(patch, call):
    """Put ``call(functional_call, module, borrowed, args, **options)`` in the place of ``functional_call``."""
    functional_call = torch.func.functional_call

    def wrapped(module, borrowed, args=None, **options):
        return call(functional_call, module, borrowed, args, **options)

    patch.setattr(torch.func, "functional_call", wrapped)


def mapped(borrowed, change):
    """``borrowed``, a dict or a tuple of dicts, with each dict changed."""
    return change(borrowed) if isinstance(borrowed, dict) else tuple(map(change, borrowed))


@fault("UTIL-07", "UTIL-08", "UTIL-09", "UTIL-28", since="2.0")
def a_functional_call_borrows_copies(patch):
    def call(functional_call, module, borrowed, args, **options):
        copies = mapped(borrowed, lambda tensors: {name: tensor.detach().clone() for name, tensor in tensors.items()})
        return functional_call(module, copies, args, **options)

    wrap(patch, call)


@fault("UTIL-07", "UTIL-26", since="2.0")
def a_functional_call_leaves_the_module_with_copies(patch):
    def call(functional_call, module, borrowed, args, **options):
        answer = functional_call(module, borrowed, args, **options)
        for each in module.modules():
            for name, parameter in each._parameters.items():
                each._parameters[name] = nn.Parameter(parameter.detach(), parameter.requires_grad)
            for name, buffer in each._buffers.items():
                each._buffers[name] = buffer.clone()
        return answer

    wrap(patch, call)


@fault("UTIL-26", since="2.0")
def a_functional_call_borrows_nothing_for_a_child(patch):
    def call(functional_call, module, borrowed, args, **options):
        own = mapped(borrowed, lambda tensors: {name: tensor for name, tensor in tensors.items() if "." not in name})
        return functional_call(module, own, args, **options)

    wrap(patch, call)


@fault("UTIL-27", since="2.0")
def a_functional_call_gives_nothing_back_after_an_error(patch):
    @contextlib.contextmanager
    def reparametrize(module, borrowed, **options):
        accessor = stateless.NamedMemberAccessor(module)
        own, _ = accessor.swap_tensors_dict(borrowed, allow_missing=True)
        yield
        accessor.swap_tensors_dict(own, allow_missing=True)

    patch.setattr(stateless, "_reparametrize_module", reparametrize)


@fault("UTIL-29", "UTIL-09", since="2.0")
def a_functional_call_is_never_strict(patch):
    def call(functional_call, module, borrowed, args, strict=False, **options):
        return functional_call(module, borrowed, args, **options)

    wrap(patch, call)


@fault("UTIL-30", since="2.0")
def a_functional_call_leaves_the_dict_as_it_was_passed(patch):
    def call(functional_call, module, borrowed, args, **options):
        return functional_call(module, mapped(borrowed, dict), args, **options)

    wrap(patch, call)


@fault("UTIL-31", since="2.0")
def a_functional_call_never_ties(patch):
    def call(functional_call, module, borrowed, args, tie_weights=True, **options):
        return functional_call(module, borrowed, args, tie_weights=False, **options)

    wrap(patch, call)


@fault("UTIL-31", since="2.0")
def a_functional_call_always_ties(patch):
    def call(functional_call, module, borrowed, args, tie_weights=True, **options):
        return functional_call(module, borrowed, args, **options)

    wrap(patch, call)


@fault("UTIL-32", since="2.0")
def a_functional_call_takes_the_last_of_two_tensors_for_a_name(patch):
    def call(functional_call, module, borrowed, args, **options):
        dicts = [borrowed] if isinstance(borrowed, dict) else borrowed
        return functional_call(module, {name: t for tensors in dicts for name, t in tensors.items()}, args, **options)

    wrap(patch, call)


@fault("UTIL-41", since="2.0")
def a_functional_call_passes_over_a_plain_value(patch):
    def call(functional_call, module, borrowed, args, **options):
        state = mapped(
            borrowed, lambda tensors: {n: t for n, t in tensors.items() if not isinstance(vars(module).get(n), int)}
        )
        return functional_call(module, state, args, **options)

    wrap(patch, call)


@fault("UTIL-42", since="2.0")
def a_functional_call_leaves_what_the_module_lacked(patch):
    def call(functional_call, module, borrowed, args, **options):
        answer = functional_call(module, borrowed, args, **options)
        for name, tensor in borrowed.items() if isinstance(borrowed, dict) else ():
            if "." not in name and not hasattr(module, name):
                setattr(module, name, tensor)
        return answer

    wrap(patch, call)


@fault("UTIL-10", since="2.0")
def stack_module_state_leaves_out_what_is_not_saved(patch):
    stack = torch.func.stack_module_state

    def saved(models):
        parameters, buffers = stack(models)
        return parameters, {name: tensor for name, tensor in buffers.items() if name in models[0].state_dict()}

    patch.setattr(torch.func, "stack_module_state", saved)


@fault("UTIL-10", since="2.0")
def stacked_parameters_do_not_require_grad(patch):
    stack = torch.func.stack_module_state

    def detached(models):
        parameters, buffers = stack(models)
        return {name: tensor.detach() for name, tensor in parameters.items()}, buffers

    patch.setattr(torch.func, "stack_module_state", detached)


@fault("UTIL-33", since="2.0")
def stack_module_state_takes_models_in_different_modes(patch):
    stack = torch.func.stack_module_state
    patch.setattr(torch.func, "stack_module_state", lambda models: stack([model.train() for model in models]))
