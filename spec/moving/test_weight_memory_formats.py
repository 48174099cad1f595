"""Converting the memory format of the weights of convolutions alone, at every depth of a module."""

import torch
from torch import nn

from ..vocabulary import claim


def state(tensor):
    """What a change of the memory format leaves."""
    return id(tensor), tensor.shape, tensor.tolist()


@claim("MOVE-114", source="torch.nn.utils.memory_format.convert_conv2d_weight_memory_format")
def test_the_weights_of_all_convolutions_are_converted_and_no_other_state(real_device):
    """`nn.utils.convert_conv2d_weight_memory_format(module, torch.channels_last)` converts the weight of every
    `nn.Conv2d` and `nn.ConvTranspose2d` in the module, itself included, and leaves other 4-d state; it returns the
    module.
    """
    model = nn.Sequential(nn.Conv2d(4, 3, 2), nn.Sequential(nn.ConvTranspose2d(4, 3, 2))).to(real_device)
    model.register_parameter("p", nn.Parameter(torch.ones(4, 3, 2, 2, device=real_device)))
    assert nn.utils.convert_conv2d_weight_memory_format(model, torch.channels_last) is model
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert model[1][0].weight.is_contiguous(memory_format=torch.channels_last)
    assert not model.p.is_contiguous(memory_format=torch.channels_last)
    alone = nn.Conv2d(4, 3, 2).to(real_device)
    assert nn.utils.convert_conv2d_weight_memory_format(alone, torch.channels_last) is alone
    assert alone.weight.is_contiguous(memory_format=torch.channels_last)


@claim("MOVE-115", source="torch.nn.utils.memory_format.convert_conv2d_weight_memory_format")
def test_a_weight_of_another_memory_format_is_the_same_parameter_of_the_same_shape_and_values(real_device):
    """`nn.utils.convert_conv2d_weight_memory_format` keeps the parameter object, its shape and its values."""
    model = nn.Conv2d(4, 3, 2).to(real_device)
    before = state(model.weight)
    strides = model.weight.stride()
    nn.utils.convert_conv2d_weight_memory_format(model, torch.channels_last)
    assert model.weight.stride() != strides
    assert state(model.weight) == before


@claim("MOVE-116", source="torch.nn.utils.memory_format.convert_conv3d_weight_memory_format", since="2.3")
def test_the_weights_of_all_convolutions_in_three_dimensions_are_converted(real_device):
    """`nn.utils.convert_conv3d_weight_memory_format(module, torch.channels_last_3d)` converts the weight of every
    `nn.Conv3d` and `nn.ConvTranspose3d` in the module and no other state, keeps the parameters, their shapes and
    values, and returns the module.
    """
    model = nn.Sequential(nn.Conv3d(4, 3, 2), nn.Sequential(nn.ConvTranspose3d(4, 3, 2)), nn.Conv2d(4, 3, 2))
    model.to(real_device).register_parameter("p", nn.Parameter(torch.ones(4, 3, 2, 2, 2, device=real_device)))
    before = [state(parameter) for parameter in model.parameters()]
    flat = model[2].weight.stride()
    assert nn.utils.convert_conv3d_weight_memory_format(model, torch.channels_last_3d) is model
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert model[1][0].weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert not model.p.is_contiguous(memory_format=torch.channels_last_3d)
    assert model[2].weight.stride() == flat
    assert [state(parameter) for parameter in model.parameters()] == before
