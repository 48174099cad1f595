"""A tensor that wraps another one, as quantized and sharded ones do."""

import torch


class Wrapping(torch.Tensor):
    """A tensor that looks like the tensor ``inner``, which it holds and computes on."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype, device=inner.device)

    def __init__(self, inner):
        self.inner = inner

    def __tensor_flatten__(self):
        return ["inner"], None

    @staticmethod
    def __tensor_unflatten__(inner, context, size, stride):
        return Wrapping(inner["inner"])

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        inner = [arg.inner if isinstance(arg, Wrapping) else arg for arg in args]
        return Wrapping(operation(*inner, **(kwargs or {})))

    __torch_function__ = torch._C._disabled_torch_function_impl
