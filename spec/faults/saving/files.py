"""Faults in what a file holds."""

import torch

from .. import fault


@fault("SER-01")
def saving_to_a_file_rounds_to_half_precision(patch):
    save = torch.save

    def rounded(state, *args, **kwargs):
        if isinstance(state, dict):
            state = {name: value.half().float() for name, value in state.items()}
        save(state, *args, **kwargs)

    patch.setattr(torch, "save", rounded)
