"""The axes along which claims run by the name of an argument: what its values are, and which device they tell of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch

from ..vocabulary.devices import BUILT_IN, Move, moves, real
from ..vocabulary.dtypes import CHANGING, CONVERSIONS


class AxisWithoutDevice(ValueError):
    """A parameter that tells of a device under a name that is no axis: its message says which."""


@dataclass(frozen=True)
class Axis:
    """``values(devices)`` are what an argument is given in a run over ``devices``.

    ``shows(value)`` is the device that a case with this value says something of, and ``visits(value)`` are all that it
    runs on.
    """

    values: Callable[[tuple[str, ...]], Iterable[Any]]
    shows: Callable[[Any], str]
    visits: Callable[[Any], tuple[str, ...]]


def devices_axis(values: Callable[[tuple[str, ...]], Iterable[str]]) -> Axis:
    return Axis(values, lambda name: name, lambda name: (name,))


def moves_axis(values: Callable[[tuple[str, ...]], Iterable[Any]]) -> Axis:
    return Axis(values, lambda move: move.device, lambda move: (move.source, move.device))


AXES = {
    "move": moves_axis(moves),
    "migration": moves_axis(lambda devices: (*CONVERSIONS, *moves(devices))),
    "real_migration": moves_axis(
        lambda devices: (*CHANGING, *(move for move in moves(devices) if move.device in real(devices)))
    ),
    "device": devices_axis(lambda devices: devices),
    "real_device": devices_axis(real),
}
"""In the order in which they are asked: what moves a module says where it is afterwards."""


def device_of(params: dict[str, object]) -> str:
    """The device on which a case with these parameters says something; cpu where none of them tells.

    Raises AxisWithoutDevice for a device or a move under another name than that of an axis.
    """
    for name, value in params.items():
        if isinstance(value, Move | torch.device) and name not in AXES:
            raise AxisWithoutDevice(f"{name}={value} tells of a device, and is none of {', '.join(AXES)}")
    return next((axis.shows(params[name]) for name, axis in AXES.items() if name in params), "cpu")


def concerns_a_backend(params: dict[str, object]) -> bool:
    """Whether a case with these parameters may show what a backend does: all but those of cpu and meta by name."""
    visited = [device for name, axis in AXES.items() if name in params for device in axis.visits(params[name])]
    return not visited or any(torch.device(name).type not in BUILT_IN for name in visited)
