"""Faults in calls that borrow state, and in state that is stacked."""

import contextlib

from torch import nn
from torch.nn.utils import stateless

from .. import fault


def mapped(borrowed, change):
    """``borrowed``, a dict or a tuple of dicts, with each dict changed."""
    return change(borrowed) if isinstance(borrowed, dict) else tuple(map(change, borrowed))


@fault("UTIL-07", "UTIL-08", "UTIL-09", "UTIL-28", breaks="torch.func.functional_call")
def a_functional_call_borrows_copies(original, module, borrowed, args=None, **options):
    """`functional_call()` computes with copies of the tensors that it is given."""
    copies = mapped(borrowed, lambda tensors: {name: tensor.detach().clone() for name, tensor in tensors.items()})
    return original(module, copies, args, **options)


@fault("UTIL-07", "UTIL-26", breaks="torch.func.functional_call")
def a_functional_call_leaves_the_module_with_copies(original, module, *args, **options):
    """`functional_call()` rebinds the parameters and buffers of the module."""
    answer = original(module, *args, **options)
    for each in module.modules():
        for name, parameter in each._parameters.items():
            each._parameters[name] = nn.Parameter(parameter.detach(), parameter.requires_grad)
        for name, buffer in each._buffers.items():
            each._buffers[name] = buffer.clone()
    return answer


@fault("UTIL-26", breaks="torch.func.functional_call")
def a_functional_call_borrows_nothing_for_a_child(original, module, borrowed, args=None, **options):
    """`functional_call()` ignores the tensors that it is given for a submodule."""
    own = mapped(borrowed, lambda tensors: {name: tensor for name, tensor in tensors.items() if "." not in name})
    return original(module, own, args, **options)


@fault("UTIL-27", breaks="torch.nn.utils.stateless._reparametrize_module")
@contextlib.contextmanager
def a_functional_call_gives_nothing_back_after_an_error(original, module, borrowed, **options):
    """After an error in `functional_call()`, the module keeps the tensors that the call was given."""
    accessor = stateless.NamedMemberAccessor(module)
    own, _ = accessor.swap_tensors_dict(borrowed, allow_missing=True)
    yield
    accessor.swap_tensors_dict(own, allow_missing=True)


@fault("UTIL-29", "UTIL-09", breaks="torch.func.functional_call")
def a_functional_call_is_never_strict(original, *args, strict=False, **options):
    """`functional_call()` ignores `strict=True`."""
    return original(*args, **options)


@fault("UTIL-30", breaks="torch.func.functional_call")
def a_functional_call_leaves_the_dict_as_it_was_passed(original, module, borrowed, args=None, **options):
    """`functional_call()` doesn't write into the dict that it is given."""
    return original(module, mapped(borrowed, dict), args, **options)


@fault("UTIL-31", "UTIL-73", "UTIL-75", breaks="torch.func.functional_call")
def a_functional_call_never_ties(original, *args, tie_weights=True, **options):
    """`functional_call()` has `tie_weights=False` always."""
    return original(*args, tie_weights=False, **options)


@fault("UTIL-31", breaks="torch.func.functional_call")
def a_functional_call_always_ties(original, *args, tie_weights=True, **options):
    """`functional_call()` ignores `tie_weights=False`."""
    return original(*args, **options)


@fault("UTIL-32", breaks="torch.func.functional_call")
def a_functional_call_takes_the_last_of_two_tensors_for_a_name(original, module, borrowed, args=None, **options):
    """`functional_call()` takes the last of several tensors that it is given for a name."""
    dicts = [borrowed] if isinstance(borrowed, dict) else borrowed
    return original(module, {name: t for tensors in dicts for name, t in tensors.items()}, args, **options)


@fault("UTIL-41", breaks="torch.func.functional_call")
def a_functional_call_passes_over_a_plain_value(original, module, borrowed, args=None, **options):
    """`functional_call()` ignores a tensor that it is given for a plain number."""
    numbers = [name for name, value in vars(module).items() if isinstance(value, int)]
    kept = mapped(borrowed, lambda tensors: {name: t for name, t in tensors.items() if name not in numbers})
    return original(module, kept, args, **options)


@fault("UTIL-42", breaks="torch.func.functional_call")
def a_functional_call_leaves_what_the_module_lacked(original, module, borrowed, args=None, **options):
    """`functional_call()` leaves a tensor that it is given for a name that the module lacks."""
    answer = original(module, borrowed, args, **options)
    for name, tensor in borrowed.items() if isinstance(borrowed, dict) else ():
        if "." not in name and not hasattr(module, name):
            setattr(module, name, tensor)
    return answer


@fault("UTIL-10", breaks="torch.func.stack_module_state")
def stack_module_state_leaves_out_what_is_not_saved(original, models):
    """`stack_module_state()` leaves out non-persistent buffers."""
    parameters, buffers = original(models)
    return parameters, {name: tensor for name, tensor in buffers.items() if name in models[0].state_dict()}


@fault("UTIL-10", breaks="torch.func.stack_module_state")
def stacked_parameters_do_not_require_grad(original, models):
    parameters, buffers = original(models)
    return {name: tensor.detach() for name, tensor in parameters.items()}, buffers


@fault("UTIL-33", breaks="torch.func.stack_module_state")
def stack_module_state_takes_models_in_different_modes(original, models):
    """`stack_module_state()` takes models in different modes and raises nothing."""
    return original([model.train() for model in models])


@fault("UTIL-88", breaks="torch.func.functional_call")
def a_functional_call_brings_back_each_name_that_forward_deletes(original, module, *args, **options):
    """`functional_call()` brings back each name that `forward` deletes."""
    before = dict(module._parameters), dict(module._buffers)
    answer = original(module, *args, **options)
    vars(module).pop("b", None)
    module._parameters.update(before[0])
    module._buffers.update(before[1])
    return answer
