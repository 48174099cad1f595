"""What a device or a platform lacks: a dtype, generators, a fork. A case that asks for it is left out."""

import mmap
from collections.abc import Callable, Iterator

import pytest
import torch

from ..vocabulary.devices import BUILT_IN
from ..vocabulary.dtypes import COMPLEX, FLOATING, INTEGER
from ..vocabulary.processes import NotHere
from .cases import first_line, spell
from .collection import DEVICES

LACKING = pytest.StashKey[dict[str, str]]()
LEFT_OUT = "left out"
"""The property of a report of such a case: what was lacking."""


def lacking(device: str) -> dict[str, str]:
    """What ``device`` lacks, by the first line of the error that says so."""
    wanted: dict[str, Callable[[], object]] = {
        spell(dtype): lambda dtype=dtype: torch.ones(1).to(dtype).to(device)
        for dtype in (*INTEGER, *FLOATING, *COMPLEX)
    }
    wanted["generators"] = lambda: torch.Generator(device=device)
    found = {}
    for what, ask in wanted.items():
        try:
            ask()
        except Exception as error:  # each backend says so by an exception of its own
            found[first_line(error)] = f"{device} has no {what}"
    return found


def lacking_here() -> dict[str, str]:
    """What this platform lacks of the standard library, by the error that says so: Windows has no such mappings."""
    absent = [name for name in ("MAP_PRIVATE", "MAP_SHARED") if not hasattr(mmap, name)]
    return {f"AttributeError: module 'mmap' has no attribute '{name}'": f"Python has no mmap.{name}" for name in absent}


def pytest_configure(config: pytest.Config) -> None:
    foreign = [name for name in config.stash[DEVICES] if torch.device(name).type not in BUILT_IN]
    config.stash[LACKING] = lacking_here()
    for name in foreign:
        config.stash[LACKING] |= lacking(name)


def pytest_report_header(config: pytest.Config) -> str | None:
    found = config.stash[LACKING].values()
    return f"{', '.join(found)}: cases that ask for it are left out" if found else None


def lack(config: pytest.Config, error: BaseException) -> str | None:
    """What an error says is lacking here, if that is what it says."""
    return str(error) if isinstance(error, NotHere) else config.stash[LACKING].get(first_line(error))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    report = yield
    if call.excinfo and (what := lack(item.config, call.excinfo.value)):
        report.outcome, report.longrepr = "skipped", (str(item.path), None, what)
        vars(report).pop("wasxfail", None)
        report.user_properties.append((LEFT_OUT, what))
    return report
