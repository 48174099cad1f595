"""Faults in loading where tensors swap what they hold."""

import torch
from torch import nn

from .. import fault

LOAD_FROM = nn.Module._load_from_state_dict


@fault("LOAD-76", "LOAD-78", "LOAD-80", "LOAD-81", "LOAD-82", since="2.3")
def the_flag_to_swap_tensors_is_ignored(patch):
    patch.setattr(torch.__future__, "get_swap_module_params_on_conversion", lambda: False)


@fault("LOAD-77", since="2.3")
def where_tensors_swap_loading_takes_the_dtype_of_the_checkpoint(patch):
    load = torch.Tensor.module_load
    patch.setattr(torch.Tensor, "module_load", lambda self, other, assign=False: load(self, other, True))


@fault("LOAD-79", since="2.3")
def where_tensors_swap_a_parameter_takes_any_flag(patch):
    def load(self, *args):
        LOAD_FROM(self, *args)
        for parameter in self._parameters.values():
            if parameter is not None and torch.__future__.get_swap_module_params_on_conversion():
                parameter.requires_grad_(True)

    patch.setattr(nn.Module, "_load_from_state_dict", load)
