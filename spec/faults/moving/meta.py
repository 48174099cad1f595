"""Faults in what a module is built with, and in state without data."""

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply
TO = nn.Module.to
TO_EMPTY = nn.Module.to_empty
SKIP_INIT = nn.utils.skip_init
REGISTER_BUFFER = nn.Module.register_buffer


@fault("META-01", "MOVE-29", since="2.0")
def a_buffer_is_always_made_on_cpu(patch):
    def register_buffer(self, name, tensor, persistent=True):
        if isinstance(tensor, torch.Tensor) and tensor.is_meta:
            tensor = torch.zeros(tensor.shape, dtype=tensor.dtype, device="cpu")
        REGISTER_BUFFER(self, name, tensor, persistent)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("MOVE-90", since="2.0")
def the_default_device_cannot_be_set(patch):
    patch.setattr(torch, "set_default_device", lambda device: None)


@fault("MOVE-91", "MOVE-92")
def the_default_dtype_cannot_be_set(patch):
    patch.setattr(torch, "set_default_dtype", lambda dtype: None)


@fault("MOVE-26")
def autocast_casts_nothing(patch):
    patch.setattr(torch.autocast, "__enter__", lambda self: self)
    patch.setattr(torch.autocast, "__exit__", lambda self, *error: None)


@fault("META-02", since="2.3")
def the_error_of_a_move_out_of_meta_does_not_name_to_empty(patch):
    def to(self, *args, **kwargs):
        try:
            return TO(self, *args, **kwargs)
        except NotImplementedError as error:
            raise NotImplementedError(str(error).partition(" Please")[0]) from None

    patch.setattr(nn.Module, "to", to)


@fault("META-02", "META-11")
def every_NotImplementedError_of_to_names_to_empty(patch):
    def to(self, *args, **kwargs):
        try:
            return TO(self, *args, **kwargs)
        except NotImplementedError:
            raise NotImplementedError("use to_empty()") from None

    patch.setattr(nn.Module, "to", to)


@fault("META-10")
def cpu_on_a_module_on_meta_makes_memory(patch):
    cpu = nn.Module.cpu

    def empty(self):
        on_meta = any(tensor.is_meta for tensor in self.parameters())
        return TO_EMPTY(self, device="cpu") if on_meta else cpu(self)

    patch.setattr(nn.Module, "cpu", empty)


@fault("META-03", "META-04", "META-05", "META-13")
def to_empty_gives_zeros(patch):
    def to_empty(self, *, device, **kwargs):
        return APPLY(self, lambda tensor: torch.zeros_like(tensor, device=device), **kwargs)

    patch.setattr(nn.Module, "to_empty", to_empty)


@fault("META-13")
def to_empty_spares_what_is_there_already(patch):
    def to_empty(self, *, device, **kwargs):
        kind = torch.device(device or "cpu").type

        def empty(tensor):
            return tensor if tensor.device.type == kind else torch.empty_like(tensor, device=device)

        return APPLY(self, empty, **kwargs)

    patch.setattr(nn.Module, "to_empty", to_empty)


@fault("META-14")
def to_empty_gives_floats(patch):
    def to_empty(self, *, device, **kwargs):
        return APPLY(self, lambda tensor: torch.empty(tensor.shape, device=device or tensor.device), **kwargs)

    patch.setattr(nn.Module, "to_empty", to_empty)


@fault("META-15")
def to_empty_takes_its_device_by_position(patch):
    def to_empty(self, device="cpu", **kwargs):
        return TO_EMPTY(self, device=device, **kwargs)

    patch.setattr(nn.Module, "to_empty", to_empty)


@fault("META-16")
def to_empty_on_no_device_goes_to_meta(patch):
    def to_empty(self, *, device, **kwargs):
        return TO_EMPTY(self, device=device or "meta", **kwargs)

    patch.setattr(nn.Module, "to_empty", to_empty)


@fault("META-17")
def skip_init_builds_on_meta(patch):
    def skip_init(cls, *args, device="meta", **kwargs):
        return SKIP_INIT(cls, *args, device=device, **kwargs)

    patch.setattr(nn.utils, "skip_init", skip_init)


@fault("META-18", "META-19")
def skip_init_initializes_where_it_cannot_skip(patch):
    def skip_init(cls, *args, **kwargs):
        try:
            return SKIP_INIT(cls, *args, **kwargs)
        except RuntimeError:
            return cls(*args, **kwargs)

    patch.setattr(nn.utils, "skip_init", skip_init)


@fault("MOVE-98")
def a_parameter_without_data_is_one_of_single_precision(patch):
    new = nn.Parameter.__new__
    patch.setattr(
        nn.Parameter,
        "__new__",
        lambda cls, data=None, requires_grad=True: new(
            cls, torch.empty(0, dtype=torch.float32) if data is None else data, requires_grad
        ),
    )
