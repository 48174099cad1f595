"""``check`` is silent where nothing is lost, and not beside it: each sound module has a twin that does lose."""

import types
from typing import ClassVar

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


class Keeping(nn.Module):
    """``_apply`` brings along what it holds, and keeps a table in float32."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("table", 10_000 ** -torch.linspace(0, 1, 32))
        self.anchors, self.cache = torch.ones(2), torch.ones(2)
        self.tables = [self.table]

    def _apply(self, fn, recurse=True):
        table = self._buffers.pop("table")
        super()._apply(fn)
        self.table = table.to(self.linear.weight.device)
        self.anchors = self.anchors.to(self.linear.weight)
        self.cache, self.tables = None, [self.table]
        return self


class Leaving(Keeping):
    def _apply(self, fn, recurse=True):
        return nn.Module._apply(self, fn)


class LeavingUncopied(Leaving):
    """A copy of it lacks what it leaves behind."""

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "anchors"}


class Refusing(Keeping):
    def _apply(self, fn, recurse=True):
        self.linear._apply(fn)
        return self


class Assigning(Keeping):
    """Its ``_apply`` puts new data into a plain tensor, which no other device's can be."""

    def _apply(self, fn, recurse=True):
        super()._apply(fn)
        self.held.data = fn(self.held.data)
        return self

    def __init__(self):
        super().__init__()
        self.held = torch.ones(2)


class Renewing(nn.Module):
    """``_apply`` makes its constant anew by a method."""

    def __init__(self):
        super().__init__()
        self.linear, self.constant = nn.Linear(2, 2), torch.ones(2)

    def _apply(self, fn, recurse=True):
        super()._apply(fn)
        self.renew(self.linear.weight.device, self.linear.weight.dtype)
        return self

    def renew(self, device, dtype):
        self.constant = torch.ones(2, device=device, dtype=dtype)


class RenewedByForward(Renewing):
    def forward(self, x):
        self.constant = x


