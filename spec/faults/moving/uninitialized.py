"""Faults in ``UninitializedParameter`` and ``UninitializedBuffer``."""

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, UninitializedTensorMixin

from .. import fault

ALLOWED = list(UninitializedTensorMixin._allowed_methods)


@fault("META-09", "META-24", "META-36", "META-45", breaks="torch.nn.parameter.UninitializedTensorMixin.materialize")
def what_is_uninitialized_becomes_single_precision(original, self, shape, device=None, dtype=None):
    """An uninitialized parameter or buffer becomes float32 when it is initialized."""
    original(self, shape, device, dtype or torch.float32)


@fault("META-25", "META-36", "META-45", breaks="torch.nn.parameter.UninitializedTensorMixin.materialize")
def what_is_uninitialized_becomes_trainable(original, self, shape, device=None, dtype=None):
    """An uninitialized parameter or buffer is trainable once it is initialized."""
    original(self, shape, device, dtype)
    self.requires_grad_(True)


@fault("META-46", "META-47", breaks="torch.nn.parameter.UninitializedTensorMixin.materialize")
def materialize_ignores_device_and_dtype(original, self, shape, device=None, dtype=None):
    """`materialize()` ignores `device` and `dtype`."""
    original(self, shape)


@fault("META-21", "META-49")
def an_operation_on_what_is_uninitialized_finds_it_empty(patch):
    """An operation on an uninitialized tensor takes it for an empty one."""
    more = [torch.Tensor.bfloat16, torch.Tensor.numel, torch.Tensor.clone, torch.Tensor.type, torch.Tensor.dim]
    patch.setattr(UninitializedTensorMixin, "_allowed_methods", ALLOWED + more)


@fault("META-09", "META-50", "META-51")
def what_is_uninitialized_cannot_be_converted(patch):
    """An uninitialized parameter or buffer can't be converted."""
    patch.setattr(UninitializedTensorMixin, "_allowed_methods", [torch.Tensor.__hash__, torch.Tensor.size])


@fault("META-52")
def what_is_uninitialized_cannot_be_asked_whether_it_is_complex(patch):
    """`is_complex()` of an uninitialized tensor raises `ValueError`."""
    less = [method for method in ALLOWED if method is not torch.Tensor.is_complex]
    patch.setattr(UninitializedTensorMixin, "_allowed_methods", less)


@fault("META-22", "META-48", breaks="torch.nn.parameter.UninitializedTensorMixin.share_memory_")
def what_is_uninitialized_can_be_shared(original, self):
    """`share_memory_()` of an uninitialized tensor raises nothing."""
    return self


@fault("META-06", "META-39", "META-48", breaks="torch.nn.parameter.UninitializedTensorMixin.shape")
def what_is_uninitialized_has_an_empty_shape(original, self):
    """The shape of an uninitialized parameter or buffer is that of an empty tensor."""
    return torch.Size([0])


@fault("META-26", "META-53", breaks="torch.nn.parameter.UninitializedParameter.__deepcopy__")
def the_copy_of_an_uninitialized_parameter_is_an_empty_one(original, self, memo):
    return nn.Parameter(torch.empty(0))


@fault("META-54", breaks="torch.nn.parameter.UninitializedBuffer.__deepcopy__")
def an_uninitialized_buffer_can_be_deepcopied(original, self, memo):
    return UninitializedBuffer()


@fault("META-26", "META-43", "META-55", breaks="torch.nn.parameter.UninitializedTensorMixin.__reduce_ex__")
def the_pickle_of_what_is_uninitialized_is_an_empty_tensor(original, self, protocol):
    """An uninitialized tensor comes back from a pickle as an empty one."""
    return (torch.empty, (0,))


@fault("META-44", breaks="torch.nn.parameter.UninitializedParameter.__new__")
def an_uninitialized_parameter_is_frozen_by_default(original, cls, requires_grad=False, device=None, dtype=None):
    return original(cls, requires_grad, device, dtype)


@fault("META-56", breaks="torch.nn.parameter.is_lazy")
def is_lazy_overlooks_buffers(original, value):
    """`is_lazy()` is false for an uninitialized buffer."""
    return isinstance(value, UninitializedParameter)


@fault("META-57", breaks="torch.nn.parameter.UninitializedBuffer.__new__")
def an_uninitialized_buffer_is_always_persistent(original, cls, *args, **kwargs):
    return original(cls, *args, **{**kwargs, "persistent": True})


@fault("META-58", breaks="torch.nn.parameter.UninitializedBuffer.__new__")
def an_uninitialized_buffer_is_non_persistent_by_default(original, cls, *args, persistent=False, **kwargs):
    return original(cls, *args, persistent=persistent, **kwargs)


@fault("META-59", breaks="torch.nn.parameter.UninitializedTensorMixin.__torch_function__")
def an_operation_on_what_is_uninitialized_loses_its_keywords(original, cls, function, types, args=(), kwargs=None):
    """An operation on an uninitialized tensor goes without its keyword arguments."""
    return super(UninitializedTensorMixin, cls).__torch_function__(function, types, args, {})


@fault("META-53", breaks="torch.nn.parameter.UninitializedParameter.__deepcopy__")
def the_copy_of_an_uninitialized_parameter_is_not_kept_for_its_other_holders(original, self, memo):
    """A deep copy copies a tied uninitialized parameter once for each of its names."""
    return original(self, {})


@fault("META-63", breaks="torch.nn.parameter.UninitializedTensorMixin.materialize")
def what_is_uninitialized_becomes_a_parameter_of_no_class_of_its_own(original, self, *args, **kwargs):
    """An instance of a subclass of `UninitializedParameter` becomes an `nn.Parameter` when it is initialized."""
    original(self, *args, **kwargs)
    self.__class__ = nn.Parameter if isinstance(self, nn.Parameter) else torch.Tensor


@fault("META-49")
def what_is_uninitialized_may_be_detached_and_filled(patch):
    """`detach()` and `fill_()` of an uninitialized tensor raise nothing."""
    allowed = [*ALLOWED, torch.Tensor.detach, torch.Tensor.fill_]
    patch.setattr(UninitializedTensorMixin, "_allowed_methods", allowed)


@fault("META-63", breaks="torch.nn.parameter.UninitializedParameter.__deepcopy__")
def the_copy_of_an_uninitialized_parameter_is_of_no_class_of_its_own(original, self, memo):
    """The deep copy of an instance of a subclass of `UninitializedParameter` is an `UninitializedParameter`."""
    if id(self) not in memo:
        memo[id(self)] = UninitializedParameter(self.requires_grad, self.data.device, self.data.dtype)
    return memo[id(self)]


@fault("META-63", breaks="torch.nn.parameter.is_lazy")
def is_lazy_knows_no_subclasses(original, value):
    """`is_lazy()` is false for an instance of a subclass."""
    return type(value) in (UninitializedParameter, UninitializedBuffer)
