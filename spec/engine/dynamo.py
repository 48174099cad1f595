"""Optimizers without the compiler: an optimizer imports TorchDynamo, which takes longer than all claims together."""

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

DYNAMO = "torch._dynamo"


@contextmanager
def eager_optimizers() -> Iterator[None]:
    """Let optimizers run without importing TorchDynamo.

    Since torch 2.0 an optimizer calls two functions of ``torch._dynamo``: ``disable`` wraps what must not be compiled
    and ``graph_break`` ends a graph. Outside of ``torch.compile`` neither does anything, and that is what the stand-in
    does here. Where TorchDynamo is imported already nothing is changed, and afterwards nothing of the stand-in is left.
    """
    if DYNAMO in sys.modules:
        yield
        return
    wrapped = []

    def disable(function: Callable, *args, **kwargs) -> Callable:
        wrapped.append(function)
        return function

    sys.modules[DYNAMO] = torch._dynamo = types.ModuleType(DYNAMO)
    torch._dynamo.disable = disable
    torch._dynamo.graph_break = lambda: None
    try:
        yield
    finally:
        del sys.modules[DYNAMO], torch._dynamo
        for function in wrapped:
            function.__dict__.pop("__dynamo_disable", None)