class Packing(nn.Module):
    """Saves what it has in another form, and reads that."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(4, 2))
        self.register_buffer("mask", torch.rand(8) > 0.5)
        self.register_buffer("inverse", self.weight[:2].detach().inverse(), persistent=False)
        self.mean, self.number = torch.zeros(2), 0

    def _apply(self, fn, recurse=True):
        super()._apply(fn)
        self.mean = fn(self.mean)
        return self

    def forward(self, x):
        self.mean = self.mean * 0.9 + x.mean(0) * 0.1
        self.number += 1
        self.mask[self.number] = False

    def get_extra_state(self):
        return {"mean": self.mean.detach().cpu().clone(), "number": self.number}

    def set_extra_state(self, state):
        self.mean, self.number = state["mean"].to(self.mean), state["number"]

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "a"], destination[prefix + "b"] = destination.pop(prefix + "weight").detach().chunk(2)
        powers = 2 ** torch.arange(8)
        destination[prefix + "bits"] = (destination.pop(prefix + "mask").long() * powers).sum()

    def _load_from_state_dict(self, state, prefix, *arguments):
        state[prefix + "weight"] = torch.cat([state.pop(prefix + "a"), state.pop(prefix + "b")])
        state[prefix + "mask"] = state.pop(prefix + "bits") // 2 ** torch.arange(8) % 2 == 1
        super()._load_from_state_dict(state, prefix, *arguments)
        self.inverse = self.weight[:2].detach().inverse()


class Forgetting(Packing):
    """Reads what it saves, and puts something else in its place."""

    def set_extra_state(self, state):
        self.mean, self.number = torch.zeros(2), 0

    def _load_from_state_dict(self, state, prefix, *arguments):
        first, _, _ = (state.pop(prefix + key) for key in ("a", "b", "bits"))
        state[prefix + "weight"], state[prefix + "mask"] = torch.zeros(4, 2), self.mask
        nn.Module._load_from_state_dict(self, state, prefix, *arguments)
        self.inverse = torch.rand_like(first)


class Recounting(nn.Module):
    """``number`` is what the buffer says, at the beginning of each forward."""

    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.tensor(0))
        self.number = 0

    def forward(self, x):
        self.steps += 1
        self.number = int(self.steps)
        return x * min(1, self.number / 10)


class RecountingAtTimes(Recounting):
    def forward(self, x):
        if self.training:
            self.steps += 1
            self.number += 1
        return x * min(1, self.number / 10)


class Drawing(nn.Module):
    """Each forward draws the noise anew."""

    def __init__(self):
        super().__init__()
        self.register_buffer("noise", torch.rand(3), persistent=False)

    def forward(self, x):
        with torch.no_grad():
            self.noise.normal_()
        return x + self.noise


class DrawingInTraining(Drawing):
    def forward(self, x):
        if self.training:
            self.noise.normal_()
        return x + self.noise


class DrawingMore(Drawing):
    def forward(self, x):
        self.noise.copy_(self.noise * 0.9 + x)
        return x + self.noise


def slice_of(persistent):
    model = nn.Module()
    table = torch.rand(10, 4)
    model.register_buffer("table", table, persistent=persistent)
    model.register_buffer("first", table[:3], persistent=False)
    return model


CONSTANT = torch.arange(3.0)


class Cached(nn.Module):
    """All instances have one constant, out of a cache, which nothing writes into."""

    persistent = False

    def __init__(self):
        super().__init__()
        self.register_buffer("constant", CONSTANT, persistent=self.persistent)


class CachedAndSaved(Cached):
    persistent = True


class CachedAndWritten(Cached):
    def forward(self, x):
        self.constant += x


class Masked(nn.Module):
    """Two layers with one mask."""

    layer = nn.Linear

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([self.layer(2, 2) for _ in range(2)])
        mask = torch.ones(2, 2)
        for layer in self.layers:
            layer.register_buffer("mask", mask, persistent=False)


class Filling(Masked):
    def forward(self, x):
        self.layers[0].mask[0] = x


class Adapted(nn.Module):
    """Saves one part alone; its own load asks for no more."""

    def __init__(self):
        super().__init__()
        self.base, self.own = nn.Linear(2, 2), nn.Linear(2, 2)

    def state_dict(self, *arguments, **options):
        found = super().state_dict(*arguments, **options)
        return {key: value for key, value in found.items() if key.startswith("own")}

    def load_state_dict(self, state, strict=True, assign=False):
        return super().load_state_dict(state, False)


class AdaptedStrictly(Adapted):
    def load_state_dict(self, state, strict=True, assign=False):
        return nn.Module.load_state_dict(self, state, strict)


class Growing(nn.Module):
    """A buffer as long as the data; ``_load_from_state_dict`` makes it as long as the one in the checkpoint."""

    built = 0

    def __init__(self):
        super().__init__()
        Growing.built += 1
        self.register_buffer("data", torch.ones(2 + Growing.built % 2))

    def _load_from_state_dict(self, state, prefix, *arguments):
        self.data = torch.empty_like(state[prefix + "data"])
        super()._load_from_state_dict(state, prefix, *arguments)


class GrowingAlone(Growing):
    def _load_from_state_dict(self, state, prefix, *arguments):
        nn.Module._load_from_state_dict(self, state, prefix, *arguments)


LISTED = []


class Listed(nn.Module):
    """It is in a list of all that there are, which it keeps."""

    def __init__(self, listed=True):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        if listed:
            LISTED.append(self)
            self.everyone = LISTED


def beside():
    model = Listed(listed=False)
    model.everyone = [Listed(listed=False)]
    return model


def closing(own):
    model = nn.Module()
    mask = torch.ones(2)
    model.register_buffer("mask", mask)
    model.head = (lambda x, model=model: x * model.mask) if own else (lambda x: x * mask)
    return model


class Together(nn.Module):
    """``_apply`` puts a second name of the parameter, and a view of it, where they were."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 2))
        self.also = [self.weight]
        self.register_buffer("first", self.weight.detach()[:2], persistent=False)

    def forward(self, x):
        return x @ self.also[0] + self.first.sum()

    def _apply(self, fn, recurse=True):
        super()._apply(fn)
        self.also, self.first = [self.weight], self.weight.detach()[:2]
        return self


class Apart(Together):
    def _apply(self, fn, recurse=True):
        return nn.Module._apply(self, fn)


class Overwriting(Apart):
    def forward(self, x):
        self.first = x[:2]
        return x @ self.weight + self.first.sum()


