"""The kinds of state that are sent through a tool, each as a small model whose output shows what became of it."""

from typing import ClassVar

import torch
from torch import nn

CHANGED, KEPT, LOST, READS_WRONG, UNTIED = "changed", "kept", "lost", "reads wrong", "untied"


def numbers(*shape: int) -> torch.Tensor:
    """Different numbers, none of which is a fraction of a power of two."""
    return (torch.arange(torch.Size(shape).numel()) / 7).reshape(shape)


class Model(nn.Module):
    """A Linear layer; what is to be kept is its weight, or a value ``x`` beside it that ``forward`` adds.

    ``train_a_little`` changes that value, as training or a script does after the constructor. ``misread`` changes it
    into what a tool makes of it that reads it wrong. ``KIND`` is what the kind of state is called.
    """

    KIND: ClassVar[str]

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4, bias=False)
        self.layer.weight = nn.Parameter(numbers(4, 4))
        self.hold()

    def hold(self):
        pass

    def forward(self, y):
        return self.layer(y)

    def train_a_little(self):
        self.layer.weight.add_(1)

    def misread(self):
        pass


class AParameter(Model):
    KIND = "parameter"


class Frozen(Model):
    """One of two parameters, frozen after the model was built."""

    KIND = "frozen flag"

    def hold(self):
        self.head = nn.Linear(4, 4, bias=False)

    def forward(self, y):
        return self.head(self.layer(y))

    def train_a_little(self):
        self.layer.weight.requires_grad_(False)


class Tied(Model):
    KIND = "tied parameters"

    def hold(self):
        self.head = nn.Linear(4, 4, bias=False)
        self.head.weight = self.layer.weight

    def forward(self, y):
        return self.head(self.layer(y))


class SideBySide(Model):
    """Two parameters that share one storage and no element of it."""

    KIND = "halves of one tensor"

    def hold(self):
        upper, lower = numbers(8, 4).chunk(2)
        self.head = nn.Linear(4, 4, bias=False)
        self.layer.weight, self.head.weight = nn.Parameter(upper), nn.Parameter(lower)

    def forward(self, y):
        return self.layer(y) + 3 * self.head(y)

    def train_a_little(self):
        self.layer.weight.add_(1)
        self.head.weight.add_(1)


class Slice(Model):
    KIND = "slice"

    def hold(self):
        self.layer.weight = nn.Parameter(numbers(9, 4)[2:6])


class Transposed(Model):
    KIND = "transposed"

    def hold(self):
        self.layer.weight = nn.Parameter(numbers(4, 4).T)


class WithX(Model):
    """What is to be kept is ``x``: the output shows it, and nothing of the Linear layer."""

    def forward(self, y):
        return 0 * self.layer(y) + self.x

    def train_a_little(self):
        self.x.add_(1)


class Expanded(WithX):
    """One row that stands for many, as a buffer."""

    KIND = "expanded"

    def hold(self):
        self.register_buffer("x", numbers(1, 4).expand(2, 4))

    def train_a_little(self):
        self.x = (numbers(1, 4) + 1).expand(2, 4)


class ABuffer(WithX):
    KIND = "buffer"

    def hold(self):
        self.register_buffer("x", numbers(4))


class Integers(WithX):
    KIND = "integer buffer"

    def hold(self):
        self.register_buffer("x", torch.arange(4))


class Bools(WithX):
    KIND = "bool buffer"

    def hold(self):
        self.register_buffer("x", torch.tensor([True, False, True, False]))

    def train_a_little(self):
        self.x.logical_not_()

    def forward(self, y):
        return (0 * self.layer(y)).masked_fill(self.x, 1.0)


class Counting(WithX):
    """A buffer that ``forward`` changes in place, as BatchNorm does."""

    KIND = "buffer that forward changes"

    def hold(self):
        self.register_buffer("x", torch.zeros(4))

    def forward(self, y):
        self.x.add_(1)
        return super().forward(y)

    def train_a_little(self):
        for _ in range(3):
            self(INPUT)


class NonPersistent(WithX):
    KIND = "non-persistent buffer"

    def hold(self):
        self.register_buffer("x", numbers(4), persistent=False)


class Plain(WithX):
    KIND = "plain tensor"

    def hold(self):
        self.x = numbers(4)


class ExtraTensor(WithX):
    KIND = "extra state: tensor"

    def hold(self):
        self.x = numbers(4)

    def get_extra_state(self):
        return self.x

    def set_extra_state(self, state):
        self.x = state


