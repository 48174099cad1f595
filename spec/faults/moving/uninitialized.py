"""Faults in ``UninitializedParameter`` and ``UninitializedBuffer``."""

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, UninitializedTensorMixin

from .. import fault

MATERIALIZE = UninitializedTensorMixin.materialize
ALLOWED = list(UninitializedTensorMixin._allowed_methods)
NEW_PARAMETER = UninitializedParameter.__new__
NEW_BUFFER = UninitializedBuffer.__new__


@fault("META-09", "META-24", "META-36", "META-45")
def what_is_uninitialized_becomes_single_precision(patch):
    def materialize(self, shape, device=None, dtype=None):
        MATERIALIZE(self, shape, device, dtype or torch.float32)

    patch.setattr(UninitializedTensorMixin, "materialize", materialize)


@fault("META-25", "META-36", "META-45")
def what_is_uninitialized_becomes_trainable(patch):
    def materialize(self, shape, device=None, dtype=None):
        MATERIALIZE(self, shape, device, dtype)
        self.requires_grad_(True)

    patch.setattr(UninitializedTensorMixin, "materialize", materialize)


@fault("META-46", "META-47")
def materialize_ignores_device_and_dtype(patch):
    def materialize(self, shape, device=None, dtype=None):
        MATERIALIZE(self, shape)

    patch.setattr(UninitializedTensorMixin, "materialize", materialize)


@fault("META-21", "META-49")
def an_operation_on_what_is_uninitialized_finds_it_empty(patch):
    more = [torch.Tensor.bfloat16, torch.Tensor.numel, torch.Tensor.clone, torch.Tensor.type, torch.Tensor.dim]
    patch.setattr(UninitializedTensorMixin, "_allowed_methods", ALLOWED + more)


@fault("META-09", "META-50", "META-51")
def what_is_uninitialized_cannot_be_converted(patch):
    patch.setattr(UninitializedTensorMixin, "_allowed_methods", [torch.Tensor.__hash__, torch.Tensor.size])


@fault("META-52", since="2.3")
def what_is_uninitialized_cannot_be_asked_whether_it_is_complex(patch):
    less = [method for method in ALLOWED if method is not torch.Tensor.is_complex]
    patch.setattr(UninitializedTensorMixin, "_allowed_methods", less)


@fault("META-22", "META-48")
def what_is_uninitialized_can_be_shared(patch):
    patch.setattr(UninitializedTensorMixin, "share_memory_", lambda self: self)


@fault("META-06", "META-39", "META-48")
def what_is_uninitialized_has_an_empty_shape(patch):
    patch.setattr(UninitializedTensorMixin, "shape", property(lambda self: torch.Size([0])))


@fault("META-26", "META-53")
def the_copy_of_an_uninitialized_parameter_is_an_empty_one(patch):
    patch.setattr(UninitializedParameter, "__deepcopy__", lambda self, memo: nn.Parameter(torch.empty(0)))


@fault("META-54")
def an_uninitialized_buffer_can_be_deepcopied(patch):
    patch.setattr(UninitializedBuffer, "__deepcopy__", lambda self, memo: UninitializedBuffer(), raising=False)


@fault("META-26", "META-43", "META-55")
def the_pickle_of_what_is_uninitialized_is_an_empty_tensor(patch):
    patch.setattr(UninitializedTensorMixin, "__reduce_ex__", lambda self, protocol: (torch.empty, (0,)))


@fault("META-44")
def an_uninitialized_parameter_is_frozen_by_default(patch):
    def new(cls, requires_grad=False, device=None, dtype=None):
        return NEW_PARAMETER(cls, requires_grad, device, dtype)

    patch.setattr(UninitializedParameter, "__new__", new)


@fault("META-56")
def is_lazy_overlooks_buffers(patch):
    patch.setattr(nn.parameter, "is_lazy", lambda value: isinstance(value, UninitializedParameter))


@fault("META-57", since="2.5")
def an_uninitialized_buffer_is_always_persistent(patch):
    def new(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        return NEW_BUFFER(cls, requires_grad, device, dtype, True)

    patch.setattr(UninitializedBuffer, "__new__", new)


@fault("META-58", since="2.5")
def an_uninitialized_buffer_is_non_persistent_by_default(patch):
    def new(cls, requires_grad=False, device=None, dtype=None, persistent=False):
        return NEW_BUFFER(cls, requires_grad, device, dtype, persistent)

    patch.setattr(UninitializedBuffer, "__new__", new)


@fault("META-59")
def an_operation_on_what_is_uninitialized_loses_its_keywords(patch):
    def torch_function(cls, function, types, args=(), kwargs=None):
        return super(UninitializedTensorMixin, cls).__torch_function__(function, types, args, {})

    patch.setattr(UninitializedTensorMixin, "__torch_function__", classmethod(torch_function))


@fault("META-53")
def the_copy_of_an_uninitialized_parameter_is_not_kept_for_its_other_holders(patch):
    deepcopy = UninitializedParameter.__deepcopy__
    patch.setattr(UninitializedParameter, "__deepcopy__", lambda self, memo: deepcopy(self, {}))


@fault("META-63")
def what_is_uninitialized_becomes_a_parameter_of_no_class_of_its_own(patch):
    def materialize(self, *args, **kwargs):
        MATERIALIZE(self, *args, **kwargs)
        self.__class__ = nn.Parameter if isinstance(self, nn.Parameter) else torch.Tensor

    patch.setattr(UninitializedTensorMixin, "materialize", materialize)


@fault("META-49")
def what_is_uninitialized_may_be_detached_and_filled(patch):
    allowed = [*ALLOWED, torch.Tensor.detach, torch.Tensor.fill_]
    patch.setattr(UninitializedTensorMixin, "_allowed_methods", allowed)


@fault("META-63")
def the_copy_of_an_uninitialized_parameter_is_of_no_class_of_its_own(patch):
    def deepcopy(self, memo):
        if id(self) not in memo:
            memo[id(self)] = UninitializedParameter(self.requires_grad, self.data.device, self.data.dtype)
        return memo[id(self)]

    patch.setattr(UninitializedParameter, "__deepcopy__", deepcopy)


@fault("META-63")
def is_lazy_knows_no_subclasses(patch):
    lazy = (UninitializedParameter, UninitializedBuffer)
    patch.setattr(nn.parameter, "is_lazy", lambda value: type(value) in lazy)
