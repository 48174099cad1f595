"""``check``: one planted defect for each kind of finding, found under its path, and its mended twin, which is clean."""

import functools
import inspect
import json
import re
import threading
import weakref
from collections import deque
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from ..checking import check
from ..checking.as_json import to_json
from ..checking.cited import cited
from ..checking.code import in_use
from ..checking.kinds import KINDS
from ..checking.markdown import to_markdown
from ..checking.uses import USES


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


class Flagged(nn.Module):
    """Methods that fill a tensor and say so in a plain attribute, or don't."""

    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(2, 2)
        self.bias = nn.Parameter(torch.zeros(2))
        self.register_buffer("book", torch.zeros(4, 2))
        self.register_buffer("scale", torch.ones(2))
        self.begun = self.shifted = self.merged = self.scaled = self.built = self.unread = self.again = False
        self.place = self.seen = 0
        self.set_built(True)

    def init_book_(self, x):
        if not self.begun:
            self.book.copy_(x[:4])
            self.begun = True

    def set_scale(self, scale):
        self.scale.data = scale
        self.scaled = True

    def set_built(self, built):
        self.scale.fill_(1)
        self.built = True

    def set_unread(self):
        self.scale.fill_(2)
        self.unread = True

    def reset(self):
        self.scale.fill_(1)
        self.again = False

    def merge(self):
        self.lin.weight.data += self.bias
        self.merged = True

    def advance(self):
        self.place = (self.place + 1) % 4

    def forward(self, x):
        self.init_book_(x)
        if not self.shifted:
            with torch.no_grad():
                self.bias.copy_(-x.mean(0))
            self.shifted = True
        if self.scaled or self.built or self.again:
            x = x * self.scale
        self.push(x)
        return x if self.merged else self.lin(x)

    def push(self, x):
        self.book[self.place] = x[0]
        self.advance()

    def look(self, x):
        self.seen = len(x)
        return self.book[0] + self.bias


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


class Adding(nn.ModuleList):
    def forward(self, x):
        self[0].held += x


def tied_buffer(tied):
    values = torch.zeros(3)
    return Adding(two(values, values if tied else values.clone(), register=True))


def aliased(again):
    found = buffer(torch.zeros(2))
    if again:
        found.also = [found.held]
    return found


def hooked(on_parameter):
    found = nn.Sequential(nn.Linear(2, 2))
    handle = found[0].weight.register_hook(lambda gradient: gradient * 2)
    if not on_parameter:
        handle.remove()
        found.register_full_backward_hook(halved)
    return found


def halved(module, gradients, others):
    return tuple(each / 2 for each in gradients)


class Anchored(nn.Module):
    """It keeps a weight from where it was, and counts in a part of a table."""

    def __init__(self, copies):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("anchor", self.linear.weight.data.clone() if copies else self.linear.weight.data)
        flat, table = torch.zeros(4), torch.arange(6.0)
        self.register_buffer("flat", flat)
        self.register_buffer("grid", flat.view(2, 2).clone() if copies else flat.view(2, 2))
        self.register_buffer("table", table)
        self.register_buffer("head", table[:3])

    def forward(self, x):
        self.flat += x.sum()
        self.reset()
        return self.linear(x) + self.grid + self.head[0]

    def reset(self):
        self.table.copy_(torch.arange(6.0))


class OwnCopy(nn.Module):
    """A module whose ``copy`` is what a deep copy is."""

    def __init__(self, copy, seed=None):
        super().__init__()
        self.copy = copy
        self.linear = nn.Linear(2, 2)
        self.cache, self.memo = {}, {}

    def forward(self, x):
        self.memo = {} if getattr(self, "memo", None) is None else self.memo
        return self.linear(x) * len(self.cache)

    def __deepcopy__(self, memo):
        return self.copy(self)


def anew(self):
    return OwnCopy(self.copy)


def anew_with_its_values(self):
    found = OwnCopy(self.copy)
    found.load_state_dict(self.state_dict())
    return found


def without(name):
    def made(self):
        found = anew_with_its_values(self)
        delattr(found, name)
        return found

    return made


class Tree(nn.Module):
    """Its ``children()`` are those of the tree, or have another name."""

    def __init__(self, depth=1):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.twigs = nn.ModuleList(type(self)(depth - 1) for _ in range(2 * depth))

    def children(self):
        return list(self.twigs)


class Bush(Tree):
    def children(self):
        return [*super().children(), self.twigs, self.linear]


class Filtered(nn.Linear):
    def parameters(self, recurse=True):
        yield self.weight


class WithLinear(nn.Module):
    def __post_init__(self):
        nn.Module.__init__(self)
        self.linear = nn.Linear(self.width, self.width)


@dataclass
class Compared(WithLinear):
    """A dataclass that compares by value and can't be hashed."""

    width: int = 2


@dataclass(unsafe_hash=True)
class Hashed(WithLinear):
    """A dataclass that compares by value and is hashed by it."""

    width: int = 2


@dataclass(eq=False)
class Told(WithLinear):
    """A dataclass whose instances are told apart."""

    width: int = 2


def inference(inside):
    with torch.inference_mode(inside):
        values = torch.zeros(2)
    return buffer(values)


