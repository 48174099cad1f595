"""Records: what one run says about one release of torch, as data that is compared, committed and looked at.

A record is a JSON file of one object, and each claim is one line of it:

* ``schema``: the number of this format;
* ``spec``: the version of the specification;
* ``torch``: ``version``, ``git`` (the commit it was built from) and ``built_for`` (``cuda 12.6``, ``cpu``, ...);
* ``python`` and ``platform``: such as ``3.11.7`` and ``linux x86_64``;
* ``hypothesis``: ``version`` and ``profile``;
* ``devices``: each device by its name, ``"real"`` or ``"meta"``;
* ``table``: the answer table, a list of rows, the first with the kinds and each other one with a question first;
* ``claims``: by id, and then by device, the verdict (``holds``, ``fails``, ``deviates``, ``not yet``, ``no longer``,
  ``known bug``), the number of cases that showed it, and the names of the exceptions that were seen where they failed,
  or what was observed where torch leaves a choice to the backend. Devices that say the same of a claim share an entry,
  their names separated by a space. A claim that none of the devices can show has no device.

Nothing in it depends on when, where or in which order the claims ran: two runs of one release are equal byte for byte.
"""

import json
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from .. import __version__
from .files import write_whole
from .verdicts import HOLDS, RECORDED, STALE, Case, judge, natural

SCHEMA = 1
REAL, META = "real", "meta"
SHAPE = {
    "schema": int,
    "spec": str,
    "torch": {"version": str, "git": (str, type(None)), "built_for": str},
    "python": str,
    "platform": str,
    "hypothesis": {"version": str, "profile": str},
    "devices": dict,
    "table": list,
    "claims": dict,
}


class UnreadableRecord(ValueError):
    """A file that is no record, or one that this version can't read; its message says which and why."""


@dataclass(frozen=True)
class Shown:
    """The verdict on a claim on one device, the number of its cases, and the exceptions that were seen."""

    verdict: str
    cases: int
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """One run: what it ran on, and ``claims[id][device]``."""

    torch: dict[str, str | None]
    python: str
    platform: str
    hypothesis: dict[str, str]
    devices: dict[str, str]
    table: list[list[str]]
    claims: dict[str, dict[str, Shown]]
    spec: str = __version__

    @property
    def release(self) -> str:
        """The release of torch without what it was built for, such as ``2.13.0``."""
        return self.torch["version"].partition("+")[0]

    @property
    def release_order(self) -> tuple:
        """A sort key: releases in their order, and on one release the plain cpu record first."""
        return (natural(self.release), self.beyond)

    @property
    def beyond(self) -> str:
        """The devices besides ``cpu`` and ``meta``, such as ``xla``; empty for a plain record."""
        return ", ".join(name for name in self.devices if name not in ("cpu", "meta"))


def claims_of(cases: Iterable[Case], unavailable: Iterable[str]) -> dict[str, dict[str, Shown]]:
    """The verdicts per claim and device; the claims ``unavailable`` have no case on any device of the run."""
    found: dict[str, dict[str, list[Case]]] = {id: {} for id in unavailable}
    for case in cases:
        found.setdefault(case.id, {}).setdefault(case.device, []).append(case)
    return {id: {device: shown(found[id][device]) for device in sorted(found[id])} for id in sorted(found, key=natural)}


def shown(cases: list[Case]) -> Shown:
    """The verdict on one device: a guarded claim whose cases all pass there holds there."""
    word = judge(cases)
    word = HOLDS if word == STALE else word.lower()
    return Shown(word, len(cases), tuple(sorted({name for case in cases for name in case.why})))


