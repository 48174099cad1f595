"""Faults in converting the memory format of the weights of convolutions."""

import torch
from torch import nn

from .. import fault

CONVERT_2D, CONVERT_3D = (f"torch.nn.utils.convert_conv{n}d_weight_memory_format" for n in (2, 3))


@fault("MOVE-114", breaks=CONVERT_2D)
def the_weights_of_convolutions_below_keep_their_memory_format(original, module, memory_format):
    """`convert_conv2d_weight_memory_format` doesn't look into submodules of submodules."""
    for child in module.children() if not isinstance(module, nn.Conv2d) else [module]:
        if isinstance(child, nn.Conv2d):
            original(child, memory_format)
    return module


@fault("MOVE-114", breaks=CONVERT_2D)
def all_state_in_four_dimensions_is_converted(original, module, memory_format):
    """`convert_conv2d_weight_memory_format` converts all 4-d state."""
    return module.to(memory_format=memory_format)


@fault("MOVE-115", breaks=CONVERT_2D)
def a_weight_of_another_memory_format_is_another_parameter(original, module, memory_format):
    """`convert_conv2d_weight_memory_format` rebinds the weights."""
    original(module, memory_format)
    if isinstance(module, nn.Conv2d):
        module.weight = nn.Parameter(module.weight.detach())
    return module


@fault("MOVE-116", breaks=CONVERT_3D, since="2.3")
def no_transposed_convolution_is_converted(original, module, memory_format):
    """`convert_conv3d_weight_memory_format` leaves transposed convolutions."""
    for child in module.modules():
        if isinstance(child, nn.Conv3d):
            child.weight.data = torch.clone(child.weight.data, memory_format=memory_format)
    return module