# kind: what has it, the path at which it is found, and its twin without
ALWAYS = {
    "unhashable": (lambda: nn.Sequential(Compared()), "0", lambda: nn.Sequential(Told())),
    "counts-as-one": (
        lambda: nn.Sequential(Hashed(), Hashed()),
        "1",
        lambda: nn.Sequential(Told(), Told(), Hashed(2), Hashed(3)),
    ),
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
    "one-memory": (lambda: Anchored(False), "anchor", lambda: Anchored(True)),
    "two-parameters": (lambda: two_parameters(False), "1.held", lambda: two_parameters(True)),
    "expanded": (lambda: buffer(torch.ones(1).expand(3)), "held", lambda: buffer(torch.ones(1).expand(3).clone())),
    "copy-refused": (lambda: module(held=[Uncopied()]), "", lambda: module(held=[1])),
    "miscopied": (
        lambda: nn.Sequential(OwnCopy(anew)),
        "0",
        lambda: nn.Sequential(OwnCopy(anew_with_its_values)),
    ),
    "bound": (closing, "head", lambda: nn.Sequential(nn.Linear(2, 2))),
    "gradient-hook": (lambda: hooked(True), "0.weight", lambda: hooked(False)),
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


def test_numbers_and_flags_that_a_file_lacks_are_told_from_settings():
    found = {finding.path: finding.what for finding in check(Flagged, select=["counter"]).findings}
    assert found == {
        "begun": "a plain bool that init_book_() changes with the buffer book",
        "merged": "a plain bool that merge() changes with the parameter lin.weight",
        "place": "a plain int that advance() changes with the buffer book",
        "scaled": "a plain bool that set_scale() changes with the buffer scale",
        "shifted": "a plain bool that forward() changes with the parameter bias",
    }


class OwnSaving(nn.Module):
    """A module whose ``save`` and ``load`` of the parameter ``w`` are given."""

    def __init__(self, save, load):
        super().__init__()
        self.save, self.load = save, load
        self.w = nn.Parameter(torch.randn(3, 3))
        self.bias = nn.Parameter(torch.ones(3))

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[f"{prefix}w"] = self.save(self.w.detach())

    def _load_from_state_dict(self, state_dict, prefix, *args):
        if self.load is not None:
            state_dict[f"{prefix}w"] = self.load(state_dict[f"{prefix}w"])
            super()._load_from_state_dict(state_dict, prefix, *args)


class LoadsItself(nn.Linear):
    """It loads by itself what is saved as usual."""

    def __init__(self, load):
        super().__init__(3, 3)
        self.load = load

    def _load_from_state_dict(self, state_dict, prefix, *args):
        with torch.no_grad():
            self.load(self, state_dict[f"{prefix}weight"], state_dict[f"{prefix}bias"])


def copied(self, weight, bias):
    self.weight.copy_(weight)
    self.bias.data.copy_(bias)


def crossed(self, weight, bias):
    self.weight[0].copy_(bias)
    self.bias.copy_(weight[0])


def in_place_of_the_old(self, weight, bias):
    self.weight = nn.Parameter(weight)
    self.bias.data = bias


def as_out(self, weight, bias):
    torch.mul(weight, 1, out=self.weight)
    torch._foreach_zero_([self.bias])
    self.bias.add_(bias)


def one_alone(self, weight, bias):
    self.weight.copy_(weight)


LEFT, OTHERS = "leaves it as it was", "gives it other values"
VALUES = {
    "a load that does nothing": (lambda: OwnSaving(lambda w: w, None), {"w": LEFT, "bias": LEFT}),
    "a load of one alone": (lambda: LoadsItself(one_alone), {"bias": LEFT}),
    "half": (lambda: OwnSaving(lambda w: w.half(), lambda w: w), {"w": "gives it values that were saved as float16"}),
    "half of a half": (lambda: OwnSaving(lambda w: w.half(), lambda w: w).half(), {}),
    "more digits": (lambda: OwnSaving(lambda w: w.double(), lambda w: w), {}),
    "turned": (lambda: OwnSaving(lambda w: w.t(), lambda w: w), {"w": OTHERS}),
    "turned and turned again": (lambda: OwnSaving(lambda w: w.t(), lambda w: w.t()), {}),
    "turned into memory of its own": (lambda: OwnSaving(lambda w: w.t().contiguous(), lambda w: w), {"w": OTHERS}),
    "turned again from there": (lambda: OwnSaving(lambda w: w.t().contiguous(), lambda w: w.t()), {}),
    "doubled": (lambda: OwnSaving(lambda w: w * 2, lambda w: w), {"w": OTHERS}),
    "doubled and halved": (lambda: OwnSaving(lambda w: w * 2, lambda w: w / 2), {}),
    "a copy": (lambda: OwnSaving(lambda w: w.clone(), lambda w: w), {}),
    "copied by itself": (lambda: LoadsItself(copied), {}),
    "written by other means": (lambda: LoadsItself(as_out), {}),
    "assigned by itself": (lambda: LoadsItself(in_place_of_the_old), {}),
    "a part of another": (lambda: LoadsItself(crossed), {}),
}


@pytest.mark.parametrize("how", VALUES)
@pytest.mark.parametrize("inside", [False, True])
def test_what_a_module_makes_of_its_own_values_is_told(how, inside):
    build, told = VALUES[how]
    findings = check(lambda: nn.Sequential(build()) if inside else build(), select=["not-loaded"]).all_findings
    what = "load_state_dict() of its own state dict "
    assert {each.path.removeprefix("0."): each.what.removeprefix(what) for each in findings} == told


def test_a_buffer_in_the_memory_of_what_changes_is_found():
    found = {finding.path: finding.what for finding in check(lambda: Anchored(False)).findings}
    assert found == {
        "anchor": "a buffer (2, 2) in the memory of the parameter linear.weight",
        "grid": "a buffer (2, 2) in the memory of the buffer flat",
    }


COPIES = {
    "itself": (lambda self: self, "the module itself"),
    "something else": (lambda self: 1, "an object of type int"),
    "a new one": (anew, "a module with another linear.weight"),
    "a new one without a part": (without("linear"), "a module without linear.weight"),
    "a new one without what forward reads": (without("cache"), "a module without cache, which forward reads"),
    "a new one without what forward makes": (without("memo"), None),
    "a new one with its values": (anew_with_its_values, None),
}


@pytest.mark.parametrize("how", COPIES)
def test_what_an_own_deep_copy_leaves_out_is_told(how):
    copy, what = COPIES[how]
    found = [finding.what for finding in check(lambda: OwnCopy(copy), select=["miscopied"]).findings]
    assert found == ([f"copy.deepcopy of OwnCopy gives {what}"] if what else [])


def test_what_an_own_children_hides_from_a_move_is_found():
    weights, biases = check(Tree).findings
    assert weights.kind == biases.kind == "unmoved"
    assert weights.times == biases.times == 3
    assert weights.instead.startswith("give children() another name")
    assert not any(row.moves for row in check(Tree).rows)
    assert not check(Bush).findings


def test_what_an_own_parameters_leaves_out_is_not_trained():
    trained = {row.path: row.trained for row in check(lambda: Filtered(2, 2)).rows}
    assert trained == {"weight": True, "bias": False}
    assert all(row.trained for row in check(lambda: nn.Sequential(Filtered(2, 2))).rows)


def drawn_mask(low):
    mask = torch.full((8,), low)
    mask[:3] = torch.rand(3)
    return mask


RESTORED = {
    "drawn beside a large value": (lambda: drawn_mask(-1e9), False),
    "drawn and sparse": (lambda: torch.diag(torch.rand(3)).to_sparse(), False),
    "drawn places of a large mask": (lambda: torch.rand(100, 100) < 0.5, False),
    "sparse": (lambda: torch.eye(3).to_sparse(), True),
    "of other last digits": (lambda: torch.ones(8).cumsum(0) * (1 + 1e-7 * torch.rand(8)), True),
    "a large mask": (lambda: torch.ones(100, 100).tril() > 0, True),
}


@pytest.mark.parametrize("what", RESTORED)
def test_values_of_two_instances_are_told_apart_by_more_than_the_last_digits(what):
    make, same = RESTORED[what]
    found = [finding.kind for finding in check(lambda: buffer(make(), False)).findings]
    assert found == ([] if same else ["not-restored"])


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

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
        if local_metadata.get("version", 1) < 2:
            state_dict[f"{prefix}weight"] = state_dict[f"{prefix}weight"] / 2
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class Renamed(nn.Linear):
    """It loads old data by their key, whatever the version is."""

    _version = 2

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
        if local_metadata.get("version", 1) < 2 and f"{prefix}w" in state_dict:
            state_dict[f"{prefix}weight"] = state_dict.pop(f"{prefix}w")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class Cached(nn.Module):
    """``update`` puts a tensor into a plain attribute."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.held = torch.ones(2)

    def update(self, x):
        self.held = x


class Counting(nn.Module):
    """``forward`` counts itself, ``reset`` fills a table of indices."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("calls", torch.tensor(0))
        self.register_buffer("table", torch.arange(4))

    def reset(self):
        self.table.copy_(torch.arange(4))

    def forward(self, x):
        self.calls += 1
        return self.linear(x)[self.table]


class Extra(nn.Linear):
    def get_extra_state(self):
        return torch.ones(2)

    def set_extra_state(self, state):
        pass


class Reading(nn.Linear):
    """``forward`` reads its weight where that is also held."""

    def __init__(self):
        super().__init__(2, 2)
        self.also, self.unread = [self.weight], [self.bias]

    def forward(self, x):
        return x @ self.also[0]


def test_a_parameter_that_forward_reads_from_a_list_becomes_a_constant():
    assert [finding.path for finding in check(Reading, uses=["export"], select=["constant"]).findings] == ["also[0]"]


def shared_layer():
    layer = nn.Linear(2, 2)
    return nn.ModuleDict({"first": nn.Sequential(layer), "second": layer})


def tied_embeddings():
    found = nn.Sequential(nn.Embedding(3, 3), nn.Embedding(3, 3), nn.Linear(3, 3), nn.Linear(3, 3))
    found[1].weight, found[3].bias = found[0].weight, found[2].bias
    return found


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


def parts_of_one(first, second):
    both = torch.zeros(6)
    return two(nn.Parameter(both[first]), nn.Parameter(both[second]))


class Steps(nn.Module):
    """Floating buffers that count, by ones or by what is given, and one that is set up."""

    def __init__(self):
        super().__init__()
        for name in ("by_one", "by_add", "anew", "by_any", "set_up", "halves"):
            self.register_buffer(name, torch.zeros(()))
        self.halves += 0.5
        self.register_buffer("whole", torch.tensor(0))

    def forward(self, x):
        self.by_one += 1
        self.by_add.add_(2)
        self.anew = self.anew + 1
        self.by_any += x.sum() - 1
        self.halves += 1
        self.whole += 1
        return x + 1

    def reset(self):
        self.set_up += 1


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_a_counter_in_a_floating_buffer_is_found_before_it_is_large(half):
    report = check(Steps, uses=["half"])
    assert [finding.path for finding in report.findings] == ["anew, by_add, by_one"]
    assert {row.path for row in report.rows if row.half == "no"} == {"anew", "by_add", "by_one"}
    assert not check(lambda: Steps().to(half), uses=["half"]).findings


OF_A_HALF = {
    "a mask of bfloat16": (torch.tensor([0.0, torch.finfo(torch.bfloat16).min], dtype=torch.bfloat16), "overflow"),
    "numbers of float16": (torch.arange(1000, dtype=torch.float16), "float-counter"),
    "a mask of float16": (torch.tensor([0.0, torch.finfo(torch.float16).min], dtype=torch.float16), None),
    "numbers of bfloat16": (torch.arange(200).to(torch.bfloat16), None),
}


@pytest.mark.parametrize("what", OF_A_HALF)
def test_what_one_half_loses_of_the_other_is_found(what):
    value, kind = OF_A_HALF[what]
    assert [finding.kind for finding in check(lambda: buffer(value.clone()), uses=["half"]).findings] == [kind] * bool(
        kind
    )


class Short(nn.Linear):
    """Overrides as they were written before torch 2.1."""

    def _apply(self, fn):
        return super()._apply(fn)

    def load_state_dict(self, state_dict, strict=True):
        return super().load_state_dict(state_dict, strict)


class Long(nn.Linear):
    def _apply(self, fn, recurse=True):
        return super()._apply(fn, recurse)

    def load_state_dict(self, *args, **kwargs):
        return super().load_state_dict(*args, **kwargs)


@pytest.mark.parametrize("use", ["meta", "assign"])
def test_an_override_that_takes_all_arguments_is_no_finding(use):
    assert not check(lambda: Long(2, 2), uses=[use]).findings
    assert not check(lambda: nn.Sequential(Short(2, 2)), uses=[use]).findings


ASSIGNS = "assign" in inspect.signature(nn.Module.load_state_dict).parameters
# kind: what has it, the path at which it is found
SOMETIMES = {
    "uninitialized": (lambda: buffer(rotary(), False), "held"),
    "meta-plain": (lambda: module(held=torch.ones(2)), "held"),
    "no-recurse": (lambda: Short(2, 2), ""),
    "no-assign": (lambda: Short(2, 2), ""),
    "digits": (lambda: buffer(rotary()), "held"),
    "overflow": (lambda: buffer(torch.full((2, 2), -1e9)), "held"),
    "imaginary": (lambda: buffer(torch.zeros(2, dtype=torch.complex64)), "held"),
    "float-counter": (lambda: buffer(torch.arange(3000.0)), "held"),
    "tied": (tied, "0.weight"),
    "alias": (alias, "also[0]"),
    "own-values": (lambda: module(held=torch.rand(2)), "held"),
    "scalar": (lambda: module(held=nn.Parameter(torch.tensor(1.0))), "held"),
    "all-frozen": (frozen, ""),
    "pickle-refused": (unpicklable, ""),
    "same-memory": (lambda: parts_of_one(slice(0, 4), slice(2, 6)), "0.held"),
    "view": (lambda: buffer(torch.zeros(100)[:3]), "held"),
    "not-plain": (lambda: buffer(torch.zeros(2, 3).t()), "held"),
    "version": (lambda: nn.Sequential(Versioned(2, 2)), "0"),
    "attributes": (with_attribute, "weight"),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(2)), "0.bias, 0.weight"),
    "constant": (Cached, "held"),
    "one-initializer": (tied, "0.weight"),
    "complex": (lambda: buffer(torch.zeros(2, dtype=torch.complex64)), "held"),
    "listed-twice": (tied, "0.weight"),
    "extra": (lambda: Extra(2, 2), "_extra_state"),
    "quantized-apart": (shared_layer, "first.0"),
    "conjugated": (lambda: buffer(torch.zeros(2, dtype=torch.complex64).conj()), "held"),
    "stands-still": (Counting, "calls"),
    "prefix": (NoNumbers, ""),
    "truncated": (lambda: nn.BatchNorm1d(2), "num_batches_tracked"),
    "not-averaged": (Cached, "held"),
    "statistics": (lambda: nn.Sequential(nn.BatchNorm1d(2)), "0.running_mean"),
    "tied-adapter": (tied, "0.weight"),
}


