"""Two processes that work together, and what each of them holds."""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..engine.heavy import load
from ..engine.processes import Pipe, Process, ready

WORLD = 2
TIMEOUT = timedelta(days=20)
"""How long a rank waits for the other: longer than any limit of a case, which says *timed out* where this one fails."""


class Ranks:
    """Runs a function in two processes at once, ``function(0)`` in one and ``function(1)`` in the other.

    The function is defined in a module and returns what can be pickled. The processes are started when they are needed
    first, and anew after one of them has failed: the other may still be waiting for it.
    """

    def __init__(self, folder: Path):
        self.folder, self.processes, self.groups = folder, [], 0

    def __call__(self, function: Callable[[int], Any]) -> list[Any]:
        """What ``function`` returns in each process; raises ProcessEnded with the traceback of the first that fails."""
        if not self.processes:
            self.groups += 1
            store = str(self.folder / f"group-{self.groups}")
            self.processes = [Process(serve, rank, store) for rank in range(WORLD)]
        try:
            for process in self.processes:
                process.send(function)
            answers: dict[Process, Any] = {}
            while waiting := [process for process in self.processes if process not in answers]:
                answers.update((process, process.receive()) for process in ready(waiting, None))
            return [answers[process] for process in self.processes]
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        for process in self.processes:
            process.kill()
        self.processes = []


def serve(pipe: Pipe, rank: int, store: str) -> None:
    """Join the group as ``rank`` and call the functions that come through ``pipe``."""
    load("torch.distributed.fsdp")  # a fork has it already
    if "GLOO_SOCKET_IFNAME" not in os.environ and (name := loopback()):
        os.environ["GLOO_SOCKET_IFNAME"] = name
    file = torch.distributed.FileStore(store, WORLD)  # not file://, which would write a blank as %20
    file.set_timeout(TIMEOUT)
    torch.distributed.init_process_group("gloo", store=file, rank=rank, world_size=WORLD, timeout=TIMEOUT)
    while True:
        function = pipe.receive()
        pipe.send(function(rank))


def loopback() -> str:
    """The name of the interface that leads back to this machine; empty where it has none of the usual names."""
    names = set()
    with suppress(OSError, AttributeError):  # not on every platform
        names = {name for _, name in socket.if_nameindex()}
    return next((name for name in ("lo", "lo0") if name in names), "")


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
