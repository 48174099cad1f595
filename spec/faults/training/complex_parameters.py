"""Faults in what optimizers do with complex parameters."""

from .. import fault
from .optimizers import STEPS


@fault("OPT-79", breaks=("torch.optim.Adam.__init__", "torch.optim.AdamW.__init__"))
def a_fused_optimizer_updates_complex_parameters(original, self, params, *args, fused=None, **options):
    """`optim.Adam` and `optim.AdamW` ignore `fused=True`."""
    original(self, params, *args, **options)


@fault("OPT-80", breaks=STEPS)
def a_foreach_step_leaves_out_the_imaginary_part(original, self, *args, **options):
    """With `foreach=True`, the gradient of a complex parameter counts with its real part alone."""
    for group in self.param_groups:
        for parameter in group["params"]:
            if group.get("foreach") and parameter.is_complex():
                parameter.grad = parameter.grad.real.to(parameter.dtype)
    return original(self, *args, **options)
