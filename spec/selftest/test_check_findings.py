"""``check``: one planted defect for each kind of finding, found under its path, and its mended twin, which is clean."""

import functools
from collections import deque
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from ..checking import check
from ..checking.cited import cited
from ..checking.kinds import KINDS, USES


def module(**held):
    """A module with ``held`` as attributes."""
    found = nn.Sequential(nn.Linear(2, 2))
    for name, value in held.items():
        setattr(found, name, value)
    return found


def buffer(value, persistent=True):
    found = nn.Sequential(nn.Linear(2, 2))
    found.register_buffer("held", value, persistent=persistent)
    return found


def two(first, second, register=False):
    """Two parts that hold ``first`` and ``second`` as ``held``."""
    found = nn.ModuleList([nn.Module(), nn.Module()])
    for part, value in zip(found, (first, second), strict=True):
        if register:
            part.register_buffer("held", value)
        else:
            part.held = value
    return found


class Shared(nn.Module):
    table = torch.arange(3.0)

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)


class Ring(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("memory", torch.zeros(4))
        self.position = 0

    def forward(self, x):
        self.memory[self.position] = x
        self.position = (self.position + 1) % 4
        return self.memory


class WholeRing(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("memory", torch.zeros(4))
        self.register_buffer("position", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        self.memory[self.position] = x
        self.position += 1
        return self.memory


class Moving(nn.Module):
    """It moves its state by itself, and saves it or doesn't."""

    def __init__(self, saves):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.seen = torch.zeros(2)
        self.saves = saves

    def forward(self, x):
        self.seen = self.seen + x
        return self.linear(x)

    def _apply(self, fn, *args):
        super()._apply(fn, *args)
        self.seen = fn(self.seen)
        return self

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.saves:
            destination[prefix + "seen"] = self.seen

    def _load_from_state_dict(self, state_dict, prefix, *args):
        if self.saves:
            self.seen = state_dict.pop(prefix + "seen")
        super()._load_from_state_dict(state_dict, prefix, *args)


class Dropping(nn.Linear):
    def _save_to_state_dict(self, destination, prefix, keep_vars):
        destination[prefix + "weight"] = self.weight if keep_vars else self.weight.detach()


class Renaming(nn.Linear):
    def state_dict(self, *args, **kwargs):
        return {f"old_{key}": value for key, value in super().state_dict(*args, **kwargs).items()}


class Uncopied:
    def __deepcopy__(self, memo):
        raise TypeError("a lock")


class Refusing(nn.Linear):
    def _apply(self, fn, *args):
        return self


class Random(nn.Module):
    def __init__(self, fixed):
        super().__init__()
        width = 3 if fixed else 2 + Random.built % 2
        Random.built += 1
        self.linear = nn.Linear(width, 2)


Random.built = 0
CACHE = nn.Linear(2, 2)


def graph():
    weight = torch.ones(2, requires_grad=True)
    return weight * 2


def closing():
    found = nn.Sequential(nn.Linear(2, 2))
    found.head = lambda x: x @ found[0].weight
    return found


def two_parameters(tied):
    values = torch.zeros(3)
    one = nn.Parameter(values)
    return two(one, one if tied else nn.Parameter(values))


def tied_buffer(tied):
    values = torch.zeros(3)
    return two(values, values if tied else values.clone(), register=True)


def aliased(again):
    found = buffer(torch.zeros(2))
    if again:
        found.also = [found.held]
    return found


def inference(inside):
    with torch.inference_mode(inside):
        values = torch.zeros(2)
    return buffer(values)


# kind: what has it, the path at which it is found, and its twin without
ALWAYS = {
    "not-saved": (lambda: nn.Sequential(Dropping(2, 2)), "0.bias", lambda: nn.Sequential(nn.Linear(2, 2))),
    "not-loaded": (lambda: Renaming(2, 2), "", lambda: nn.Linear(2, 2)),
    "other-keys": (lambda: Random(False), "", lambda: Random(True)),
    "shared-instances": (lambda: nn.Sequential(CACHE), "0", lambda: nn.Sequential(nn.Linear(2, 2))),
    "hidden-module": (
        lambda: module(held=[nn.Linear(2, 2)]),
        "held[0]",
        lambda: module(held=nn.ModuleList([nn.Linear(2, 2)])),
    ),
    "hidden-parameter": (
        lambda: module(held={"a": nn.Parameter(torch.ones(2))}),
        "held['a']",
        lambda: module(held=nn.ParameterDict({"a": nn.Parameter(torch.ones(2))})),
    ),
    "class-attribute": (Shared, "table", lambda: buffer(torch.arange(3.0))),
    "untrained": (
        lambda: module(held=torch.ones(2, requires_grad=True)),
        "held",
        lambda: module(held=nn.Parameter(torch.ones(2))),
    ),
    "graph": (lambda: buffer(graph()), "held", lambda: buffer(graph().detach())),
    "inference": (lambda: inference(True), "held", lambda: inference(False)),
    "not-restored": (lambda: buffer(torch.rand(3), False), "held", lambda: buffer(torch.rand(3))),
    "left-behind": (lambda: module(held=torch.ones(2)), "held", lambda: buffer(torch.ones(2))),
    "unsaved": (lambda: Moving(False), "seen", lambda: Moving(True)),
    "unmoved": (lambda: nn.Sequential(Refusing(2, 2)), "0.weight", lambda: nn.Sequential(nn.Linear(2, 2))),
    "stale": (lambda: aliased(True), "also[0]", lambda: aliased(False)),
    "tied-buffer": (lambda: tied_buffer(True), "0.held", lambda: tied_buffer(False)),
    "two-parameters": (lambda: two_parameters(False), "1.held", lambda: two_parameters(True)),
    "expanded": (lambda: buffer(torch.ones(1).expand(3)), "held", lambda: buffer(torch.ones(1).expand(3).clone())),
    "copy-refused": (lambda: module(held=[Uncopied()]), "", lambda: module(held=[1])),
    "bound": (closing, "head", lambda: nn.Sequential(nn.Linear(2, 2))),
    "counter": (Ring, "position", WholeRing),
}


@pytest.mark.parametrize("kind", ALWAYS)
def test_a_planted_defect_is_found_at_its_path(kind):
    broken, path, _ = ALWAYS[kind]
    report = check(broken)
    assert path in [finding.path for finding in report.findings if finding.kind == kind], report


@pytest.mark.parametrize("kind", ALWAYS)
def test_its_mended_twin_is_clean(kind):
    report = check(ALWAYS[kind][2])
    assert not report.findings
    assert not [note for note in report.notes if "incomplete" in note]


def test_every_kind_that_counts_always_is_planted():
    assert set(ALWAYS) == {name for name, kind in KINDS.items() if not kind.uses}


def rotary(dim=64):
    return 1.0 / 10_000 ** (torch.arange(0, dim, 2).float() / dim)


def tied():
    found = nn.Sequential(nn.Embedding(4, 2), nn.Linear(2, 4, bias=False))
    found[1].weight = found[0].weight
    return found


def with_attribute():
    found = nn.Linear(2, 2)
    found.weight.decays = False
    return found


def frozen():
    return nn.Linear(2, 2).requires_grad_(False)


class Versioned(nn.Linear):
    _version = 2

    def _load_from_state_dict(self, *args):
        super()._load_from_state_dict(*args)


class NoNumbers(nn.Module):
    """A module without anything that any road changes."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))


def alias():
    found = nn.Linear(2, 2)
    found.also = [found.weight]
    return found


def unpicklable():
    return module(held=[lambda x: x])


def halves_of_one():
    both = torch.zeros(4)
    return two(nn.Parameter(both[:2]), nn.Parameter(both[2:]))


# kind: what has it, the path at which it is found
SOMETIMES = {
    "uninitialized": (lambda: buffer(rotary(), False), "held"),
    "meta-plain": (lambda: module(held=torch.ones(2)), "held"),
    "digits": (lambda: buffer(rotary()), "held"),
    "overflow": (lambda: buffer(torch.full((2, 2), -1e9)), "held"),
    "float-counter": (lambda: buffer(torch.arange(3000.0)), "held"),
    "tied": (tied, "0.weight"),
    "alias": (alias, "also[0]"),
    "own-values": (lambda: module(held=torch.rand(2)), "held"),
    "all-frozen": (frozen, ""),
    "pickle-refused": (unpicklable, ""),
    "same-memory": (halves_of_one, "0.held"),
    "view": (lambda: buffer(torch.zeros(100)[:3]), "held"),
    "not-plain": (lambda: buffer(torch.zeros(2, 3).t()), "held"),
    "version": (lambda: nn.Sequential(Versioned(2, 2)), "0"),
    "attributes": (with_attribute, "weight"),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(2)), "0.weight"),
    "constant": (lambda: module(held=torch.ones(2)), "held"),
    "one-initializer": (tied, "0.weight"),
    "complex": (lambda: buffer(torch.zeros(2, dtype=torch.complex64)), "held"),
    "written-twice": (tied, "0.weight"),
    "prefix": (NoNumbers, ""),
    "truncated": (lambda: nn.BatchNorm1d(2), "num_batches_tracked"),
    "not-averaged": (lambda: module(held=torch.ones(2)), "held"),
    "statistics": (lambda: nn.Sequential(nn.BatchNorm1d(2)), "0.running_mean"),
    "tied-adapter": (tied, "0.weight"),
}


@pytest.mark.parametrize("kind", SOMETIMES)
def test_a_defect_of_one_use_counts_only_there(kind):
    build, path = SOMETIMES[kind]
    for use in KINDS[kind].uses:
        assert path in [finding.path for finding in check(build, uses=[use]).findings if finding.kind == kind]
    assert kind not in [finding.kind for finding in check(build).findings]


def test_every_kind_of_one_use_is_planted():
    assert set(SOMETIMES) == {name for name, kind in KINDS.items() if kind.uses}


@pytest.mark.parametrize("use", [use for use in USES if use != "compile"])
def test_where_a_use_keeps_all_there_is_no_finding(use):
    assert not check(NoNumbers, uses=[use]).findings


def test_every_finding_stands_on_claims_whose_sentences_support_it():
    claims = cited(id for kind in KINDS.values() for id in kind.claims)
    for name, kind in KINDS.items():
        assert kind.claims, name
        for id, phrase in kind.claims.items():
            assert id in claims, f"{name}: there is no {id}"
            assert phrase in claims[id].sentence, f"{name}: {id} says {claims[id].sentence}"
        assert set(kind.uses) <= set(USES)


@dataclass
class Settings:
    table: torch.Tensor


class Slotted:
    __slots__ = ("table",)

    def __init__(self):
        self.table = torch.ones(2)


def wrapped(scale):
    def inner(x):
        return x * scale

    return functools.wraps(len)(inner)


HELD = {
    "a deque": (lambda: deque([torch.ones(2)]), "held[0]"),
    "a partial": (lambda: functools.partial(torch.add, other=torch.ones(2)), "held.other"),
    "a closure": (lambda: wrapped(torch.ones(2)), "held.<closure>.scale"),
    "slots": (Slotted, "held.table"),
    "a dataclass": (lambda: Settings(torch.ones(2)), "held.table"),
    "a set": (lambda: {torch.ones(2)}, "held[0]"),
    "a frozenset in a dict": (lambda: {1: frozenset([torch.ones(2)])}, "held[1][0]"),
    "a distribution": (lambda: torch.distributions.Normal(torch.ones(2), torch.ones(2)), "held.{loc,scale}"),
    "a packed sequence": (lambda: nn.utils.rnn.pack_sequence([torch.ones(2)]), "held[0]"),
}


@pytest.mark.parametrize("holder", HELD)
def test_a_plain_tensor_is_found_wherever_it_is_held(holder):
    make, path = HELD[holder]
    found = [finding.path for finding in check(lambda: module(held=make())).findings if finding.kind == "left-behind"]
    assert path in found


def test_a_model_of_an_instance_stays_as_it_is():
    model = tied()
    before = {name: (id(value), value._version) for name, value in model.state_dict(keep_vars=True).items()}
    assert not check(model).findings
    assert {name: (id(value), value._version) for name, value in model.state_dict(keep_vars=True).items()} == before


def test_findings_that_are_alike_are_folded():
    report = check(lambda: nn.Sequential(*(module(held=torch.ones(2)) for _ in range(12))))
    assert [(each.path, each.times) for each in report.findings] == [("{0..11}.held", 12)]
    assert "{0..11}.0.weight" in [row.path for row in report.folded_rows]


def test_a_failing_assertion_is_readable():
    report = check(lambda: module(held=torch.ones(2)))
    assert "\nheld  left-behind: a plain float32 tensor (2)" in repr(report.findings)


UNUSUAL = {
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(2), nn.LazyBatchNorm1d()), "lazy: "),
    "meta": (lambda: nn.Linear(2, 2).to("meta"), "all tensors are on meta"),
    "scripted": (lambda: torch.jit.script(nn.Linear(2, 2)), "scripted or traced"),
    "half": (lambda: nn.Linear(2, 2).half(), None),
    "complex": (lambda: nn.Linear(2, 2).to(torch.complex64), None),
    "parametrized": (lambda: nn.utils.parametrizations.orthogonal(nn.Linear(2, 2)), None),
    "empty": (nn.Identity, None),
}


@pytest.mark.parametrize("what", UNUSUAL)
@pytest.mark.filterwarnings("ignore:Lazy modules", "ignore:Complex modules", "ignore:.*torch.jit.script")
def test_unusual_models_are_handled_or_told_plainly(what):
    build, told = UNUSUAL[what]
    report = check(build)
    assert not [note for note in report.notes if "incomplete" in note]
    if told:
        assert [note for note in report.notes if note.startswith(told)]
    assert str(report)
