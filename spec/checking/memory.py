"""Of what kind a tensor is, and where in memory."""

import torch
from torch import nn


def is_ordinary(tensor: torch.Tensor) -> bool:
    inside = tensor.data if type(tensor) is nn.Parameter else tensor
    return type(inside) in (torch.Tensor, nn.Parameter) or nn.parameter.is_lazy(tensor)


def has_values(tensor: torch.Tensor) -> bool:
    return (
        not nn.parameter.is_lazy(tensor)
        and tensor.device.type != "meta"
        and tensor.layout is torch.strided
        and not tensor.is_nested
        and is_ordinary(tensor)
        and not tensor.is_quantized
    )


def storage(tensor: torch.Tensor) -> int:
    """What tells which memory a tensor has; its own id where it has none of the usual kind."""
    try:
        if nn.parameter.is_lazy(tensor) or tensor.layout is not torch.strided:
            return id(tensor)
        return untyped_storage(tensor)._cdata
    except Exception:  # a subclass without memory of its own
        return id(tensor)


def untyped_storage(tensor: torch.Tensor) -> torch.UntypedStorage:
    """The memory of a tensor, in bytes, also before torch 2.0."""
    return tensor.untyped_storage() if hasattr(tensor, "untyped_storage") else tensor.storage().untyped()


def stretch(tensor: torch.Tensor) -> range | None:
    """The bytes of its memory that a tensor with strides fills, in whatever order; None where it leaves some out."""
    elements = 1
    for step, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size != 1 and step != elements:
            return None
        elements *= size
    start = tensor.storage_offset() * tensor.element_size()
    return range(start, start + elements * tensor.element_size())


def geometry(tensor: torch.Tensor) -> tuple:
    """The place of a tensor in memory, the same for itself and its ``detach()``."""
    try:
        if tensor.numel() == 0:
            return ("empty", id(tensor))
        return storage(tensor), tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype
    except Exception:  # sparse, nested, packed
        return ("whole", id(tensor))


def overlap(one: object, other: object) -> bool:
    """Whether two tensors of one storage share elements for certain."""
    if one.numel() == 0 or other.numel() == 0 or storage(one) != storage(other) or one.dtype != other.dtype:
        return False
    if (one.storage_offset(), one.shape, one.stride()) == (other.storage_offset(), other.shape, other.stride()):
        return True
    places = stretch(one), stretch(other)
    return None not in places and max(each.start for each in places) < min(each.stop for each in places)


def overlaps_itself(tensor: object) -> bool:
    try:
        if tensor.layout is not torch.strided:
            return False
        return any(step == 0 and size > 1 for step, size in zip(tensor.stride(), tensor.shape, strict=True))
    except Exception:  # a layout without strides
        return False
