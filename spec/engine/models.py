"""Modules that nobody wrote for this specification: classes of torch.nn, and those of ``--model``."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn


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


def find(name: str) -> Factory:
    """The factory that ``package.module:factory`` names, tried once; raises InvalidModel where it gives no module."""
    module, _, path = name.partition(":")
    if not module or not path:
        raise InvalidModel(f"--model {name}: write package.module:factory")
    try:
        found = importlib.import_module(module)
    except Exception as error:
        raise InvalidModel(f"--model {name}: {module} can't be imported: {spelled(error)}") from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise InvalidModel(f"--model {name}: {module} has no {path}")
        found = getattr(found, part)
    try:
        built = found()
    except Exception as error:
        raise InvalidModel(f"--model {name}: the factory raises {spelled(error)}") from error
    if not isinstance(built, nn.Module):
        raise InvalidModel(
            f"--model {name}: the factory gives an object of type {type(built).__name__}, not an nn.Module"
        )
    return Factory(name, found)


def spelled(error: Exception) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(": ")
