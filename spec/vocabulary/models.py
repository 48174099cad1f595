"""The article's toy models and their small relatives; each takes ``(in_channels, out_channels)``."""

from typing import NamedTuple

import torch
from torch import nn


class ToyModel(nn.Module):
    """A Linear and two plain ints."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.linear = nn.Linear(in_channels, out_channels)
        self.a1 = 1
        self.a2 = 2
        self.init_weights()

    def init_weights(self):
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x):
        return self.linear(x)


class ToyModel2(ToyModel):
    """ToyModel and a parameter ``b1`` of normal numbers, one per output channel."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.b1 = nn.Parameter(torch.randn(out_channels))

    def forward(self, x):
        out = super().forward(x)
        out += self.b1
        return out


class ToyModel3(ToyModel2):
    """ToyModel2 and a persistent buffer ``c1`` of ones shaped like ``b1``."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.register_buffer("c1", torch.ones_like(self.b1))

    def forward(self, x):
        out = super().forward(x)
        out += self.c1
        return out


class NonPersistentModel(ToyModel3):
    """ToyModel3 and a non-persistent buffer ``d1``."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.register_buffer("d1", torch.ones(out_channels), persistent=False)

    def forward(self, x):
        out = super().forward(x)
        out += self.d1
        return out


class PlainTensorModel(ToyModel3):
    """ToyModel3 and a plain tensor ``e1``, which a user meant to be a buffer: its forward has to bring it along."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.e1 = torch.ones(out_channels)

    def forward(self, x):
        out = super().forward(x)
        out += self.e1.to(out.device)
        return out


class IntegerModel(ToyModel2):
    """ToyModel2 with an integer buffer ``steps`` and a bool buffer ``mask``."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.register_buffer("steps", torch.tensor(0))
        self.register_buffer("mask", torch.arange(out_channels) % 2 == 0)

    def forward(self, x):
        self.steps += 1
        return super().forward(x).masked_fill(self.mask, 0.0)


class FrozenModel(ToyModel3):
    """ToyModel3 and a frozen parameter ``f1``."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.f1 = nn.Parameter(torch.ones(out_channels), requires_grad=False)

    def forward(self, x):
        out = super().forward(x)
        out += self.f1
        return out


class NNBufferModel(ToyModel2):
    """ToyModel2 with the buffer of ToyModel3 made by ``nn.Buffer``."""

    since = "2.5"

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.c1 = nn.Buffer(torch.ones_like(self.b1))

    def forward(self, x):
        out = super().forward(x)
        out += self.c1
        return out


class NestedModel(nn.Module):
    """A ToyModel3 two levels down, ``body.inner``, and a parameter and a buffer beside it."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.body = nn.Module()
        self.body.inner = ToyModel3(in_channels, out_channels)
        self.scale = nn.Parameter(torch.ones(out_channels))
        self.register_buffer("shift", torch.zeros(out_channels))

    def forward(self, x):
        return self.body.inner(x) * self.scale + self.shift


class TiedModel(ToyModel3):
    """ToyModel3 with the parameter also called ``b2`` and the buffer also called ``c2``."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.b2 = self.b1
        self.register_buffer("c2", self.c1)

    def forward(self, x):
        return super().forward(x) * self.b2 + self.c2


MODELS = (
    ToyModel,
    ToyModel2,
    ToyModel3,
    NonPersistentModel,
    PlainTensorModel,
    IntegerModel,
    FrozenModel,
    NNBufferModel,
    NestedModel,
    TiedModel,
)


class Declared(NamedTuple):
    """What the constructor of a toy model declares: names as they are listed, tied ones once, and the keys it saves."""

    parameters: list[str]
    buffers: list[str]
    keys: list[str]
    plain: list[str]


LINEAR = ["linear.weight", "linear.bias"]
INNER = ["body.inner.b1", "body.inner.linear.weight", "body.inner.linear.bias"]
NESTED_KEYS = ["scale", "shift", "body.inner.b1", "body.inner.c1", "body.inner.linear.weight", "body.inner.linear.bias"]

DECLARED = {
    ToyModel: Declared(LINEAR, [], LINEAR, ["a1", "a2"]),
    ToyModel2: Declared(["b1", *LINEAR], [], ["b1", *LINEAR], ["a1", "a2"]),
    ToyModel3: Declared(["b1", *LINEAR], ["c1"], ["b1", "c1", *LINEAR], ["a1", "a2"]),
    NonPersistentModel: Declared(["b1", *LINEAR], ["c1", "d1"], ["b1", "c1", *LINEAR], ["a1", "a2"]),
    PlainTensorModel: Declared(["b1", *LINEAR], ["c1"], ["b1", "c1", *LINEAR], ["a1", "a2", "e1"]),
    IntegerModel: Declared(["b1", *LINEAR], ["steps", "mask"], ["b1", "steps", "mask", *LINEAR], ["a1", "a2"]),
    FrozenModel: Declared(["b1", "f1", *LINEAR], ["c1"], ["b1", "f1", "c1", *LINEAR], ["a1", "a2"]),
    NNBufferModel: Declared(["b1", *LINEAR], ["c1"], ["b1", "c1", *LINEAR], ["a1", "a2"]),
    NestedModel: Declared(["scale", *INNER], ["shift", "body.inner.c1"], NESTED_KEYS, []),
    TiedModel: Declared(["b1", *LINEAR], ["c1"], ["b1", "b2", "c1", "c2", *LINEAR], ["a1", "a2"]),
}


def registered(module: nn.Module) -> dict[str, torch.Tensor]:
    """The parameters and buffers of a module and its submodules by name, tied ones once."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}
