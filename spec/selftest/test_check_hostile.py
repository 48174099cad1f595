"""``check`` on models that do what nobody expects of a module: told plainly, never a stack trace."""

import pytest
import torch
from torch import nn

from ..checking import check


def holding(value):
    model = nn.Linear(2, 2)
    model.__dict__["held"] = value
    return model


def buffering(value):
    model = nn.Linear(2, 2)
    model.register_buffer("held", value)
    return model


class Unprepared(nn.Module):
    def __init__(self):
        self.width = 3


class Unshown(nn.Linear):
    def __repr__(self):
        raise RuntimeError("no words")

    def __bool__(self):
        raise RuntimeError("neither true nor false")

    def __len__(self):
        raise RuntimeError("no length")


class Unlisted(nn.Linear):
    def named_modules(self, *args, **kwargs):
        raise RuntimeError("no list")

    named_parameters = named_buffers = named_modules


class Unhashed(nn.Linear):
    def __hash__(self):
        raise ValueError("no hash")


class Returning(nn.Linear):
    def state_dict(self, *args, **kwargs):
        return self.saved


class Extra(nn.Linear):
    def get_extra_state(self):
        raise RuntimeError("none")


class Opaque:
    def __getattribute__(self, name):
        raise RuntimeError("nothing to see")


class Endless:
    def __iter__(self):
        while True:
            yield torch.ones(1)


class Locked(dict):
    def items(self):
        raise RuntimeError("locked")


class Subclass(torch.Tensor):
    pass


def returning(value):
    model = Returning(2, 2)
    model.saved = value
    return model


def nested_in_itself():
    model = nn.Linear(2, 2)
    model.part = nn.Module()
    model.part.whole = model
    return model


def deep(levels):
    model = nn.Linear(2, 2)
    for _ in range(levels):
        model = nn.Sequential(model)
    return model


def doubled(levels):
    model = nn.Linear(2, 2)
    for _ in range(levels):
        model = nn.Sequential(model, model)
    return model


def deep_list(levels):
    held = []
    for _ in range(levels):
        held = [held]
    return held


def odd_names():
    model = nn.Module()
    model._modules["a.b"] = nn.Linear(2, 2)
    model._parameters["x\ny|z"] = nn.Parameter(torch.ones(2))
    return model


# what builds it, and the kinds of what is found: the registered Linear in each of them is sound
HOSTILE = {
    "no super().__init__()": (Unprepared, {"not-saved"}),
    "no repr, bool or len": (lambda: nn.Sequential(Unshown(2, 2)), set()),
    "no listings": (lambda: Unlisted(2, 2), set()),
    "a hash that raises": (lambda: Unhashed(2, 2), {"unhashable"}),
    "a state dict that is a list": (lambda: returning([1, 2]), {"not-saved"}),
    "a state dict with other keys": (lambda: returning({1: torch.ones(2), None: "x"}), {"not-saved", "left-behind"}),
    "extra state that raises": (lambda: Extra(2, 2), {"not-saved"}),
    "an object without an end": (lambda: holding(Endless()), set()),
    "a dict that raises": (lambda: holding(Locked(a=torch.ones(2))), {"copy-refused"}),
    "keys of every kind": (
        lambda: holding({torch.ones(1): 1, object(): torch.ones(1), (1, 2): torch.ones(1), "a\nb": torch.ones(1)}),
        {"left-behind"},
    ),
    "a deep list": (lambda: holding(deep_list(5000)), {"copy-refused"}),
    "a deep model": (lambda: deep(1500), {"not-saved"}),
    "a model in itself": (nested_in_itself, {"not-saved"}),
    "a model doubled ten times": (lambda: doubled(10), set()),
    "odd names": (odd_names, set()),
    "a sparse buffer": (lambda: buffering(torch.eye(3).to_sparse()), set()),
    "a compressed buffer": (lambda: buffering(torch.eye(3).to_sparse_csr()), {"copy-refused"}),
    "a nested buffer": (
        lambda: buffering(torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])),
        {"copy-refused"},
    ),
    "a quantized buffer": (lambda: buffering(torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)), set()),
    "an empty buffer": (lambda: buffering(torch.empty(0)), set()),
    "NaN and infinity": (lambda: buffering(torch.tensor([float("nan"), float("inf")])), set()),
    "a subclass": (lambda: buffering(torch.ones(2).as_subclass(Subclass)), set()),
    "a traced model": (lambda: torch.jit.trace(nn.Linear(2, 2), torch.ones(1, 2)), set()),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.filterwarnings("ignore")
def test_a_hostile_model_is_told_plainly(what):
    build, kinds = HOSTILE[what]
    if what == "a nested buffer" and not hasattr(torch.nested, "nested_tensor"):
        pytest.skip("this torch has no nested tensors by that name")
    report = check(build)
    assert not [note for note in report.notes if "incomplete" in note]
    assert {finding.kind for finding in report.findings} == kinds
    assert str(report)


def test_what_raises_wherever_it_is_touched_makes_the_model_unusable_in_a_line():
    with pytest.raises(ValueError, match=r"^looking at the module raises RuntimeError: nothing to see$"):
        check(lambda: holding(Opaque()))