class Merging(nn.Module):
    """A flag that forward goes by, in extra state."""

    def __init__(self):
        super().__init__()
        self.base, self.more, self.merged = nn.Linear(2, 2), nn.Linear(2, 2), False

    def merge(self):
        self.base.weight.data += self.more.weight.data
        self.merged = True

    def forward(self, x):
        return self.base(x) if self.merged else self.base(x) + self.more(x)

    def get_extra_state(self):
        return {"merged": self.merged}

    def set_extra_state(self, state):
        self.merged = state["merged"]


class MergingForgetfully(Merging):
    def set_extra_state(self, state):
        pass


# kind of finding: a sound module, one that loses, and the path at which it does
PAIRS = {
    "left-behind, of another object": (Telling, Changing, "epsilon"),
    "constant, of another object": (Telling, Changing, "epsilon"),
    "not-averaged, of another object": (Telling, Changing, "epsilon"),
    "counter, of another object": (Telling, Changing, "step"),
    "stands-still, of another object": (Telling, Changing, "scale"),
    "left-behind, which _apply moves by to()": (Keeping, Leaving, "anchors"),
    "left-behind, which a copy lacks": (Keeping, LeavingUncopied, "anchors"),
    "left-behind, which _apply drops": (Keeping, Leaving, "cache"),
    "left-behind, which _apply assigns by .data": (Assigning, Leaving, "anchors"),
    "unsaved, but made anew by _apply": (Renewing, RenewedByForward, "constant"),
    "stale, which _apply renews": (Keeping, Leaving, "tables[0]"),
    "alias, which _apply renews": (Together, Apart, "also[0]"),
    "one-memory, which _apply renews": (Together, Apart, "first"),
    "one-memory, but overwritten": (Overwriting, Apart, "first"),
    "digits, which _apply keeps": (Keeping, Leaving, "table"),
    "unmoved, which _apply moves beside the others": (Keeping, Refusing, "table"),
    "not-saved, but in parts": (Packing, Forgetting, "weight"),
    "not-saved, but in bits": (Packing, Forgetting, "mask"),
    "not-restored, but computed by the load": (Packing, Forgetting, "inverse"),
    "uninitialized, but computed by the load": (Packing, Forgetting, "inverse"),
    "unsaved, but a copy is": (Packing, Forgetting, "mean"),
    "counter, but in extra state": (Packing, Forgetting, "number"),
    "counter, but a flag in extra state": (Merging, MergingForgetfully, "merged"),
    "counter, but read from the buffer": (Recounting, RecountingAtTimes, "number"),
    "not-restored, but drawn by each forward": (Drawing, DrawingInTraining, "noise"),
    "not-restored, but drawn without the last": (Drawing, DrawingMore, "noise"),
    "not-restored, but a part of what is saved": (lambda: slice_of(True), lambda: slice_of(False), "first"),
    "shared-instances, but a constant": (Cached, CachedAndWritten, "constant"),
    "shared-instances, but in no file": (Cached, CachedAndSaved, "constant"),
    "tied-buffer, but a constant": (Masked, Filling, "layers.0.mask"),
    "not-loaded, but its own load is not strict": (Adapted, AdaptedStrictly, ""),
    "other-keys, but its own load makes room": (Growing, GrowingAlone, ""),
    "hidden-module, but another instance in a list of all": (Listed, beside, "everyone[0]"),
    "stale, in a closure": (lambda: closing(True), lambda: closing(False), "head.<closure>.mask"),
}


@pytest.mark.parametrize("what", PAIRS)
def test_what_is_sound_is_no_finding_and_what_loses_is_one(what):
    sound, losing, path = PAIRS[what]
    kind = what.partition(",")[0]

    def found(build):
        return [finding.path for finding in check(build, uses=["all"], select=[kind]).findings]

    assert path not in found(sound)
    assert path in found(losing)


CELLS = {
    "what _apply keeps in float32": (Keeping, "table", {"moves": True, "converts": False, "half": "yes"}),
    "what _apply moves by itself": (Keeping, "anchors", {"moves": True, "converts": True}),
    "what a load puts together": (Packing, "weight", {"saved": True, "restored": "yes"}),
    "what a load computes": (Packing, "inverse", {"saved": False, "restored": "yes"}),
    "what extra state brings back": (Packing, "mean", {"saved": True, "restored": "yes"}),
    "what a load replaces": (Forgetting, "weight", {"saved": False, "restored": "no"}),
}


