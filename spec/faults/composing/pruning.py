"""Faults in what pruning prunes, and in what becomes of state that is pruned again."""

import torch

from .. import fault

PRUNE = "torch.nn.utils.prune."
APPLY, CONTAINER = PRUNE + "BasePruningMethod.apply", PRUNE + "PruningContainer.compute_mask"


@fault("UTIL-89", breaks=PRUNE + "Identity.compute_mask")
def pruning_by_identity_prunes_everything(original, self, tensor, default_mask):
    """`prune.identity` makes a mask of zeros."""
    return torch.zeros_like(default_mask)


@fault("UTIL-90", breaks=APPLY)
def pruning_prunes_the_original_too(original, cls, module, name, *args, **options):
    """Pruning puts zeros into `weight_orig`."""
    method = original(cls, module, name, *args, **options)
    getattr(module, f"{name}_orig").data.mul_(getattr(module, f"{name}_mask"))
    return method


@fault("UTIL-91", breaks=PRUNE + "L1Unstructured.compute_mask")
def pruning_by_the_L1_norm_looks_at_the_sign(original, self, tensor, default_mask):
    """`prune.l1_unstructured` masks the smallest elements, negative ones first, whatever their size."""
    return original(self, tensor - tensor.min(), default_mask)


@fault("UTIL-92", "UTIL-106", breaks=CONTAINER)
def pruning_again_counts_what_is_pruned_already(original, self, tensor, default_mask):
    """A second pruning chooses among elements that are masked already too."""
    method = self._pruning_methods[-1]
    return method.compute_mask(tensor, default_mask=torch.ones_like(default_mask)) * default_mask


@fault("UTIL-92", "UTIL-94")
def pruning_at_random_masks_the_first(patch):
    """`prune.random_unstructured` and `prune.random_structured` mask what comes first."""
    patch.setattr(torch, "rand", lambda *size: torch.arange(1.0, 1 + torch.Size(size).numel()).reshape(size))
    patch.setattr(torch, "rand_like", lambda tensor: torch.arange(1.0, 1 + tensor.numel()).reshape(tensor.shape))


@fault("UTIL-93", breaks=PRUNE + "ln_structured")
def structured_pruning_ignores_the_norm(original, module, name, amount, n, dim, **options):
    """`prune.ln_structured` always takes the 2-norm."""
    return original(module, name, amount, 1, dim, **options)


@fault("UTIL-94", breaks=PRUNE + "random_structured")
def structured_pruning_goes_along_the_first_dimension(original, module, name, amount, dim):
    """`prune.random_structured` ignores `dim`."""
    return original(module, name, amount, 0)


@fault("UTIL-95", "UTIL-96", breaks=CONTAINER)
def pruning_again_forgets_the_first_mask(original, self, tensor, default_mask):
    """Pruning a pruned parameter again leaves the mask of the second method alone."""
    return original(self, tensor, torch.ones_like(default_mask))


@fault("UTIL-97", breaks=PRUNE + "global_unstructured")
def global_pruning_prunes_each_parameter_for_itself(original, parameters, pruning_method, **options):
    """`prune.global_unstructured` prunes the same share of each parameter."""
    for pair in parameters:
        original([pair], pruning_method, **options)


@fault("UTIL-98", breaks=PRUNE + "global_unstructured")
def global_pruning_passes_over_a_structured_method(original, parameters, pruning_method, **options):
    """`prune.global_unstructured` does nothing for a method that prunes whole slices."""
    if pruning_method.PRUNING_TYPE == "unstructured":
        original(parameters, pruning_method, **options)


@fault("UTIL-99", breaks=PRUNE + "is_pruned")
def a_module_is_pruned_by_its_own_hooks_alone(original, module):
    """`prune.is_pruned` doesn't look into submodules."""
    return any(hasattr(hook, "compute_mask") for hook in module._forward_pre_hooks.values())


@fault("UTIL-99", breaks=PRUNE + "is_pruned")
def a_module_is_pruned_by_any_forward_pre_hook(original, module):
    """`prune.is_pruned` is True for every module with a forward pre-hook."""
    return any(child._forward_pre_hooks for child in module.modules())
