"""Faults in what fusing a BatchNorm into the layer before it makes."""

from torch import nn

from .. import fault

EVAL = ("torch.nn.utils.fusion.fuse_conv_bn_eval", "torch.nn.utils.fusion.fuse_linear_bn_eval")
WEIGHTS = ("torch.nn.utils.fusion.fuse_conv_bn_weights", "torch.nn.utils.fusion.fuse_linear_bn_weights")


@fault("UTIL-101", "UTIL-100", breaks="copy.deepcopy")
def fusing_changes_the_layer(original, layer, *args):
    """Fusing puts the fused parameters into the layer."""
    return layer if isinstance(layer, (nn.Conv2d, nn.Linear)) else original(layer, *args)


@fault("UTIL-104", breaks=WEIGHTS)
def fused_weights_are_plain_tensors(original, *args, **options):
    return tuple(tensor.detach() for tensor in original(*args, **options))


@fault("UTIL-105", breaks="torch.nn.Parameter.__new__")
def fused_parameters_are_trainable(original, cls, data=None, requires_grad=True):
    """Fused parameters are trainable, whatever those of the layer were."""
    return original(cls, data, True)


@fault("UTIL-102", breaks=EVAL)
def fusing_goes_through_in_training_mode(original, layer, norm, *args):
    """Fusing raises nothing in training mode."""
    return original(layer.eval(), norm.eval(), *args)


@fault("UTIL-103", breaks=EVAL)
def fusing_takes_a_BatchNorm_without_statistics_for_a_new_one(original, layer, norm, *args):
    """Fusing raises nothing for a BatchNorm without statistics."""
    return original(layer, norm if norm.track_running_stats else type(norm)(norm.num_features).eval(), *args)
