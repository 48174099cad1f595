"""Two processes that work together, and what each of them holds."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..vocabulary.aside import Worker

WORLD = 2
TIMEOUT = timedelta(seconds=20)


class Ranks:
    """Runs a function in two processes at once, ``function(0)`` in one and ``function(1)`` in the other.

    The function is defined in a module and returns what can be pickled. The processes are forked from this one when
    they are needed first, and anew after one of them has failed: the other may still be waiting for it.
    """

    def __init__(self, folder: Path):
        self.folder, self.workers, self.groups = folder, [], 0

    def __call__(self, function: Callable[[int], Any]) -> list[Any]:
        """What ``function`` returns in each process; raises RuntimeError with the traceback of the first that fails."""
        if not self.workers:
            self.groups += 1
            store = f"file://{self.folder}/group-{self.groups}"
            self.workers = [
                Worker(lambda rank=rank: join(rank, store), lambda function, rank=rank: function(rank))
                for rank in range(WORLD)
            ]
        try:
            for worker in self.workers:
                worker.ask(function)
            return [worker.hear() for worker in self.workers]
        except Exception:
            self.end()
            raise

    def end(self) -> None:
        for worker in self.workers:
            worker.end()
        self.workers = []


def join(rank: int, store: str) -> None:
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=WORLD, timeout=TIMEOUT)


class State(nn.Module):
    """State of every kind, which each rank fills with a number of its own, and a forward that multiplies it all."""

    def __init__(self, number: float):
        super().__init__()
        self.p = nn.Parameter(torch.full((4,), float(number)))
        self.f = nn.Parameter(torch.full((4,), float(number)), requires_grad=False)
        self.register_buffer("b", torch.full((4,), float(number)))
        self.register_buffer("n", torch.full((4,), float(number)), persistent=False)
        self.t = torch.full((4,), float(number))

    def forward(self, y):
        return y * self.p * self.f * self.b * self.n * self.t

    @torch.no_grad()
    def fill(self, number: float) -> None:
        for tensor in (self.p, self.f, self.b, self.n, self.t):
            tensor.fill_(number)

    def numbers(self) -> dict[str, float]:
        """The number that each tensor is filled with."""
        return {name: getattr(self, name)[0].item() for name in "pfbnt"}


ONES = torch.ones(4)