class ExtraNumber(WithX):
    KIND = "extra state: number"

    def hold(self):
        self.x = 1.5

    def train_a_little(self):
        self.x = 2.5

    def get_extra_state(self):
        return self.x

    def set_extra_state(self, state):
        self.x = state


class Versioned(WithX):
    """A module whose second version holds ten times what the first one saved, and converts what comes from that."""

    KIND = "module with a version"
    _version = 2

    def hold(self):
        self.register_buffer("x", numbers(4))

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
        if local_metadata.get("version", 1) < 2:
            state_dict.update({key: value * 10 for key, value in state_dict.items() if key == f"{prefix}x"})
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)

    def misread(self):
        self.x.mul_(10)


class Complex(WithX):
    KIND = "complex"

    def hold(self):
        self.register_buffer("x", torch.complex(numbers(4), numbers(4) + 2))

    def forward(self, y):
        return 0 * self.layer(y) + self.x.real + 3 * self.x.imag


class Conjugated(Complex):
    """A lazily conjugated buffer: its memory holds the other sign."""

    KIND = "conjugated"

    def hold(self):
        self.register_buffer("x", torch.complex(numbers(4), numbers(4) + 2).conj())

    def misread(self):
        self.x = self.x.conj()


class OnMeta(Model):
    """A parameter that is still, or again, on ``meta`` when the model is sent."""

    KIND = "meta"

    def train_a_little(self):
        self.layer.to("meta")


class Mode(Model):
    """A part in evaluation mode, in a model in training mode: a tool that sets one mode for all keeps neither."""

    KIND = "training mode"

    def hold(self):
        self.part = nn.Identity()

    def forward(self, y):
        return 0 * self.layer(y) + (1 if self.training else 2) + (10 if self.part.training else 20)

    def train_a_little(self):
        self.part.eval()


KINDS = (
    AParameter,
    Frozen,
    Tied,
    SideBySide,
    Slice,
    Transposed,
    Expanded,
    ABuffer,
    Integers,
    Bools,
    Counting,
    NonPersistent,
    Plain,
    ExtraTensor,
    ExtraNumber,
    Versioned,
    Complex,
    Conjugated,
    OnMeta,
    Mode,
)
INPUT = torch.ones(2, 4)


def trained(kind):
    """A model of this kind, as the constructor makes it and training changes it."""
    model = kind()
    with torch.no_grad():
        model.train_a_little()
    return model


def fate(kind, arrived):
    """What became of the state of a trained model: ``arrived`` is the model, or the function, at the end of the way."""
    return FATES.get(kind, of_the_value)(kind, arrived)


def outputs(model):
    with torch.no_grad():
        return torch.stack([torch.as_tensor(model(INPUT)) for _ in range(2)])


def of_the_value(kind, arrived):
    seen = outputs(arrived)
    if torch.allclose(seen, outputs(trained(kind)), atol=1e-5):
        return KEPT
    if torch.allclose(seen, outputs(kind()), atol=1e-5):
        return LOST
    wrong = trained(kind)
    with torch.no_grad():
        wrong.misread()
    return READS_WRONG if torch.allclose(seen, outputs(wrong), atol=1e-5) else CHANGED


def of_the_tie(kind, arrived):
    found = of_the_value(kind, arrived)
    return UNTIED if found == KEPT and arrived.head.weight is not arrived.layer.weight else found


def of_the_flag(kind, arrived):
    trains = (arrived.layer.weight.requires_grad, arrived.head.weight.requires_grad)
    return {(False, True): KEPT, (True, True): LOST}.get(trains, CHANGED)


def on_meta(kind, arrived):
    weight = arrived.layer.weight
    if weight.is_meta:
        return KEPT
    return LOST if torch.equal(weight, kind().layer.weight) else CHANGED


def of_the_halves(kind, arrived):
    """A half that is as the constructor made it is lost, also where the other one arrives."""
    found = of_the_value(kind, arrived)
    old, new = kind(), trained(kind)
    halves = [getattr(arrived, name, None) for name in ("layer", "head")]
    if found != CHANGED or None in halves:
        return found
    seen = [half(INPUT) for half in halves]
    as_new = [out.allclose(half(INPUT)) for out, half in zip(seen, (new.layer, new.head), strict=True)]
    as_old = [out.allclose(half(INPUT)) for out, half in zip(seen, (old.layer, old.head), strict=True)]
    return LOST if any(as_new) and any(as_old) else CHANGED


FATES = {Tied: of_the_tie, SideBySide: of_the_halves, Frozen: of_the_flag, OnMeta: on_meta}
