"""What two records say differently, as sentences."""

from .matrix import NOT_RECORDED, NOT_SHOWN, SIGNS, sentence
from .record import Record, Shown, natural


def differences(old: Record, new: Record, strictly: bool = False) -> list[str]:
    """A line for each claim whose verdict changed on a device that both records know.

    ``strictly`` compares records of one release: the number of cases and the exceptions too, and a device that only
    one of them knows.
    """
    devices = old.devices.keys() | new.devices.keys() if strictly else old.devices.keys() & new.devices.keys()
    lines = []
    for id in sorted(old.claims.keys() | new.claims.keys(), key=natural):
        changes: dict[tuple[str, str], list[str]] = {}
        if id not in old.claims or id not in new.claims:
            words = [word_of(record.claims.get(id), strictly) for record in (old, new)]
            changes[tuple(words)] = []
        else:
            for device in sorted(devices):
                before, after = (record.claims[id].get(device) for record in (old, new))
                change = (spelled(before, strictly), spelled(after, strictly))
                if change[0] != change[1]:
                    changes.setdefault(change, []).append(device)
        for (before, after), where in changes.items():
            there = f" ({', '.join(where)})" if where else ""
            lines.append(f"{id:<9} {before} → {after}{there}: {sentence(id)}")
    return lines


def word_of(devices: dict[str, Shown] | None, strictly: bool) -> str:
    """The verdicts on all devices of a claim that the other record doesn't have."""
    if devices is None:
        return f"{SIGNS[NOT_RECORDED]} {NOT_RECORDED}"
    return ", ".join(dict.fromkeys(spelled(shown, strictly) for shown in devices.values())) or spelled(None, strictly)


def spelled(shown: Shown | None, strictly: bool) -> str:
    """One verdict, such as ``○ not yet``, and strictly ``○ not yet in 4 cases, AttributeError``."""
    if shown is None:
        return f"{SIGNS[NOT_SHOWN]} {NOT_SHOWN}"
    text = f"{SIGNS[shown.verdict]} {shown.verdict}"
    return f"{text} in {', '.join([f'{shown.cases} cases', *shown.why])}" if strictly else text


def to_text(old: Record, new: Record, strictly: bool = False) -> str:
    """What changed, for the terminal."""
    found = differences(old, new, strictly)
    heading = f"torch {old.torch['version']} → {new.torch['version']}: "
    heading += f"{len(found)} of {len(new.claims)} claims differ" if found else f"all {len(new.claims)} claims agree"
    return "\n".join([heading, *found])
