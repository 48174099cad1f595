"""Modules that are small enough to be exported for every claim: ``y`` is always a vector of ones."""

import torch
from torch import nn

ONES = torch.ones(3)


class AddsX(nn.Module):
    """Adds ``x``, whatever it is, to its input."""

    def forward(self, y):
        return y + self.x


class ChangesXInPlace(AddsX):
    """Adds one to the tensor ``x`` in place, and then ``x`` to its input."""

    def forward(self, y):
        self.x.add_(1)
        return y + self.x


class RebindsX(AddsX):
    """Rebinds ``x`` to one more, and then adds it to its input."""

    def forward(self, y):
        self.x = self.x + 1
        return y + self.x


class StateOfEveryKind(nn.Module):
    """State of every kind, each value with a digit of its own in the sum that the forward adds to its input."""

    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.full((3,), 1.0))
        self.f = nn.Parameter(torch.full((3,), 20.0), requires_grad=False)
        self.register_buffer("b", torch.full((3,), 300.0))
        self.register_buffer("n", torch.full((3,), 4000.0), persistent=False)
        self.t = torch.full((3,), 50000.0)
        self.v = 600000

    def forward(self, y):
        return y * 0 + self.p + self.f + self.b + self.n + self.t + self.v


NAMES = {
    "parameter": "p",
    "frozen parameter": "f",
    "buffer": "b",
    "non-persistent buffer": "n",
    "plain tensor": "t",
    "plain value": "v",
}
"""What StateOfEveryKind calls its state of each kind."""


class UnusedStateOfEveryKind(StateOfEveryKind):
    """State of every kind, none of which its forward uses."""

    def forward(self, y):
        return y * 2


class TiedState(nn.Module):
    """A parameter with two names, ``p`` and ``q``, and a buffer with two, ``b`` and ``c``."""

    def __init__(self):
        super().__init__()
        self.p = self.q = nn.Parameter(torch.ones(3))
        self.register_buffer("b", torch.ones(3))
        self.register_buffer("c", self.b)

    def forward(self, y):
        return y + self.p + self.q + self.b + self.c
