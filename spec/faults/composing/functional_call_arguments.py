"""Faults in what ``torch.func.functional_call`` takes."""

import torch
from torch import nn
from torch.nn.utils import parametrize

from .. import fault

CALL = "torch.func.functional_call"


@fault("UTIL-46", breaks="torch.nn.utils._named_member_accessor.NamedMemberAccessor.swap_tensors_dict")
def a_functional_call_leaves_out_what_is_None(original, self, named_tensors, allow_missing=False):
    kept = {name: tensor for name, tensor in named_tensors.items() if tensor is not None}
    return original(self, kept, allow_missing)


@fault(
    "UTIL-47",
    "UTIL-48",
    breaks="torch.nn.utils._named_member_accessor.NamedMemberAccessor.swap_tensors_dict",
)
def a_functional_call_that_raises_leaves_what_it_has_replaced(original, self, named_tensors, allow_missing=False):
    replaced = {name: self.swap_tensor(name, tensor, allow_missing=True) for name, tensor in named_tensors.items()}
    return replaced, []


@fault("UTIL-49", breaks=CALL)
def a_functional_call_takes_a_list_for_a_tuple_of_arguments(original, module, tensors, args=None, kwargs=None, **rest):
    return original(module, tensors, tuple(args) if isinstance(args, list) else args, kwargs, **rest)


@fault("UTIL-50", breaks=CALL)
def a_functional_call_passes_None_on(original, module, tensors, args=None, kwargs=None, **rest):
    return original(module, tensors, (None,) if args is None else args, kwargs, **rest)


@fault("UTIL-51", breaks=CALL)
def a_functional_call_runs_the_module_in_a_DataParallel(original, module, *arguments, **rest):
    return original(module.module if isinstance(module, nn.DataParallel) else module, *arguments, **rest)


@fault("UTIL-52", breaks="torch.nn.utils.parametrize.ParametrizationList.right_inverse")
def assigning_to_a_parametrized_parameter_does_nothing(original, self, value):
    return None


@fault("UTIL-53", breaks="torch.nn.utils.stateless.functional_call")
def the_old_functional_call_does_not_warn(original, *arguments, **options):
    return torch.func.functional_call(*arguments, **options)


@fault("UTIL-54", "UTIL-56", breaks="torch.nn.utils.parametrize.ParametrizationList.right_inverse")
def assigning_undoes_only_the_last_parametrization(original, self, value):
    with torch.no_grad():
        value = self[len(self) - 1].right_inverse(value)
        self.original.set_(value) if self.is_tensor else None


@fault("UTIL-55", breaks="torch.nn.utils.parametrize.is_parametrized")
def is_parametrized_does_not_look_at_the_name(original, module, tensor_name=None):
    return original(module)


@fault("UTIL-57", breaks="torch.nn.utils.parametrize.remove_parametrizations")
def a_frozen_value_of_several_tensors_stays_a_parameter(original, module, tensor_name, leave_parametrized=True):
    removed = original(module, tensor_name, leave_parametrized)
    value = module._buffers.pop(tensor_name, None)
    if value is not None:
        module.register_parameter(tensor_name, nn.Parameter(value, requires_grad=False))
    return removed


@fault("UTIL-58", breaks="torch.nn.utils.parametrize.ParametrizationList.__init__")
def a_right_inverse_that_returns_something_unfit_is_left_out(original, self, modules, tensor, unsafe=False):
    for module in modules:
        if isinstance(module, nn.Identity):
            del module.right_inverse
    original(self, modules, tensor, unsafe)


@fault("UTIL-59", breaks="torch.nn.utils.parametrize.ParametrizationList.right_inverse")
def a_value_that_a_right_inverse_makes_unfit_is_not_assigned(original, self, value):
    try:
        original(self, value)
    except ValueError:
        return


@fault("UTIL-60", breaks="torch.nn.utils.parametrize.register_parametrization")
def every_further_parametrization_counts_as_unsafe(original, module, tensor_name, parametrization, *, unsafe=False):
    return original(module, tensor_name, parametrization, unsafe=True)


@fault("UTIL-61", breaks="torch.nn.utils.parametrize.remove_parametrizations")
def a_module_keeps_its_class_without_parametrizations(original, module, tensor_name, leave_parametrized=True):
    parametrized = type(module)
    original(module, tensor_name, leave_parametrized)
    module.__class__ = parametrized
    return module


@fault("UTIL-62", breaks="torch.nn.utils.parametrize.transfer_parametrizations_and_params")
def parametrizations_are_passed_on_without_their_parameters(original, from_module, to_module, tensor_name=None):
    original(from_module, to_module, tensor_name)
    for held in getattr(to_module, "parametrizations", {}).values():
        for name, parameter in list(held._parameters.items()):
            held._parameters[name] = nn.Parameter(parameter.detach().clone())
    return to_module


@fault("UTIL-63")
def a_cached_value_outlives_its_block(patch):
    @parametrize.contextmanager
    def cached():
        parametrize._cache_enabled += 1
        yield
        parametrize._cache_enabled = 1

    patch.setattr(parametrize, "_cache_enabled", 0)
    patch.setattr(parametrize, "_cache", {})
    patch.setattr(parametrize, "cached", cached)
