"""Faults in what a module is built with, and in state without data."""

import torch
from torch import nn

from .. import fault


@fault("META-01", "MOVE-29", breaks="torch.nn.Module.register_buffer")
def a_buffer_is_always_made_on_cpu(original, self, name, tensor, persistent=True):
    if isinstance(tensor, torch.Tensor) and tensor.is_meta:
        tensor = torch.zeros(tensor.shape, dtype=tensor.dtype, device="cpu")
    original(self, name, tensor, persistent)


@fault("MOVE-90", breaks="torch.set_default_device")
def the_default_device_cannot_be_set(original, device):
    pass


@fault("MOVE-91", "MOVE-92", breaks="torch.set_default_dtype")
def the_default_dtype_cannot_be_set(original, dtype):
    pass


@fault("MOVE-26", breaks="torch.autocast.__init__")
def autocast_casts_nothing(original, self, *args, **kwargs):
    """Under `torch.autocast`, a module computes as it does without."""
    original(self, *args, **{**kwargs, "enabled": False})


@fault("META-02", breaks="torch.nn.Module.to")
def the_error_of_a_move_out_of_meta_does_not_name_to_empty(original, self, *args, **kwargs):
    """The error of a move from the meta device does not name `to_empty()`."""
    try:
        return original(self, *args, **kwargs)
    except NotImplementedError as error:
        raise NotImplementedError(str(error).partition(" Please")[0]) from None


@fault("META-02", "META-11", breaks="torch.nn.Module.to")
def every_NotImplementedError_of_to_names_to_empty(original, self, *args, **kwargs):
    """Every `NotImplementedError` of `.to()` names `to_empty()`."""
    try:
        return original(self, *args, **kwargs)
    except NotImplementedError:
        raise NotImplementedError("use to_empty()") from None


@fault("META-10", breaks="torch.nn.Module.cpu")
def cpu_on_a_module_on_meta_makes_memory(original, self):
    """`.cpu()` moves a module from the meta device to uninitialized memory and raises nothing."""
    on_meta = any(tensor.is_meta for tensor in self.parameters())
    return nn.Module.to_empty(self, device="cpu") if on_meta else original(self)


@fault("META-71", breaks="torch.nn.Module.to_empty")
def to_empty_keeps_that_a_buffer_requires_grad(original, self, **options):
    """`to_empty()` gives a buffer that requires grad another one that does."""
    wanting = [name for name, buffer in self._buffers.items() if buffer is not None and buffer.requires_grad]
    original(self, **options)
    for name in wanting:
        self._buffers[name].requires_grad_()
    return self


@fault("META-03", "META-04", "META-05", "META-13", breaks="torch.nn.Module.to_empty")
def to_empty_gives_zeros(original, self, *, device, **kwargs):
    """`to_empty()` fills the new memory with zeros."""
    return nn.Module._apply(self, lambda tensor: torch.zeros_like(tensor, device=device), **kwargs)


@fault("META-13", breaks="torch.nn.Module.to_empty")
def to_empty_spares_what_is_there_already(original, self, *, device, **kwargs):
    """`to_empty(device=device)` keeps the values of a tensor that is on the device already."""
    kind = torch.device(device or "cpu").type

    def empty(tensor):
        return tensor if tensor.device.type == kind else torch.empty_like(tensor, device=device)

    return nn.Module._apply(self, empty, **kwargs)


@fault("META-14", breaks="torch.nn.Module.to_empty")
def to_empty_gives_floats(original, self, *, device, **kwargs):
    """`to_empty()` gives every tensor the default dtype."""
    return nn.Module._apply(self, lambda tensor: torch.empty(tensor.shape, device=device or tensor.device), **kwargs)


@fault("META-15", breaks="torch.nn.Module.to_empty")
def to_empty_takes_its_device_by_position(original, self, device="cpu", **kwargs):
    """`to_empty(device)` takes its device by position."""
    return original(self, device=device, **kwargs)


@fault("META-16", breaks="torch.nn.Module.to_empty")
def to_empty_on_no_device_goes_to_meta(original, self, *, device, **kwargs):
    """`to_empty(device=None)` moves the module to the meta device."""
    return original(self, device=device or "meta", **kwargs)


@fault("META-17", breaks="torch.nn.utils.skip_init")
def skip_init_builds_on_meta(original, cls, *args, device="meta", **kwargs):
    """`skip_init()` leaves the module on the meta device."""
    return original(cls, *args, device=device, **kwargs)


@fault("META-18", "META-19", breaks="torch.nn.utils.skip_init")
def skip_init_initializes_where_it_cannot_skip(original, cls, *args, **kwargs):
    """`skip_init()` builds a module that takes no `device` as usual and raises nothing."""
    try:
        return original(cls, *args, **kwargs)
    except RuntimeError:
        return cls(*args, **kwargs)


@fault("MOVE-98", breaks="torch.nn.Parameter.__new__")
def a_parameter_without_data_is_one_of_single_precision(original, cls, data=None, requires_grad=True):
    """`nn.Parameter()` is of dtype float32, whatever the default dtype."""
    return original(cls, torch.empty(0, dtype=torch.float32) if data is None else data, requires_grad)
