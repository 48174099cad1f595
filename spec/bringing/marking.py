"""Values that no module has from the start, so that what brings them back is seen to do so."""

import torch
from torch import nn

from ..checking.state import registered


def marked(module: nn.Module) -> nn.Module:
    """The module with another value in each parameter and buffer; ties and objects stay as they are.

    A tensor of a library's class, such as a quantized weight, keeps its values: it need not know how to add.
    """
    for tensor in {id(tensor): tensor for tensor in registered(module).values()}.values():
        if type(tensor) not in (torch.Tensor, nn.Parameter) or type(tensor.data) is not torch.Tensor:
            continue
        tensor.data = tensor.data.logical_not() if tensor.dtype is torch.bool else tensor.data + 1
    return module


def different(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> list[str]:
    """The names under which two modules or state dicts don't hold the same values."""
    return [name for name in {**left, **right} if not same(left.get(name), right.get(name))]


def same(left: object, right: object) -> bool:
    """Whether two tensors are alike in dtype, shape and every value, NaN included; other objects are compared by ==."""
    if not isinstance(left, torch.Tensor) or not isinstance(right, torch.Tensor):
        return left == right
    if left.dtype is not right.dtype or left.shape != right.shape:
        return False
    if hasattr(left, "__tensor_flatten__"):
        names, _ = left.__tensor_flatten__()
        return all(same(getattr(left, name), getattr(right, name)) for name in names)
    return bool(((left == right) | ((left != left) & (right != right))).all())
