"""Faults in what is state once a value is computed from others."""

import contextlib

from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune
from torch.nn.utils.weight_norm import WeightNorm

from .. import fault

REGISTER = parametrize.register_parametrization


@fault("UTIL-02")
def a_parametrized_parameter_is_copied(patch):
    def register(module, name, *args, **options):
        REGISTER(module, name, *args, **options)
        originals = module.parametrizations[name]
        if isinstance(originals.original, nn.Parameter):
            originals.original = nn.Parameter(originals.original.detach().clone())
        return module

    patch.setattr(parametrize, "register_parametrization", register)


@fault("UTIL-45")
def every_parametrization_is_registered_as_unsafe(patch):
    def register(module, name, parametrization, *, unsafe=True):
        return REGISTER(module, name, parametrization, unsafe=True)

    patch.setattr(parametrize, "register_parametrization", register)


@fault("UTIL-45")
def no_parametrization_is_registered_as_unsafe(patch):
    def register(module, name, parametrization, *, unsafe=False):
        return REGISTER(module, name, parametrization)

    patch.setattr(parametrize, "register_parametrization", register)


@fault("UTIL-03", "UTIL-16")
def the_original_of_a_parametrized_buffer_becomes_a_parameter(patch):
    def register(module, name, *args, **options):
        buffer = name in module._buffers
        REGISTER(module, name, *args, **options)
        if buffer:
            originals = module.parametrizations[name]
            originals.weight = nn.Parameter(originals.original)
            del originals.original
            originals.original = originals.weight
        return module

    patch.setattr(parametrize, "register_parametrization", register)


@fault("UTIL-16")
def the_original_of_a_parametrized_buffer_keeps_its_persistence(patch):
    def register(module, name, *args, **options):
        temporary = name in module._non_persistent_buffers_set
        REGISTER(module, name, *args, **options)
        if temporary:
            module.parametrizations[name]._non_persistent_buffers_set.add("original")
        return module

    patch.setattr(parametrize, "register_parametrization", register)


@fault("UTIL-17")
def assigning_to_a_parametrized_name_changes_nothing(patch):
    patch.setattr(parametrize.ParametrizationList, "right_inverse", lambda self, value: None)


@fault("UTIL-18")
def a_name_that_cannot_be_parametrized_is_passed_over(patch):
    def register(module, name, *args, **options):
        if name in module._parameters or name in module._buffers:
            return REGISTER(module, name, *args, **options)
        return module

    patch.setattr(parametrize, "register_parametrization", register)


@fault("UTIL-19")
def removing_a_parametrization_always_keeps_the_computed_value(patch):
    remove = parametrize.remove_parametrizations
    patch.setattr(parametrize, "remove_parametrizations", lambda module, name, **options: remove(module, name))


@fault("UTIL-20", "TIE-06")
def deepcopy_shares_the_parameters(patch):
    patch.setattr(nn.Parameter, "__deepcopy__", lambda self, memo: self)


@fault("UTIL-21")
def nothing_is_cached_within_cached(patch):
    patch.setattr(parametrize, "cached", contextlib.nullcontext)


@fault("UTIL-04")
def a_forward_does_not_compute_the_weight_of_the_old_weight_norm(patch):
    patch.setattr(WeightNorm, "__call__", lambda self, module, inputs: None)


@fault("UTIL-22", since="2.1")
def the_new_weight_norm_does_not_know_the_keys_of_the_old(patch):
    weight_norm = parametrizations.weight_norm

    def forgetful(module, *args, **options):
        weight_norm(module, *args, **options)._load_state_dict_pre_hooks.clear()
        return module

    patch.setattr(parametrizations, "weight_norm", forgetful)


@fault("UTIL-23")
def the_vectors_of_the_old_spectral_norm_are_not_persistent(patch):
    spectral_norm = nn.utils.spectral_norm

    def forgetful(module, *args, **options):
        spectral_norm(module, *args, **options)._non_persistent_buffers_set.update(["weight_u", "weight_v"])
        return module

    patch.setattr(nn.utils, "spectral_norm", forgetful)


@fault("UTIL-24")
def the_vectors_of_the_new_spectral_norm_are_not_persistent(patch):
    spectral_norm = parametrizations.spectral_norm

    def forgetful(module, *args, **options):
        spectral_norm(module, *args, **options).parametrizations.weight[0]._non_persistent_buffers_set.add("_u")
        return module

    patch.setattr(parametrizations, "spectral_norm", forgetful)


@fault("UTIL-05")
def the_mask_of_a_pruning_is_not_persistent(patch):
    custom_from_mask = prune.custom_from_mask

    def forgetful(module, name, mask):
        custom_from_mask(module, name, mask)._non_persistent_buffers_set.add(f"{name}_mask")
        return module

    patch.setattr(prune, "custom_from_mask", forgetful)


@fault("UTIL-05")
def a_forward_does_not_compute_the_pruned_weight(patch):
    patch.setattr(prune.BasePruningMethod, "__call__", lambda self, module, inputs: None)


@fault("UTIL-25")
def removing_a_pruning_leaves_the_mask(patch):
    remove = prune.remove

    def leave(module, name):
        mask = module.get_buffer(f"{name}_mask")
        remove(module, name)
        module.register_buffer(f"{name}_mask", mask)
        return module

    patch.setattr(prune, "remove", leave)
