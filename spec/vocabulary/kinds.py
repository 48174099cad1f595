"""The kinds of state: the ways of holding a value on a module."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Kind:
    """One way of holding a value on an ``nn.Module``.

    ``name`` is what the kind is called in tables and test ids, ``put(module, name, tensor)`` is how a user puts a
    tensor on a module in that way, and ``since`` is the first torch release that knows the kind (``None``: all).
    """

    name: str
    put: Callable[[nn.Module, str, torch.Tensor], None]
    since: str | None = None

    def on(self, module: nn.Module, name: str, tensor: torch.Tensor) -> nn.Module:
        """Put ``tensor`` on ``module`` under ``name`` in the way of this kind, and return the module.

        Raises whatever torch raises: a ``KeyError`` where the name is taken, a ``RuntimeError`` for a trainable
        parameter of integer dtype.
        """
        self.put(module, name, tensor)
        return module

    @property
    def word(self) -> str:
        """The name as one word that an attribute can have."""
        return re.sub(r"\W", "_", self.name)

    def __str__(self) -> str:
        return self.name


PARAMETER = Kind("parameter", lambda m, name, t: setattr(m, name, nn.Parameter(t)))
FROZEN_PARAMETER = Kind("frozen parameter", lambda m, name, t: setattr(m, name, nn.Parameter(t, requires_grad=False)))
BUFFER = Kind("buffer", lambda m, name, t: m.register_buffer(name, t))
NON_PERSISTENT_BUFFER = Kind("non-persistent buffer", lambda m, name, t: m.register_buffer(name, t, persistent=False))
NN_BUFFER = Kind("nn.Buffer", lambda m, name, t: setattr(m, name, nn.Buffer(t)), since="2.5")
PLAIN_TENSOR = Kind("plain tensor", lambda m, name, t: setattr(m, name, t))
PLAIN_VALUE = Kind("plain value", lambda m, name, t: setattr(m, name, t.numel()))
"""A Python int: the number of elements of the tensor that another kind would hold."""

PARAMETERS = (PARAMETER, FROZEN_PARAMETER)
PERSISTENT_BUFFERS = (BUFFER, NN_BUFFER)
BUFFERS = (BUFFER, NON_PERSISTENT_BUFFER, NN_BUFFER)
REGISTERED = PARAMETERS + BUFFERS
SAVED = PARAMETERS + PERSISTENT_BUFFERS
TENSORS = (*REGISTERED, PLAIN_TENSOR)
PLAIN = (PLAIN_TENSOR, PLAIN_VALUE)
KINDS = REGISTERED + PLAIN
