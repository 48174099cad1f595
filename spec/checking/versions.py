"""Findings about classes that load data by the version of what wrote it, and roads that lose the version."""

from collections.abc import Iterator

import torch
from torch import nn

from .copying import skeleton
from .facts import Facts
from .finding import Finding


def findings(facts: Facts) -> Iterator[Finding]:
    known: dict[type, bool] = {}
    for path, part in facts.parts:
        owner, version = type(part), getattr(part, "_version", None)
        if version in (None, 1) or owner._load_from_state_dict.__module__.startswith("torch."):
            continue  # torch's own forgive the loss
        if owner not in known:
            known[owner] = outcome(facts, part, {}) != outcome(facts, part, {"version": version})
        if known[owner]:
            yield Finding(
                "version",
                path,
                f"{owner.__name__} has _version = {version} and loads other data by it",
                "a file of safetensors: no version, so that today's data is changed as if old; a distributed "
                "checkpoint: that of the class that loads, so that old data isn't",
                "tell old data by its keys or shapes, or take no version for the newest one",
            )


def outcome(facts: Facts, part: nn.Module, metadata: dict[str, object]) -> tuple | None:
    """What a load does to the module's own state dict by these metadata, tried without values.

    That is which error it raises, if it does; None where the module can't be copied.
    """
    model, source = skeleton(facts, part), skeleton(facts, part)
    if model is None or source is None:
        return None
    with facts.as_it_was:
        return loaded(model, source, metadata)


def loaded(model: nn.Module, source: nn.Module, metadata: dict[str, object]) -> tuple:
    state = source.state_dict()
    before = {key: (value, changed(value)) for key, value in state.items()}
    told: tuple[list[str], ...] = ([], [], [])
    try:
        model._load_from_state_dict(state, "", metadata, True, *told)
    except Exception as error:
        return (type(error).__name__,)
    same = {key: key in before and before[key][0] is value for key, value in state.items()}
    times = [changed(value) for value, _ in before.values()]
    return same, times, told


def changed(value: object) -> int:
    """How often a tensor was changed in place."""
    return value._version if isinstance(value, torch.Tensor) else 0
