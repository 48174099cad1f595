"""Faults in what an optimizer updates."""

import torch

from .. import fault


@fault("OPT-01")
def Adam_updates_a_frozen_parameter(patch):
    step = torch.optim.Adam.step

    def update(self, *args, **kwargs):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    parameter.data.add_(1)
        return step(self, *args, **kwargs)

    patch.setattr(torch.optim.Adam, "step", update)