@pytest.mark.parametrize("kind", SOMETIMES)
def test_a_defect_of_one_use_counts_only_there(kind):
    build, path = SOMETIMES[kind]
    if kind.startswith("no-") and not ASSIGNS:
        pytest.skip("these arguments came with torch 2.1")
    for use in KINDS[kind].uses:
        assert path in [finding.path for finding in check(build, uses=[use]).findings if finding.kind == kind]
    assert kind not in [finding.kind for finding in check(build).findings]


def test_every_kind_of_one_use_is_planted():
    assert set(SOMETIMES) == {name for name, kind in KINDS.items() if kind.uses}


@pytest.mark.parametrize("use", [use for use in USES if use != "compile"])
def test_where_a_use_keeps_all_there_is_no_finding(use):
    assert not check(NoNumbers, uses=[use]).findings


KEPT = {
    "an empty build keeps what the constructor computes": (lambda: buffer(rotary(), False), "accelerate"),
    "a plain tensor that nothing changes is in the graph": (lambda: module(held=torch.ones(2)), "export"),
    "a plain tensor that nothing changes is averaged": (lambda: module(held=torch.ones(2)), "average"),
    "a class that tells old data by its keys": (lambda: nn.Sequential(Renamed(2, 2)), "safetensors"),
    "fully_shard cuts a parameter of one number": (lambda: module(held=nn.Parameter(torch.ones(1))), "shard"),
    "fully_shard leaves a buffer of one number": (lambda: buffer(torch.tensor(1)), "shard"),
    "a distributed checkpoint of tied parameters": (tied, "dcp"),
    "a quantizer leaves embeddings and biases": (tied_embeddings, "quantize"),
    "a quantizer leaves complex tensors": (lambda: buffer(torch.zeros(2, dtype=torch.complex64)), "quantize"),
    "statistics stand still in a graph": (lambda: nn.BatchNorm1d(2).eval(), "onnx"),
}


