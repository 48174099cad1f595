"""Modules that nobody wrote for this specification: classes of torch.nn, and those of ``--model``.

What ``check`` finds in a module of ``--model`` is told by the claim that it breaks: once, without a traceback.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from .cases import CLAIM, params_of

if TYPE_CHECKING:  # only a run with --model needs it
    from ..checking.report import Report


class InvalidModel(ValueError):
    """A ``--model`` that gives no module: its message says why, in one line."""


@dataclass(frozen=True)
class Factory:
    """A way to build a module: ``build()`` returns a new one each time, and ``name`` is how it is written."""

    name: str
    build: Callable[[], nn.Module]

    def __call__(self) -> nn.Module:
        return self.build()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Brought(Factory):
    """A factory that a user named, with what ``check`` finds in what it builds."""

    report: "Report"

    @cached_property
    def told(self) -> dict[str, str]:
        """By claim what there is to say; in place of every claim, where one cause breaks them all."""
        findings = self.report.findings
        if self.report.cause or any(finding.kind in SHOWN_BY[""] for finding in findings):
            said = [str(finding) for finding in findings]
            if not any(self.report.cause in each for each in said):
                said.insert(0, self.report.cause)
            return {"": "\n".join(said)}
        found: dict[str, list[str]] = {}
        for finding in [*self.report.findings, *self.report.others]:
            for claim, kinds in SHOWN_BY.items():
                kind = f"{finding.kind} buffer" if finding.what.startswith("a buffer") else finding.kind
                if kind in kinds or finding.kind in kinds:
                    found.setdefault(claim, []).append(str(finding))
                    break
        return {claim: "\n".join(findings) for claim, findings in found.items()}


SHOWN_BY = {
    "": ("unhashable", "shared-instances"),
    "ANY-10": ("untrained buffer",),
    "ANY-01": ("not-saved",),
    "ANY-03": ("not-loaded", "not-restored", "expanded", "inference", "unsaved", "counter"),
    "ANY-04": ("other-keys",),
    "ANY-05": ("copy-refused", "miscopied", "bound", "gradient-hook", "graph", "two-parameters"),
    "ANY-06": ("pickle-refused",),
    "ANY-07": ("counts-as-one", "unmoved", "tied-buffer", "one-memory"),
    "ANY-09": ("left-behind", "untrained", "hidden-module", "hidden-parameter", "class-attribute", "stale"),
}
"""The claims that a module with such a finding breaks, each finding told by the first; under no id, what breaks all."""

TORCH_NN = (
    Factory("nn.Linear", lambda: nn.Linear(5, 10)),
    Factory("nn.Conv2d", lambda: nn.Conv2d(4, 6, 3, groups=2)),
    Factory("nn.BatchNorm1d", lambda: nn.BatchNorm1d(3)),
    Factory("nn.InstanceNorm2d", lambda: nn.InstanceNorm2d(3, affine=True, track_running_stats=True)),
    Factory("nn.Embedding", lambda: nn.Embedding(7, 3, padding_idx=0)),
    Factory("nn.LSTM", lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True)),
    Factory("nn.MultiheadAttention", lambda: nn.MultiheadAttention(4, 2, add_bias_kv=True)),
    Factory("nn.TransformerDecoderLayer", lambda: nn.TransformerDecoderLayer(4, 2, 8, activation=nn.GELU())),
    Factory("nn.AdaptiveLogSoftmaxWithLoss", lambda: nn.AdaptiveLogSoftmaxWithLoss(16, 9, [3, 6])),
    Factory("nn.CrossEntropyLoss", lambda: nn.CrossEntropyLoss(weight=torch.ones(3))),
)


def find(name: str) -> Brought:
    """The factory that ``package.module:factory`` names, tried twice; raises InvalidModel where it gives no module."""
    from ..checking.factories import Unusable
    from ..checking.factories import find as find_factory
    from ..checking.report import examined_twice

    try:
        factory = find_factory(name)
        return Brought(name, factory, examined_twice(factory))
    except Unusable as error:
        raise InvalidModel(f"--model {name}: {error}") from error


def told_of(item: pytest.Item) -> tuple[str, str] | None:
    """The claim and the words in which what ``check`` found is told in place of this case; None where it just runs."""
    factory = params_of(item).get("factory")
    if not isinstance(factory, Brought) or CLAIM not in item.stash:
        return None
    claim = "" if "" in factory.told else item.stash[CLAIM].id
    return (claim, factory.told[claim]) if claim in factory.told else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the cases of one model in which the same is to be told, leave the first."""
    seen = set()
    selected = []
    for item in items:
        if told := told_of(item):
            key = params_of(item)["factory"].name, told[0]
            if key in seen:
                continue
            seen.add(key)
        selected.append(item)
    items[:] = selected


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object:
    """Say of a user's model what was found, or else what raised, in as many lines as that takes."""
    if told := told_of(pyfuncitem):
        pytest.fail(told[1], pytrace=False)
    if not isinstance(params_of(pyfuncitem).get("factory"), Brought):
        return (yield)
    try:
        return (yield)
    except Exception as error:
        raised = error
    from ..checking.words import spelled

    pytest.fail(spelled(raised), pytrace=False)
