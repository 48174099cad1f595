"""``check`` asks a model's own methods and hooks, says what they do, and leaves the model as it was."""

from typing import ClassVar

import pytest
import torch
from torch import nn

from ..checking import check


class Closing(nn.Module):
    """Its hooks and its ``_apply`` reach it by a closure, and so from each copy too."""

    def __init__(self):
        super().__init__()
        self.register_buffer("bank", torch.ones(2))
        self.memo, self.loaded = {"a": 1}, 0

        def resize(state, prefix, *arguments):
            self.bank = torch.zeros_like(state[prefix + "bank"])
            self.loaded += 1
            self.memo.clear()

        self._register_load_state_dict_pre_hook(resize)

    def _apply(self, fn, recurse=True):
        super()._apply(fn)
        self.memo = {}
        return self


def test_what_hooks_change_while_they_are_asked_is_put_back():
    model = Closing()
    bank, memo = model.bank, model.memo
    check(model, uses=["all"])
    assert model.bank is bank
    assert model.memo is memo
    assert (bank.tolist(), memo, model.loaded) == ([1, 1], {"a": 1}, 0)


class Moving(nn.Module):
    """Moves a constant of its own, as is advised for one that is in no file."""

    def __init__(self):
        super().__init__()
        self.scale = torch.ones(2)

    def _apply(self, fn, recurse=True):
        super()._apply(fn)
        self.scale = fn(self.scale)
        return self


class Renaming(nn.Linear):
    """Saves its bias under another name, where it has one."""

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.bias is not None:
            destination[prefix + "b"] = destination.pop(prefix + "bias")


class Keyed(nn.Module):
    """Looks for a key that it does not save."""

    def get_extra_state(self):
        return {"step": 1}

    def set_extra_state(self, state):
        self.step = state["steps"]


class Delegating(nn.Module):
    """A wrapper whose keys are those of what it wraps."""

    def __init__(self):
        super().__init__()
        self.module = nn.Linear(1, 1)

    def state_dict(self, *arguments, **options):
        return self.module.state_dict(*arguments, **options)

    def load_state_dict(self, state, *arguments, **options):
        return self.module.load_state_dict(state, *arguments, **options)


def transposed():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
    model[1].weight = nn.Parameter(model[0].weight.t())
    return model


class Constant(nn.Module):
    EPSILON = torch.tensor(1e-6)


class Table(nn.Module):
    TABLE = torch.ones(2)


class Activated(nn.Module):
    """A module in a class body, which no instance registers, and which hides one that is."""

    act = nn.PReLU()
    norm = None
    blocks = nn.ModuleList([nn.Linear(1, 1)])


class Registered(nn.Module):
    """A list of instances in a class body is no part of one."""

    known: ClassVar = []

    def __init__(self):
        super().__init__()
        self.known.append(nn.Linear(1, 1))


SAID = {
    "a constant that its own _apply moves": (Moving, []),
    "the first instance of a class loads and the second does not": (
        lambda: nn.Sequential(Renaming(1, 1, bias=False), Renaming(1, 1)),
        [("not-loaded", "1"), ("not-loaded", "1")],
    ),
    "a load that raises KeyError": (lambda: nn.Sequential(Keyed()), [("not-loaded", "0")]),
    "a wrapper that delegates, by itself": (Delegating, []),
    "a wrapper that delegates, within a model": (
        lambda: nn.Sequential(Delegating()),
        [("not-loaded", ""), ("not-loaded", "")],
    ),
    "a weight that is another one transposed": (transposed, [("two-parameters", "1.weight")]),
    "a number in a class body": (Constant, []),
    "modules in a class body": (Activated, [("hidden-module", "act"), ("hidden-module", "blocks")]),
    "a list of modules in a class body": (Registered, []),
    "a tensor in a class body": (Table, [("class-attribute", "TABLE")]),
}


@pytest.mark.parametrize("what", SAID)
def test_a_module_has_the_findings_that_are_true_of_it_and_no_others(what):
    build, found = SAID[what]
    assert [(finding.kind, finding.path) for finding in check(build).findings] == found


def test_parts_of_one_memory_that_share_no_element_can_be_saved_by_save_file():
    def halves():
        both = torch.zeros(6)
        model = nn.Module()
        model.register_buffer("a", both[:3])
        model.register_buffer("b", both[3:])
        return model

    (finding,) = check(halves, uses=["safetensors"]).findings
    assert (finding.kind, finding.path, finding.what) == ("view", "a", "in one memory beside b")
    assert finding.bites == "save_model() raises; save_file() writes each of them"
