"""What fusing a BatchNorm into the layer before it makes, and what it leaves."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import fusion

from ..vocabulary import claim

LAYERS = {
    "conv": (lambda bias: nn.Conv2d(2, 3, 1, bias=bias), nn.BatchNorm2d, (1, 2, 1, 1)),
    "linear": (lambda bias: nn.Linear(2, 3, bias=bias), nn.BatchNorm1d, (1, 2)),
}


def layers(name, bias=True, device="cpu"):
    """A layer and a BatchNorm with statistics, both in eval mode, an input, and the function that fuses them."""
    make, Norm, shape = LAYERS[name]
    layer, norm = make(bias).to(device).eval(), Norm(3).to(device).eval()
    norm.running_mean.fill_(2)
    norm.running_var.fill_(3)
    return layer, norm, torch.ones(shape, device=device), getattr(fusion, f"fuse_{name}_bn_eval")


@claim("UTIL-100", source="torch.nn.utils.fusion.fuse_conv_bn_eval")
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("name", LAYERS)
def test_fusing_a_layer_and_a_BatchNorm_makes_a_new_layer_with_a_bias_and_no_buffers(name, bias, real_device):
    """For an `nn.Conv2d` or `nn.Linear` and its BatchNorm in eval mode, `nn.utils.fuse_conv_bn_eval(conv, bn)` and
    `fuse_linear_bn_eval(linear, bn)` return one new layer that computes what both did. It has the first one's class,
    eval mode and no buffers.
    """
    layer, norm, x, fuse = layers(name, bias, real_device)
    fused = fuse(layer, norm)
    assert fused is not layer
    assert type(fused) is type(layer)
    assert fused.training is False
    assert [key for key, _ in fused.named_parameters()] == list(fused.state_dict()) == ["weight", "bias"]
    assert list(fused.buffers()) == []
    assert torch.allclose(fused(x), norm(layer(x)), atol=1e-5)


@claim("UTIL-101", source="torch.nn.utils.fusion.fuse_conv_bn_eval")
@pytest.mark.parametrize("name", LAYERS)
def test_fusing_leaves_both_modules_unchanged_and_shares_nothing_with_them(name):
    """`nn.utils.fuse_conv_bn_eval` and `fuse_linear_bn_eval` leave both modules and their state unchanged, and the
    fused parameters share no memory with theirs.
    """
    layer, norm, _, fuse = layers(name)
    pair = nn.ModuleList([layer, norm])
    objects, values = [*pair.parameters(), *pair.buffers()], copy.deepcopy(pair.state_dict())
    fused = fuse(layer, norm)
    for parameter in fused.parameters():
        nn.init.constant_(parameter, 7)
    assert list(map(id, [*pair.parameters(), *pair.buffers()])) == list(map(id, objects))
    assert {key: value.tolist() for key, value in pair.state_dict().items()} == {
        key: value.tolist() for key, value in values.items()
    }


@claim("UTIL-102", source="torch.nn.utils.fusion.fuse_conv_bn_eval")
@pytest.mark.parametrize("wrong", [0, 1], ids=["layer", "norm"])
@pytest.mark.parametrize("name", LAYERS)
def test_fusing_in_training_mode_raises(name, wrong):
    """`nn.utils.fuse_conv_bn_eval` and `fuse_linear_bn_eval` raise `AssertionError` if the layer or the BatchNorm is
    in training mode.
    """
    layer, norm, _, fuse = layers(name)
    (layer, norm)[wrong].train()
    with pytest.raises(AssertionError, match="Fusion only for eval"):
        fuse(layer, norm)


@claim("UTIL-103", source="torch.nn.utils.fusion.fuse_conv_bn_eval", since="2.2")
@pytest.mark.parametrize("name", LAYERS)
def test_fusing_a_BatchNorm_without_statistics_raises(name):
    """`nn.utils.fuse_conv_bn_eval` and `fuse_linear_bn_eval` raise `AssertionError` for a BatchNorm with
    `track_running_stats=False`.
    """
    layer, norm, _, fuse = layers(name)
    with pytest.raises(AssertionError):
        fuse(layer, type(norm)(3, track_running_stats=False).eval())


@claim("UTIL-104", source="torch.nn.utils.fusion.fuse_conv_bn_weights")
@pytest.mark.parametrize("has_bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("name", LAYERS)
def test_fused_weights_are_two_new_parameters(name, has_bias, real_device):
    """`nn.utils.fuse_conv_bn_weights` and `fuse_linear_bn_weights` return a weight and a bias, both a new
    `nn.Parameter`, also for a layer without a bias.
    """
    layer, norm, x, _ = layers(name, bias=has_bias, device=real_device)
    assert (layer.bias is not None) is has_bias
    statistics = norm.running_mean, norm.running_var, norm.eps
    fuse = getattr(fusion, f"fuse_{name}_bn_weights")
    weight, bias = fuse(layer.weight, layer.bias, *statistics, norm.weight, norm.bias)
    assert type(weight) is type(bias) is nn.Parameter
    assert weight is not layer.weight
    assert bias is not layer.bias
    layer.weight, layer.bias, before = weight, bias, norm(layer(x))
    assert torch.allclose(layer(x), before, atol=1e-5)


@claim("UTIL-105", source="torch.nn.utils.fusion.fuse_conv_bn_eval", since="2.0")
@pytest.mark.parametrize("name", LAYERS)
def test_fused_parameters_are_frozen_as_those_of_the_layer_and_a_bias_that_is_new_is_frozen(name):
    """`nn.utils.fuse_conv_bn_eval` and `fuse_linear_bn_eval` take `requires_grad` of weight and bias from the layer;
    the bias made for a layer without one is frozen.
    """
    layer, norm, _, fuse = layers(name)
    assert [parameter.requires_grad for parameter in fuse(layer, norm).parameters()] == [True, True]
    layer.weight.requires_grad_(False)
    assert [parameter.requires_grad for parameter in fuse(layer, norm).parameters()] == [False, True]
    without, _, _, _ = layers(name, bias=False)
    assert [parameter.requires_grad for parameter in fuse(without, norm).parameters()] == [True, False]
