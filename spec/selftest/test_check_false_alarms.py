"""``check`` is silent where nothing is lost, and not beside it: each sound module has a twin that does lose."""

import types

import pytest
import torch
from torch import nn

from ..checking import check


class Telling(nn.Module):
    """``forward`` puts what it has on another object, under the same names."""

    def __init__(self):
        super().__init__()
        self.epsilon, self.step = torch.tensor(1e-6), 3
        self.register_buffer("scale", torch.ones(2))

    def forward(self, x):
        told = types.SimpleNamespace()
        told.epsilon, told.scale = self.epsilon, self.scale
        told.step = self.step
        told.scale[0] = 2
        return told


class Changing(Telling):
    def forward(self, x):
        self.epsilon, self.scale = self.epsilon * 2, self.scale * x
        self.step += 1


# kind of finding: a sound module, one that loses, and the path at which it does
PAIRS = {
    "left-behind, of another object": (Telling, Changing, "epsilon"),
    "constant, of another object": (Telling, Changing, "epsilon"),
    "not-averaged, of another object": (Telling, Changing, "epsilon"),
    "counter, of another object": (Telling, Changing, "step"),
    "stands-still, of another object": (Telling, Changing, "scale"),
}


@pytest.mark.parametrize("what", PAIRS)
def test_what_is_sound_is_no_finding_and_what_loses_is_one(what):
    sound, losing, path = PAIRS[what]
    kind = what.partition(",")[0]

    def found(build):
        return [finding.path for finding in check(build, uses=["all"], select=[kind]).findings]

    assert found(sound) == []
    assert found(losing) == [path]
