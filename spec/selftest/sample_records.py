"""Records as the guards of the claims imagine them, for views to be tried on."""

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from .. import vocabulary
from ..reporting import catalogue
from ..reporting.record import Record, Shown

KINDS = [*map(str, vocabulary.KINDS)]
MINORS = ["1.13", *(f"2.{minor}" for minor in range(16))]


def shown(terms: dict[str, str], release: str) -> Shown:
    """What a claim with this guard shows on a release."""
    version = Version(release)
    if terms.get("since") and Version(terms["since"]) > version:
        return Shown("not yet", 2, ("AttributeError",))
    if terms.get("until") and Version(terms["until"]) <= version:
        return Shown("no longer", 2, ("AssertionError",))
    if terms.get("broken") and version in SpecifierSet(terms["broken"]):
        return Shown("known bug", 2, ("AssertionError",))
    return Shown("holds", 2)


def imagined(release: str, *more: str) -> Record:
    """The record of a release on cpu and meta, or on other devices."""
    devices = dict.fromkeys(more, "real") or {"cpu": "real", "meta": "meta"}
    since = {"nn.Buffer": "2.5"}

    def answer(kind: str) -> str:
        there = Version(release) >= Version(since.get(kind, "1.13"))
        return "·" if not there else "yes" if "buffer" in kind.lower() else "no"

    return Record(
        torch={"version": release, "git": None, "built_for": "cpu"},
        python="3.11.7",
        platform="linux x86_64",
        hypothesis={"version": "6.0", "profile": "claims"},
        devices=devices,
        table=[["", *KINDS], ["in buffers()?", *map(answer, KINDS)]],
        claims={
            id: dict.fromkeys(devices, shown(claim.terms, release))
            for id, claim in catalogue.claims().items()
            if not claim.apart
        },
    )


def all_releases() -> list[Record]:
    """Seventeen releases, and one on another device."""
    return [*(imagined(f"{minor}.1") for minor in MINORS), imagined("2.9.0", "xla")]
