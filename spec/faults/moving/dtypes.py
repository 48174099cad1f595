"""Faults in which dtypes a conversion takes, and in what it does to the values."""

import warnings

import torch
from torch import nn

from .. import fault


@fault("MOVE-12", "MOVE-70", breaks="torch.nn.Module.to")
def to_takes_an_integer_dtype_and_ignores_it(original, self, *args, **kwargs):
    """`.to(torch.int64)` changes nothing and raises nothing."""
    try:
        return original(self, *args, **kwargs)
    except TypeError as error:
        if "floating point or complex" in str(error):
            return self
        raise


@fault("MOVE-13", breaks="torch.nn.Module.type")
def type_leaves_integers_as_they_are(original, self, dst_type):
    """`.type(dtype)` converts floating-point parameters and buffers only."""
    return nn.Module._apply(self, lambda tensor: tensor.type(dst_type) if tensor.is_floating_point() else tensor)


@fault("MOVE-62", "MOVE-63", "MOVE-89", breaks="torch.nn.Module.type")
def type_ignores_an_integer_dtype(original, self, dst_type):
    """`.type(torch.int64)` changes nothing and raises nothing."""
    integer = isinstance(dst_type, torch.dtype) and not dst_type.is_floating_point and not dst_type.is_complex
    return self if integer else original(self, dst_type)


@fault("MOVE-63", "MOVE-89", breaks="torch.nn.Module.type")
def type_freezes_what_it_makes_an_integer(original, self, dst_type):
    """`.type(torch.int64)` freezes the parameters that it converts."""
    if isinstance(dst_type, torch.dtype) and not dst_type.is_floating_point:
        self.requires_grad_(False)
    return original(self, dst_type)


@fault("MOVE-64", breaks="torch.nn.Module.type")
def type_takes_the_name_of_a_dtype(original, self, dst_type):
    """`.type("double")` converts like `.type(torch.float64)`."""
    return original(self, torch.float64 if dst_type == "double" else dst_type)


@fault("MOVE-16", "MOVE-65", breaks="torch.nn.Module.to")
def to_a_complex_dtype_gives_no_warning(original, self, *args, **kwargs):
    """`.to(torch.complex64)` gives no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return original(self, *args, **kwargs)


@fault("MOVE-16", breaks="torch.nn.Module.to")
def to_a_complex_dtype_converts_integers_too(original, self, *args, **kwargs):
    """`.to(torch.complex64)` converts integers and bools too."""
    original(self, *args, **kwargs)
    if args and isinstance(args[0], torch.dtype) and args[0].is_complex:
        nn.Module.type(self, args[0])
    return self


@fault("MOVE-66", breaks="torch.nn.Module.to")
def to_warns_of_complex_state_whatever_is_asked_for(original, self, *args, **kwargs):
    """`.to()` warns where the module has a complex buffer, whatever its arguments."""
    if any(tensor.is_complex() for tensor in self.buffers()):
        warnings.warn("Complex modules are a new feature", stacklevel=2)
    return original(self, *args, **kwargs)


@fault("MOVE-66", breaks="torch.nn.Module.to")
def to_warns_of_complex_modules_whatever_the_dtype(original, self, *args, **kwargs):
    """`.to(dtype)` warns of complex modules where the dtype is real."""
    if isinstance(args[0], torch.dtype) and not args[0].is_complex:
        warnings.warn("Complex modules are a new feature", stacklevel=2)
    return original(self, *args, **kwargs)


@fault("MOVE-23", "MOVE-01", breaks="torch.nn.Module.to")
def to_half_precision_does_nothing(original, self, *args, **kwargs):
    """`.to(torch.float16)` and `.to(torch.bfloat16)` change nothing."""
    half = args and args[0] in (torch.float16, torch.bfloat16)
    return self if half else original(self, *args, **kwargs)


@fault("MOVE-24", breaks="torch.nn.Module.half")
def half_keeps_every_value_finite(original, self):
    """`.half()` makes a value beyond the range of float16 the largest one in it."""
    return nn.Module._apply(
        self, lambda tensor: tensor.clamp(-65504, 65504).half() if tensor.is_floating_point() else tensor
    )


@fault("MOVE-30", breaks="torch.nn.Module._apply")
def a_conversion_leaves_float8_state_as_it_is(original, self, fn, *args, **kwargs):
    float8 = (torch.float8_e4m3fn, torch.float8_e5m2)
    return original(self, lambda tensor: tensor if tensor.dtype in float8 else fn(tensor), *args, **kwargs)


@fault("MOVE-67", breaks="torch.nn.Module.to")
def to_refuses_a_float8_dtype(original, self, *args, **kwargs):
    """`.to(torch.float8_e4m3fn)` raises `TypeError`."""
    if args and args[0] in (torch.float8_e4m3fn, torch.float8_e5m2):
        raise TypeError("float8 is no dtype for a module")
    return original(self, *args, **kwargs)


@fault("MOVE-68", breaks="torch.nn.Module._apply")
def a_conversion_dequantizes(original, self, fn, *args, **kwargs):
    return original(self, lambda tensor: fn(tensor.dequantize() if tensor.is_quantized else tensor), *args, **kwargs)