@pytest.mark.parametrize("what", CELLS)
def test_a_row_says_what_its_own_methods_do(what):
    build, path, cells = CELLS[what]
    (row,) = [row for row in check(build).rows if row.path == path]
    assert {name: getattr(row, name) for name in cells} == cells


class Reaching(Keeping):
    """Its ``_apply`` reaches beyond it: to its class and to a module that all have."""

    shared = torch.ones(2)
    tables: ClassVar = {}

    def _apply(self, fn, recurse=True):
        super()._apply(fn)
        type(self).shared = fn(self.shared)
        self.tables["own"] = fn(self.tables["own"])
        for each in OTHERS:
            each._apply(fn)
        return self


OTHERS = [nn.Linear(2, 2)]


def test_a_trial_reaches_nothing_beyond_the_copy():
    shared, weight = Reaching.shared, OTHERS[0].weight
    Reaching.tables["own"] = shared
    check(Reaching, uses=["all"])
    assert Reaching.shared is shared
    assert Reaching.tables["own"] is shared
    assert OTHERS[0].weight is weight
    assert (weight.dtype, weight.device.type) == (torch.float32, "cpu")


def test_a_trial_leaves_the_model_as_it_was():
    model = Keeping()
    before = dict(vars(model)), [(id(each), each.clone(), each.dtype) for each in (*model.parameters(), model.table)]
    check(model, uses=["all"])
    assert dict(vars(model)) == before[0]
    for each, (key, values, dtype) in zip((*model.parameters(), model.table), before[1], strict=True):
        assert (id(each), each.dtype) == (key, dtype)
        assert torch.equal(each, values)


class Reading(Packing):
    """Its load looks at values, which a copy has not."""

    def _load_from_state_dict(self, state, prefix, *arguments):
        if state[prefix + "a"].sum().item() >= 0:
            super()._load_from_state_dict(state, prefix, *arguments)


def test_what_can_not_be_tried_is_said():
    found = check(Reading, select=["not-saved"]).findings
    assert [finding.path for finding in found] == ["mask", "weight"]
    assert all("; whether it comes back in another form can't be tried: " in finding.what for finding in found)


class Queue(nn.Module):
    """Room for what forward puts there, which holds what was in the memory before."""

    def __init__(self):
        super().__init__()
        self.register_buffer("queue", torch.rand(4) * 1e9, persistent=False)

    def forward(self, x, at):
        self.queue[at] = x
        return self.queue[: at + 1]


def test_what_forward_fills_is_not_told_by_what_it_holds_today():
    report = check(Queue, uses=["half"])
    assert [(each.kind, each.path) for each in report.findings] == [("not-restored", "queue")]
    assert "where a forward reads what it has not written before" in report.findings[0].bites
    assert [row.half for row in report.rows] == ["?"]


def test_a_tensor_that_requires_grad_is_said_to_stay_behind_too():
    class Stacked(nn.Module):
        def __init__(self):
            super().__init__()
            self.held = {"weight": torch.rand(3, 2, requires_grad=True)}

    found = check(Stacked, select=["untrained", "left-behind"]).findings
    assert [(each.kind, each.path) for each in found] == [
        ("untrained", "held['weight']"),
        ("left-behind", "held['weight']"),
    ]


def test_a_second_name_of_a_parameter_is_a_constant_of_a_graph_though_its_own_apply_renews_it():
    found = check(Together, uses=["export"], select=["constant"]).findings
    assert [each.path for each in found] == ["also[0]"]


def test_a_line_break_in_a_name_breaks_no_row():
    def build():
        model = nn.Module()
        model._modules["x\n"] = nn.Linear(1, 1)
        model._modules["x\n"].held = torch.ones(2)
        return model

    report = check(build)
    shown = str(report)
    assert "x\\n.weight  parameter" in shown
    assert "✗ x\\n.held  left-behind" in shown
    assert len(shown.splitlines()) == len(str(check(lambda: nn.Sequential(build()._modules["x\n"]))).splitlines())
