"""Faults in what is state once a value is computed from others."""

import contextlib

from torch import nn

from .. import fault


@fault("UTIL-02", breaks="torch.nn.utils.parametrize.register_parametrization")
def a_parametrized_parameter_is_copied(original, module, name, *args, **options):
    original(module, name, *args, **options)
    originals = module.parametrizations[name]
    if isinstance(originals.original, nn.Parameter):
        originals.original = nn.Parameter(originals.original.detach().clone())
    return module


@fault("UTIL-45", breaks="torch.nn.utils.parametrize.register_parametrization")
def every_parametrization_is_registered_as_unsafe(original, module, name, parametrization, *, unsafe=True):
    """`register_parametrization()` always has `unsafe=True`."""
    return original(module, name, parametrization, unsafe=True)


@fault("UTIL-45", breaks="torch.nn.utils.parametrize.register_parametrization")
def no_parametrization_is_registered_as_unsafe(original, module, name, parametrization, *, unsafe=False):
    """`register_parametrization()` ignores `unsafe=True`."""
    return original(module, name, parametrization)


@fault("UTIL-03", "UTIL-16", breaks="torch.nn.utils.parametrize.register_parametrization")
def the_original_of_a_parametrized_buffer_becomes_a_parameter(original, module, name, *args, **options):
    buffer = name in module._buffers
    original(module, name, *args, **options)
    if buffer:
        originals = module.parametrizations[name]
        originals.weight = nn.Parameter(originals.original)
        del originals.original
        originals.original = originals.weight
    return module


@fault("UTIL-16", breaks="torch.nn.utils.parametrize.register_parametrization")
def the_original_of_a_parametrized_buffer_keeps_its_persistence(original, module, name, *args, **options):
    temporary = name in module._non_persistent_buffers_set
    original(module, name, *args, **options)
    if temporary:
        module.parametrizations[name]._non_persistent_buffers_set.add("original")
    return module


@fault("UTIL-17", breaks="torch.nn.utils.parametrize.ParametrizationList.right_inverse")
def assigning_to_a_parametrized_name_changes_nothing(original, self, value):
    """Assigning to the name of a parametrized parameter changes nothing."""


@fault("UTIL-18", breaks="torch.nn.utils.parametrize.register_parametrization")
def a_name_that_cannot_be_parametrized_is_passed_over(original, module, name, *args, **options):
    """`register_parametrization()` of a plain attribute does nothing and raises nothing."""
    if name in module._parameters or name in module._buffers:
        return original(module, name, *args, **options)
    return module


@fault("UTIL-19", breaks="torch.nn.utils.parametrize.remove_parametrizations")
def removing_a_parametrization_always_keeps_the_computed_value(original, module, name, **options):
    """`remove_parametrizations()` ignores `leave_parametrized=False`."""
    return original(module, name)


@fault("UTIL-20", "TIE-06", breaks="torch.nn.Parameter.__deepcopy__")
def deepcopy_shares_the_parameters(original, self, memo):
    """`copy.deepcopy` shares the parameters."""
    return self


@fault("UTIL-21", breaks="torch.nn.utils.parametrize.cached")
def nothing_is_cached_within_cached(original):
    """`parametrize.cached()` caches nothing."""
    return contextlib.nullcontext()


@fault("UTIL-04", breaks="torch.nn.utils.weight_norm.WeightNorm.__call__")
def a_forward_does_not_compute_the_weight_of_the_old_weight_norm(original, self, module, inputs):
    """Under `nn.utils.weight_norm`, a forward doesn't compute the weight."""


@fault("UTIL-22", breaks="torch.nn.utils.parametrizations.weight_norm")
def the_new_weight_norm_does_not_know_the_keys_of_the_old(original, module, *args, **options):
    """`parametrizations.weight_norm` can't load the keys of `nn.utils.weight_norm`."""
    original(module, *args, **options)._load_state_dict_pre_hooks.clear()
    return module


@fault("UTIL-23", breaks="torch.nn.utils.spectral_norm")
def the_vectors_of_the_old_spectral_norm_are_not_persistent(original, module, *args, **options):
    """The buffers of `nn.utils.spectral_norm` are non-persistent."""
    original(module, *args, **options)._non_persistent_buffers_set.update(["weight_u", "weight_v"])
    return module


@fault("UTIL-24", breaks="torch.nn.utils.parametrizations.spectral_norm")
def the_vectors_of_the_new_spectral_norm_are_not_persistent(original, module, *args, **options):
    """The buffers of `parametrizations.spectral_norm` are non-persistent."""
    original(module, *args, **options).parametrizations.weight[0]._non_persistent_buffers_set.add("_u")
    return module


@fault("UTIL-05", breaks="torch.nn.utils.prune.custom_from_mask")
def the_mask_of_a_pruning_is_not_persistent(original, module, name, mask):
    """The mask of a pruned parameter is a non-persistent buffer."""
    original(module, name, mask)._non_persistent_buffers_set.add(f"{name}_mask")
    return module


@fault("UTIL-05", breaks="torch.nn.utils.prune.BasePruningMethod.__call__")
def a_forward_does_not_compute_the_pruned_weight(original, self, module, inputs):
    pass


@fault("UTIL-25", breaks="torch.nn.utils.prune.remove")
def removing_a_pruning_leaves_the_mask(original, module, name):
    """`prune.remove()` leaves the mask as a buffer."""
    mask = module.get_buffer(f"{name}_mask")
    original(module, name)
    module.register_buffer(f"{name}_mask", mask)
    return module