def to_text(record: Record) -> str:
    """The record as it is written: compact, sorted, one line for each claim."""
    devices = sorted(record.devices)
    lines = [
        f'"schema": {SCHEMA}',
        f'"spec": {compact(record.spec)}',
        f'"torch": {compact(record.torch)}',
        f'"python": {compact(record.python)}',
        f'"platform": {compact(record.platform)}',
        f'"hypothesis": {compact(record.hypothesis)}',
        f'"devices": {compact({name: record.devices[name] for name in devices})}',
        '"table": [\n' + ",\n".join(compact(row) for row in record.table) + "\n]",
        '"claims": {\n'
        + ",\n".join(f"{compact(id)}:{compact(entries(devices))}" for id, devices in record.claims.items())
        + "\n}",
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def entries(devices: dict[str, Shown]) -> dict[str, list[str | int]]:
    """The verdicts on one claim as they are written: ``{"cpu meta":["not yet",4,"AttributeError"]}``."""
    named: dict[Shown, list[str]] = {}
    for name in sorted(devices):
        named.setdefault(devices[name], []).append(name)
    return {" ".join(names): [found.verdict, found.cases, *found.why] for found, names in named.items()}


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write(record: Record, path: str | Path) -> None:
    """Write ``record`` whole or not at all; raises OSError."""
    write_whole(path, to_text(record))


def read(path: str | Path) -> Record:
    """The record in a file; raises UnreadableRecord for whatever is not one."""
    found = content(path, "a record")
    if not isinstance(found, dict) or not isinstance(found.get("schema"), int):
        raise UnreadableRecord(f"{path}: not a record, it has no schema number")
    if found["schema"] != SCHEMA:
        raise UnreadableRecord(f"{path}: schema {found['schema']}, and this version reads schema {SCHEMA}")
    if wrong := mismatch(found, SHAPE) or wrong_content(found):
        raise UnreadableRecord(f"{path}: not a record, {wrong}")
    claims = {
        id: {
            device: Shown(word, cases, tuple(why))
            for names, (word, cases, *why) in devices.items()
            for device in names.split(" ")
        }
        for id, devices in found.pop("claims").items()
    }
    found.pop("schema")
    return Record(**found, claims=claims)


def content(path: str | Path, called: str) -> object:
    """What is in a JSON file that is to be ``called``; raises UnreadableRecord for whatever is no JSON."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnreadableRecord(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UnreadableRecord(f"{path}: not {called}, it is not JSON") from None


def mismatch(found: object, shape: object, place: str = "") -> str:
    """What is wrong with the fields and types of ``found``; empty where they are right."""
    if not isinstance(shape, dict):
        return "" if isinstance(found, shape) else f"{place} can't be {found!r:.40}"
    if not isinstance(found, dict):
        return f"{place} can't be {found!r:.40}"
    if found.keys() != shape.keys():
        name = sorted(found.keys() ^ shape.keys())[0]
        return f"{'no' if name in shape else 'unknown'} field {f'{place}.{name}'.lstrip('.')!r}"
    wrong = (mismatch(found[name], shape[name], f"{place}.{name}".lstrip(".")) for name in shape)
    return next(filter(None, wrong), "")


def wrong_content(found: dict) -> str:
    """What is wrong with the devices, the table and the claims of a record whose fields are right."""
    try:
        Version(found["torch"]["version"])
    except InvalidVersion:
        return f"{found['torch']['version']!r:.40} is no version of torch"
    for name, kind in found["devices"].items():
        if kind not in (REAL, META):
            return f"device {name} is neither {REAL} nor {META}"
    if not all(isinstance(row, list) and all(isinstance(cell, str) for cell in row) for row in found["table"]):
        return "the table is not made of rows of words"
    if len({len(row) for row in found["table"]}) > 1:
        return "the rows of the table differ in length"
    for id, devices in found["claims"].items():
        if not re.fullmatch(r"[A-Z]+-\d+", id):
            return f"{id!r:.40} is no id of a claim"
        if not isinstance(devices, dict):
            return f"claim {id} has no devices"
        names = [name for joined in devices for name in joined.split(" ")]
        if unknown := [name for name in names if name not in found["devices"]]:
            return f"claim {id} was shown on {unknown[0]}, which is not among the devices"
        if len(names) != len(set(names)):
            return f"claim {id} has two verdicts on one device"
        for name, verdict in devices.items():
            if not isinstance(verdict, list) or len(verdict) < 2:
                return f"claim {id} has no verdict and number of cases on {name}"
            word, cases, *why = verdict
            if word not in RECORDED:
                return f"claim {id} has the unknown verdict {word!r:.40}"
            if type(cases) is not int or cases < 1 or not all(isinstance(reason, str) for reason in why):
                return f"claim {id} has no number of cases on {name}"
    return ""


def surroundings(profile: str) -> dict:
    """The fields of a record that say what a run ran on; needs torch."""
    import hypothesis
    import torch

    version = torch.version
    builds = {name: getattr(version, name, None) for name in ("cuda", "hip", "xpu")}
    built_for = next((f"{name} {number}" for name, number in builds.items() if number), "cpu")
    return {
        "torch": {"version": str(torch.__version__), "git": version.git_version, "built_for": built_for},
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "hypothesis": {"version": hypothesis.__version__, "profile": profile},
    }
