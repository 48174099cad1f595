"""The devices that claims run on, and the moves between them.

A test asks for what it needs by the name of its argument:

* ``device``: every device in use, ``meta`` too;
* ``real_device``: every device in use that holds values, which ``meta`` does not;
* ``move``: every :class:`Move` from one device in use to another;
* ``migration``: every move and every conversion of a dtype;
* ``real_migration``: every move between devices that hold values, and conversions to a dtype that is not the default.

On ``meta`` state can be declared, moved, converted, saved and loaded, but a forward there says nothing about values
and makes torch import what takes longer than all claims together: claims about a forward ask for real devices.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import nn

BUILT_IN = ("cpu", "meta")
ACCELERATORS = ("cuda", "mps", "xpu")


class UnknownDevice(ValueError):
    """A device that torch does not know, or that is not on this machine."""


@dataclass(frozen=True)
class Move:
    """A call that moves a module from one device to another: ``move(module)`` does it and returns what it returns.

    ``name`` is how the call is written, ``source`` is where the module has to be before, ``device`` where it is after.
    """

    name: str
    source: str
    device: str
    call: Callable[[nn.Module], nn.Module]

    def __call__(self, module: nn.Module) -> nn.Module:
        return self.call(module)

    def __str__(self) -> str:
        return self.name


def is_present(device: str) -> bool:
    """Whether a tensor can be made on ``device`` here; raises UnknownDevice for a name that torch does not know."""
    try:
        torch.device(device)
    except RuntimeError as error:
        raise UnknownDevice(f"{device!r} is not a torch device") from error
    try:
        torch.ones(1, device=device)
    except Exception:  # each backend reports its absence by an exception of its own
        return False
    return True


def present() -> tuple[str, ...]:
    """The devices on this machine: cpu, meta and each accelerator that works, an out-of-tree one too (torch 2.6)."""
    found = [name for name in ACCELERATORS if is_present(name)]
    with suppress(AttributeError, RuntimeError):  # an older torch, or a backend that has a name and nothing else
        if torch.accelerator.is_available():  # torch 2.6 raises where there is none
            current = torch.accelerator.current_accelerator()
            if current.type not in found and is_present(current.type):
                found.append(current.type)
    return (*BUILT_IN, *found)


def absent(devices: Iterable[str]) -> tuple[str, ...]:
    """The devices that a run over ``devices`` says nothing about."""
    types = {torch.device(device).type for device in devices}
    return tuple(name for name in BUILT_IN + ACCELERATORS if name not in types)


def choose(wanted: Iterable[str], required: Iterable[str]) -> tuple[str, ...]:
    """The devices of a run: those ``wanted``, or all that are present, and those ``required``.

    Raises UnknownDevice for a device that torch does not know or that is not on this machine, and for a number behind
    one of which there is one.
    """
    here = present()
    for device in (*wanted, *required):
        kind, colon, _ = device.partition(":")
        if kind in BUILT_IN and colon:
            raise UnknownDevice(f"device {device!r}: there is one {kind}, and it has no number")
        if not is_present(device):
            raise UnknownDevice(f"device {device!r} is not on this machine; present: {', '.join(here)}")
    return tuple(dict.fromkeys([*(wanted or here), *required]))


def real(devices: Iterable[str]) -> tuple[str, ...]:
    """Those of ``devices`` that hold values."""
    return tuple(device for device in devices if torch.device(device).type != "meta")


def moves(devices: Iterable[str]) -> tuple[Move, ...]:
    """Every way to move a module from cpu to one of ``devices`` and from a real one back to cpu."""
    found = []
    for device in devices:
        kind = torch.device(device).type
        if kind == "cpu":
            continue
        found.append(Move(f"to({device})", "cpu", device, lambda module, device=device: module.to(device)))
        if kind == "meta":
            continue
        found.append(Move(f"{device}.to(cpu)", device, "cpu", lambda module: module.to("cpu")))
        found.append(Move(f"{device}.cpu()", device, "cpu", lambda module: module.cpu()))
        if device in ("cuda", "xpu"):
            found.append(Move(f"{device}()", "cpu", device, lambda module, name=device: getattr(module, name)()))
    return tuple(found)
