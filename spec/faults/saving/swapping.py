"""Faults in loading where tensors swap what they hold."""

import torch

from .. import fault

SWAP_MODE = "torch.__future__.get_swap_module_params_on_conversion"


@fault("LOAD-76", "LOAD-78", "LOAD-80", "LOAD-81", "LOAD-82", breaks=SWAP_MODE)
def the_flag_to_swap_tensors_is_ignored(original):
    """Swap mode is ignored."""
    return False


@fault("LOAD-77", breaks="torch.Tensor.module_load")
def where_tensors_swap_loading_takes_the_dtype_of_the_checkpoint(original, self, other, assign=False):
    """In swap mode, `load_state_dict()` takes the dtype of the checkpoint."""
    return original(self, other, True)


@fault("LOAD-79", breaks="torch.nn.Module._load_from_state_dict")
def where_tensors_swap_a_parameter_takes_any_flag(original, self, *args):
    """In swap mode, `load_state_dict()` makes every parameter trainable."""
    original(self, *args)
    for parameter in self._parameters.values():
        if parameter is not None and torch.__future__.get_swap_module_params_on_conversion():
            parameter.requires_grad_(True)