@pytest.mark.parametrize("what", KEPT)
def test_what_a_road_keeps_is_no_finding(what):
    build, use = KEPT[what]
    assert not [finding for finding in check(build, uses=[use]).findings if use in finding.uses]


class Writing(nn.Module):
    def at_once(self, x):
        self.one = x

    def in_place(self, x):
        self.two.add_(x)

    def by_its_data(self, x):
        self.six.data += x

    def as_out(self, x):
        torch.add(self.read, x, out=self.seven)

    def an_element(self, x, i):
        self.three[(i + 1) % len(self.read)] = x

    def a_slice(self, x, i):
        self.four[i : i + 2] = x

    def more(self, i):
        self.five[i] += self.read[i]

    def beside(self, x):
        other = self.read.clone()
        other[0] = x
        return other.mul_(self.read)

    def reset(self):
        self.read.zero_()


@pytest.mark.parametrize("name", ["one", "two", "three", "four", "five", "six", "seven"])
def test_what_a_method_writes_to_is_told_apart_from_what_it_reads(name):
    assert in_use(Writing, name)
    assert not in_use(Writing, "read")


class Collecting(nn.Module):
    """Only building the module puts a tensor into ``begins``; ``forward`` puts one into ``goes_on`` too."""

    def __init__(self):
        super().__init__()
        self.begins, self.goes_on, self.moved, self.public = {}, {}, {}, {}
        self.add("first", torch.ones(2))

    def add(self, name, tensor):
        self.add_default(name, tensor)
        self.push(name, tensor)

    def add_default(self, name, tensor):
        self.begins[name] = tensor

    def push(self, name, tensor):
        self.goes_on[name] = tensor

    def enqueue(self, name, tensor):
        self.public[name] = tensor

    def forward(self, x):
        self.push("last", x)
        return x + self.begins["first"]

    def _apply(self, fn, *args):
        self.moved["first"] = fn(self.begins["first"])
        return super()._apply(fn, *args)


