"""Faults in which dtypes a conversion takes, and in what it does to the values."""

import warnings

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply
TO = nn.Module.to
TYPE = nn.Module.type


@fault("MOVE-12", "MOVE-70")
def to_takes_an_integer_dtype_and_ignores_it(patch):
    def to(self, *args, **kwargs):
        try:
            return TO(self, *args, **kwargs)
        except TypeError as error:
            if "floating point or complex" in str(error):
                return self
            raise

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-13")
def type_leaves_integers_as_they_are(patch):
    def type(self, dst_type):
        return APPLY(self, lambda tensor: tensor.type(dst_type) if tensor.is_floating_point() else tensor)

    patch.setattr(nn.Module, "type", type)


@fault("MOVE-62", "MOVE-63", "MOVE-89")
def type_ignores_an_integer_dtype(patch):
    def type(self, dst_type):
        integer = isinstance(dst_type, torch.dtype) and not dst_type.is_floating_point and not dst_type.is_complex
        return self if integer else TYPE(self, dst_type)

    patch.setattr(nn.Module, "type", type)


@fault("MOVE-63", "MOVE-89")
def type_freezes_what_it_makes_an_integer(patch):
    def type(self, dst_type):
        if isinstance(dst_type, torch.dtype) and not dst_type.is_floating_point:
            self.requires_grad_(False)
        return TYPE(self, dst_type)

    patch.setattr(nn.Module, "type", type)


@fault("MOVE-64")
def type_takes_the_name_of_a_dtype(patch):
    def type(self, dst_type):
        return TYPE(self, torch.float64 if dst_type == "double" else dst_type)

    patch.setattr(nn.Module, "type", type)


@fault("MOVE-16", "MOVE-65")
def to_a_complex_dtype_gives_no_warning(patch):
    def to(self, *args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-16")
def to_a_complex_dtype_converts_integers_too(patch):
    def to(self, *args, **kwargs):
        TO(self, *args, **kwargs)
        if args and isinstance(args[0], torch.dtype) and args[0].is_complex:
            TYPE(self, args[0])
        return self

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-66")
def to_warns_of_complex_state_whatever_is_asked_for(patch):
    def to(self, *args, **kwargs):
        if any(tensor.is_complex() for tensor in self.buffers()):
            warnings.warn("Complex modules are a new feature", stacklevel=2)
        return TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-66")
def to_warns_of_complex_modules_whatever_the_dtype(patch):
    def to(self, *args, **kwargs):
        if isinstance(args[0], torch.dtype) and not args[0].is_complex:
            warnings.warn("Complex modules are a new feature", stacklevel=2)
        return TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-23", "MOVE-01")
def to_half_precision_does_nothing(patch):
    def to(self, *args, **kwargs):
        half = args and args[0] in (torch.float16, torch.bfloat16)
        return self if half else TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-24")
def half_keeps_every_value_finite(patch):
    def half(self):
        return APPLY(self, lambda tensor: tensor.clamp(-65504, 65504).half() if tensor.is_floating_point() else tensor)

    patch.setattr(nn.Module, "half", half)


@fault("MOVE-30", since="2.1")
def a_conversion_leaves_float8_state_as_it_is(patch):
    def apply(self, fn, *args, **kwargs):
        float8 = (torch.float8_e4m3fn, torch.float8_e5m2)
        return APPLY(self, lambda tensor: tensor if tensor.dtype in float8 else fn(tensor), *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)


@fault("MOVE-67", since="2.1")
def to_refuses_a_float8_dtype(patch):
    def to(self, *args, **kwargs):
        if args and args[0] in (torch.float8_e4m3fn, torch.float8_e5m2):
            raise TypeError("float8 is no dtype for a module")
        return TO(self, *args, **kwargs)

    patch.setattr(nn.Module, "to", to)


@fault("MOVE-68")
def a_conversion_dequantizes(patch):
    def apply(self, fn, *args, **kwargs):
        return APPLY(self, lambda tensor: fn(tensor.dequantize() if tensor.is_quantized else tensor), *args, **kwargs)

    patch.setattr(nn.Module, "_apply", apply)
