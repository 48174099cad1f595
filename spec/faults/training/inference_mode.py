"""Faults in what inference mode leaves behind."""

import torch

from .. import fault


@fault(
    "GRAD-49",
    "GRAD-50",
    "GRAD-51",
    "GRAD-52",
    "GRAD-53",
    "GRAD-54",
    "LOAD-89",
    "MOVE-100",
    "REG-48",
    "REG-49",
    "SER-62",
    breaks="torch.inference_mode",
)
def inference_mode_is_no_more_than_no_grad(original, mode=True):
    """Tensors from inside `torch.inference_mode()` are like others."""
    return torch.no_grad()


@fault("MOVE-99", breaks="torch.nn.Module._apply")
def a_conversion_always_gives_inference_tensors(original, self, function, *args):
    with torch.inference_mode():
        return original(self, function, *args)


@fault("MOVE-101", breaks="torch.nn.Module.float")
def float_copies_what_is_float32_already(original, self):
    """`float()` gives a parameter that is float32 already new memory."""
    return self._apply(lambda tensor: tensor.float().clone())


@fault("LOAD-88", "SER-73", breaks="torch.nn.Module.load_state_dict")
def an_assigning_load_writes_into_the_tensors_that_are_there(original, self, state_dict, strict=True, assign=False):
    """`load_state_dict(assign=True)` copies values, as without `assign`."""
    return original(self, state_dict, strict)