class CollectingMore(Collecting):
    def __init__(self):
        super().__init__()


@pytest.mark.parametrize("owner", [Collecting, CollectingMore])
def test_what_only_building_and_moving_put_there_is_not_in_use(owner):
    names = ["begins", "goes_on", "moved", "public"]
    assert [name for name in names if in_use(owner, name)] == ["goes_on", "public"]
    found = check(owner, uses=["average"], select=["not-averaged"]).findings
    assert not [each.path for each in found if each.path.startswith("begins")]


def test_an_index_that_is_only_filled_again_is_not_averaged_wrong():
    assert [each.path for each in check(Counting, uses=["average"]).findings] == ["calls"]


def test_a_module_at_several_paths_is_one_finding_for_all_its_tensors():
    for use, kind in (("safetensors", "same-memory"), ("export", "listed-twice"), ("onnx", "one-initializer")):
        (finding,) = check(shared_layer, uses=[use]).findings
        assert (finding.kind, finding.path, finding.what) == (kind, "first.0", "the same module as second")


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


def stepped(kind):
    """An optimizer that has state, of a parameter that nobody else has."""
    parameter = nn.Parameter(torch.ones(2))
    found = kind([parameter])
    parameter.sum().backward()
    found.step()
    return found


def graph_node():
    node = next(iter(torch.fx.symbolic_trace(nn.Linear(2, 2)).graph.nodes))
    node.meta["value"] = torch.ones(2)
    return node


