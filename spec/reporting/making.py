"""Records made now."""

import sys
import tempfile
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from .matrix import RECORDS
from .record import Record, UnreadableRecord, read


def run(output: Path, options: list[str], shown_on: TextIO | None = None) -> int:
    """Make a record of the installed torch; returns pytest's exit status.

    What pytest says goes to ``shown_on``, by default to where this process writes.
    """
    from ..__main__ import main

    with redirect_stdout(shown_on or sys.stdout):
        return int(main(["-q", f"--record={output.absolute()}", "-p", "no:randomly", *options]))


def kept(release: str | None = None) -> Path:
    """Where the record of a release on cpu and meta is kept, by default that of the installed one."""
    return RECORDS / f"torch-{release or version('torch').partition('+')[0]}-cpu.json"


def compared(path: str | None) -> tuple[Record, Record]:
    """A committed record and a fresh one on the same devices.

    Without ``path``, the record of the installed release is looked for among those that are kept with the
    specification; raises UnreadableRecord where there is none.
    """
    old = read(path or kept())
    with tempfile.TemporaryDirectory(prefix="module-state-") as folder:
        fresh = Path(folder, "fresh.json")
        status = run(fresh, [f"--device={name}" for name in old.devices], shown_on=sys.stderr)
        if not fresh.exists():
            raise UnreadableRecord(f"no fresh record: the run ended with status {status}")
        return old, read(fresh)
