"""Faults in what runs the hooks of a module."""

from torch import nn

from .. import fault


@fault("HOOK-92")
def forward_runs_the_hooks_too(patch):
    """`module.forward(x)` runs the hooks of the module, as `module(x)` does."""
    from ...composing.hooked_modules import Scaled

    forward = Scaled.forward

    def hooked(self, *args, **kwargs):
        if "calling" in vars(self):
            return forward(self, *args, **kwargs)
        vars(self)["calling"] = True
        try:
            return nn.Module.__call__(self, *args, **kwargs)
        finally:
            del vars(self)["calling"]

    patch.setattr(Scaled, "forward", hooked)