class Seeing(nn.Module):
    """``forward`` changes numbers in place that are tensors, and reads others."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.seen, self.total, self.scale = torch.tensor(0), torch.tensor(0.0), torch.tensor(2.0)
        self.sums = {"n": torch.tensor(0.0)}
        self.limits = {"n": torch.tensor(9.0)}

    def forward(self, x):
        self.seen.add_(len(x))
        torch.add(self.total, 1, out=self.total)
        self.sums["n"] += self.limits["n"]
        return self.linear(x) * self.scale


def test_a_number_that_is_changed_in_place_is_left_behind_and_a_constant_is_not():
    assert [finding.path for finding in check(Seeing).findings] == ["seen", "sums['n']", "total"]


def scaled(scale):
    zeros, ones, least = torch.zeros(2), torch.ones(2), torch.tensor(1e-6)

    class Scaled(nn.Linear):
        def forward(self, x, shift=zeros, eps=least, *, mask=ones):
            return super().forward(x) * scale * mask + shift + eps

    return lambda: Scaled(2, 2)


def test_tensors_that_the_methods_of_a_class_hold_are_found():
    found = [(finding.kind, finding.path) for finding in check(scaled(torch.ones(2)), ignore=["meta-plain"]).findings]
    assert found == [("class-attribute", f"forward.{name}") for name in ("mask", "scale", "shift")]
    assert all(finding.what.endswith("default or in a closure") for finding in check(scaled(torch.ones(2))).findings)
    assert not check(scaled(2.0), ignore=["class-attribute"]).findings


def test_a_module_that_is_a_key_is_hidden():
    found = check(lambda: module(held={nn.Linear(2, 2): 0.5, "name": 1})).findings
    assert [(finding.kind, finding.path) for finding in found] == [("hidden-module", "held.keys()[0]")]


HELD = {
    "a key": (lambda: {torch.ones(2): 1}, "held.keys()[0]"),
    "a deque": (lambda: deque([torch.ones(2)]), "held[0]"),
    "a partial": (lambda: functools.partial(torch.add, other=torch.ones(2)), "held.other"),
    "a closure": (lambda: wrapped(torch.ones(2)), "held.<closure>.scale"),
    "slots": (Slotted, "held.table"),
    "a dataclass": (lambda: Settings(torch.ones(2)), "held.table"),
    "a set": (lambda: {torch.ones(2)}, "held[0]"),
    "a frozenset in a dict": (lambda: {1: frozenset([torch.ones(2)])}, "held[1][0]"),
    "a distribution": (lambda: torch.distributions.Normal(torch.ones(2), torch.ones(2)), "held.{loc,scale}"),
    "a packed sequence": (lambda: nn.utils.rnn.pack_sequence([torch.ones(2)]), "held.{batch_sizes,data}"),
    "settings": (lambda: {"low": torch.ones(2), "on": True, "high": torch.ones(2)}, "held['high', 'low']"),
    "a sampler": (lambda: torch.utils.data.WeightedRandomSampler(torch.ones(3), 2), "held.weights"),
    "a data set": (lambda: torch.utils.data.TensorDataset(torch.ones(3)), "held.tensors[0]"),
    "a loader": (lambda: torch.utils.data.DataLoader([torch.ones(3)]), "held.dataset[0]"),
    "a transform": (lambda: torch.distributions.AffineTransform(torch.ones(2), torch.ones(2)), "held.{loc,scale}"),
    "an optimizer": (lambda: stepped(torch.optim.Adam), "held"),
    "a scheduler's optimizer": (
        lambda: torch.optim.lr_scheduler.StepLR(stepped(torch.optim.Adam), 1),
        "held.optimizer",
    ),
    "a node of a graph": (graph_node, "held.meta['value']"),
    "a graph": (lambda: graph_node().graph, "held.nodes[0].meta['value']"),
}


def hanging(name, value):
    found = nn.Linear(2, 2)
    setattr(found.weight, name, value)
    return found


def masked(mask, register):
    found = nn.Linear(2, 2)
    if register:
        found.register_buffer("mask", mask)
    found.weight.register_hook(lambda gradient: gradient * mask)
    return found


ON_PARAMETERS = {
    "a tensor": (lambda: hanging("ema", torch.ones(2)), ["weight.ema"]),
    "a list": (lambda: hanging("ema", [torch.ones(2)]), ["weight.ema[0]"]),
    "a number": (lambda: hanging("ema", 0.5), []),
    "a mask in a hook": (lambda: masked(torch.ones(2), False), ["weight.<hook>.<closure>.mask"]),
    "a buffer in a hook": (lambda: masked(torch.ones(2), True), []),
}


@pytest.mark.parametrize("what", ON_PARAMETERS)
def test_a_tensor_that_hangs_on_a_parameter_is_found(what):
    build, paths = ON_PARAMETERS[what]
    report = check(build)
    assert [finding.path for finding in report.findings if finding.kind == "left-behind"] == paths
    assert not [finding for finding in report.findings if finding.kind == "bound"]
    assert [row.path for row in report.rows if row.kind == "plain"] == paths


@pytest.mark.skipif(not hasattr(torch.Tensor, "register_post_accumulate_grad_hook"), reason="it came with torch 2.1")
def test_a_hook_on_the_accumulated_gradient_is_found():
    found = nn.Linear(2, 2)
    found.bias.register_post_accumulate_grad_hook(print)
    assert [(each.kind, each.path) for each in check(found).findings] == [("gradient-hook", "bias")]


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


def test_findings_that_say_the_same_are_one_and_each_path_is_in_the_data():
    """As those of a ResNet, whose statistics have paths of many forms."""

    def build():
        model = nn.Module()
        for name in ("stem", "early", "middle", "late", "head"):
            model.add_module(name, nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.BatchNorm1d(2)))
        return model

    report = check(build, uses=["average", "adapter"])
    paths = "early.{{1..2}}.{0}, head.{{1..2}}.{0}, late.{{1..2}}.{0} and 2 more"
    assert [(each.kind, each.path, each.times) for each in report.findings] == [
        ("truncated", paths.format("num_batches_tracked"), 10),
        ("statistics", paths.format("running_mean"), 10),
    ]
    assert str(report).count("truncated: ") == to_markdown([report], {}, []).count("| truncated |") == 1
    (model,) = json.loads(to_json([report], {}, [], 1))["models"]
    found = [(each["path"], each["times"]) for each in model["findings"] if each["kind"] == "truncated"]
    names = ("early", "head", "late", "middle", "stem")
    assert found == [(f"{name}.{{1..2}}.num_batches_tracked", 2) for name in names]


def test_findings_of_other_words_stay_apart():
    report = check(lambda: module(one=torch.ones(2), two=torch.ones(2), three=torch.ones(3)))
    assert [each.path for each in report.findings] == ["one", "three", "two"]


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


# what leads from a function or weak reference to the module, and at which path that is kept; None where a copy is sound
LEADING = {
    "a lambda as forward": (lambda m: setattr(m, "forward", lambda x: m[0](x)), "forward"),
    "a wrapped method": (lambda m: setattr(m, "forward", wrapping(m.forward)), "forward"),
    "a function in a dict": (lambda m: setattr(m, "heads", {"a": lambda x: m[0](x)}), "heads['a']"),
    "a hook": (lambda m: m.register_forward_hook(lambda *_: m[0].weight), "_forward_hooks[#]"),
    "a default": (lambda m: setattr(m, "head", lambda x, weight=m[0].weight: x @ weight), "head"),
    "a list in a closure": (lambda m: setattr(m, "head", in_a_list(m)), "head"),
    "an object in a closure": (lambda m: setattr(m, "head", in_an_object(m)), "head"),
    "a cached method": (lambda m: setattr(m, "head", functools.lru_cache(m[0].forward)), "head"),
    "a weak reference": (lambda m: setattr(m[0], "parent", weakref.ref(m)), "0.parent"),
    "a weak method": (lambda m: setattr(m[0], "parent", weakref.WeakMethod(m.forward)), "0.parent"),
    "a bound method": (lambda m: setattr(m, "head", m[0].forward), None),
    "a partial of a method": (lambda m: setattr(m, "head", functools.partial(m[0].forward)), None),
    "a partial of the module": (lambda m: setattr(m, "head", functools.partial(torch.add, m)), None),
    "a method of an object": (lambda m: setattr(m, "head", Keeper(m).first), None),
    "a function of nothing": (lambda m: setattr(m, "head", lambda x: x), None),
    "a hook of nothing": (lambda m: m.register_forward_hook(lambda module, *_: module[0].weight), None),
    "a hook with its module": (
        lambda m: m._register_load_state_dict_pre_hook(lambda *_: None, with_module=True),
        None,
    ),
    "a weak reference elsewhere": (lambda m: setattr(m, "other", weakref.ref(CACHE)), None),
}


class Keeper:
    def __init__(self, module):
        self.module = module

    def first(self, x):
        return self.module[0](x)


def wrapping(method):
    @functools.wraps(method)
    def inner(x):
        return method(x)

    return inner


def in_a_list(module):
    layers = [module[0]]
    return lambda x: layers[0](x)


def in_an_object(module):
    keeper = Keeper(module)
    return lambda x: keeper.first(x)


@pytest.mark.parametrize("way", LEADING)
def test_a_copy_that_computes_with_the_original_is_named_with_the_path(way):
    prepare, path = LEADING[way]

    def build():
        model = nn.Sequential(nn.Linear(2, 2))
        prepare(model)
        return model

    found = [re.sub(r"\d+\]", "#]", finding.path) for finding in check(build, select=["bound"]).findings]
    assert found == ([] if path is None else [path])


REGISTRY = {}
MEMORY = torch.zeros(2)
ORIGINAL = nn.Linear(2, 2)


def with_registry():
    model = nn.Sequential(nn.Linear(2, 2))
    model._buffers = REGISTRY
    model.register_buffer("held", torch.zeros(2)) if "held" not in REGISTRY else REGISTRY.update(held=torch.zeros(2))
    return model


def with_buffer():
    return buffer(MEMORY)


def with_parameter():
    model = nn.Sequential(nn.Linear(2, 2))
    model.held = ORIGINAL.weight
    return model


def in_one_memory():
    model = nn.Sequential(nn.Linear(2, 2))
    model.held = nn.Parameter(MEMORY)
    return model


def counting_in_one_memory():
    model = Ring()
    model.memory = RING
    return model


def reading_in_one_memory():
    return buffer(MEMORY[:2])


RING = torch.zeros(4)
SHARED = {
    "a submodule": (lambda: nn.Sequential(CACHE), ["0"]),
    "a parameter": (with_parameter, ["held"]),
    "a buffer": (with_buffer, ["held"]),
    "a registry": (with_registry, [""]),
    "a parameter's memory": (in_one_memory, ["held"]),
    "a written buffer's memory": (counting_in_one_memory, ["memory"]),
    "a read buffer's memory": (reading_in_one_memory, []),
    "nothing": (lambda: nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), []),
}


@pytest.mark.parametrize("what", SHARED)
def test_two_models_of_one_factory_that_share_something_are_named(what):
    build, paths = SHARED[what]
    assert [finding.path for finding in check(build, select=["shared-instances"]).findings] == paths


def in_inference_mode(build):
    def inside():
        with torch.inference_mode():
            return build()

    return inside


INFERENCE = {
    "built": (in_inference_mode(lambda: nn.Linear(2, 2)), ["bias", "weight"]),
    "converted": (lambda model=nn.Linear: in_inference_mode(nn.Linear(2, 2).double)(), ["bias", "weight"]),
    "converted in part": (lambda: in_inference_mode(nn.BatchNorm1d(2).double)(), [""]),
    "a plain tensor": (lambda: module(held=in_inference_mode(lambda: torch.ones(2))()), ["held"]),
    "converted to what it is": (lambda: in_inference_mode(nn.Linear(2, 2).float)(), []),
    "built outside": (lambda: nn.Linear(2, 2), []),
}


@pytest.mark.parametrize("way", INFERENCE)
def test_tensors_from_inference_mode_are_named(way):
    build, paths = INFERENCE[way]
    assert [finding.path for finding in check(build, select=["inference"]).findings] == paths


def test_modules_that_equal_each_other_are_one_finding_each():
    report = check(lambda: nn.Sequential(nn.Linear(2, 2), Hashed(), nn.Sequential(Hashed()), Hashed(3)))
    assert [(finding.kind, finding.path) for finding in report.findings] == [("counts-as-one", "2.0")]
    rows = {row.path: row for row in report.rows}
    assert (rows["1.linear.weight"].trained, rows["2.0.linear.weight"].trained) == (True, False)


@pytest.mark.parametrize("build", [Compared, lambda: nn.Sequential(nn.Linear(2, 2), Compared(), Compared(3))])
def test_modules_that_can_not_be_hashed_are_one_finding(build):
    report = check(build, uses=["meta", "half", "assign", "shard"])
    assert [finding.kind for finding in report.findings] == ["unhashable"]
    assert not [note for note in report.notes if "incomplete" in note]


def test_a_model_without_values_is_one_note():
    report = check(lambda: nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2).to("meta")), uses=["safetensors"])
    assert report.cause.startswith("5 tensors are on meta (the first is 1.weight)")
    assert report.notes == [report.cause]
    assert [(each.path, each.what) for each in report.findings] == [("", "5 of 7 values are on meta, without values")]


def locked(tensor):
    tensor.lock = threading.Lock()
    return tensor


def pickled_attributes():
    return hasattr(torch._utils, "_rebuild_parameter_with_state")


# what has a tensor that deepcopy or pickle refuses: of a layout without a copy, or with an attribute without one
REFUSED = {
    "a buffer with a lock": (lambda: buffer(locked(torch.ones(2))), {"copy-refused", "pickle-refused"}),
    "a plain tensor with a lock": (lambda: module(held=locked(torch.ones(2))), {"copy-refused", "pickle-refused"}),
    "a parameter with a function": (lambda: hanging("loader", lambda: None), {"pickle-refused"}),
    "a parameter with a number": (lambda: hanging("loader", 1), set()),
    "a sparse buffer": (lambda: buffer(torch.eye(3).to_sparse()), set()),
    "a compressed buffer": (lambda: buffer(torch.eye(3).to_sparse_csr()), {"copy-refused"}),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_a_tensor_that_can_not_be_copied_or_pickled_is_found(what):
    build, kinds = REFUSED[what]
    found = check(build, uses=["pickle"], select=["copy-refused", "pickle-refused"]).findings
    assert {finding.kind for finding in found} == kinds - (set() if pickled_attributes() else {"pickle-refused"})
    assert all(re.search(", at (held|weight)$", finding.what) for finding in found)


class Taken(nn.Linear):
    """It refuses what torch.nn.utils does, in its own words."""

    def __getstate__(self):
        raise TypeError("not this one")


def test_what_torch_refuses_to_pickle_is_told_as_torchs_own():
    def refused(build):
        (finding,) = check(build, uses=["pickle"], select=["pickle-refused"]).findings
        return finding

    theirs = refused(lambda: nn.utils.parametrizations.orthogonal(nn.Linear(2, 2)))
    assert "RuntimeError: Serialization of parametrized modules is only supported through state_dict()" in theirs.what
    assert "(torch refuses it)" in theirs.what
    assert theirs.instead == "save model.state_dict(): torch has no other way for this one"
    own = refused(lambda: Taken(2, 2))
    assert "TypeError: not this one, at the module itself" in own.what
    assert "torch refuses" not in own.what


def test_what_torch_refuses_to_copy_is_told_as_torchs_own():
    class Refusing:
        def __deepcopy__(self, memo):
            return torch.ones(1, requires_grad=True).mul(2).__deepcopy__(memo)

    (finding,) = check(lambda: module(held=[Refusing()]), select=["copy-refused"]).findings
    assert "Only Tensors created explicitly by the user" in finding.what
    assert "(torch refuses it)" in finding.what
