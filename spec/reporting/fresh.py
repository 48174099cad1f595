"""Records made now, by pytest in a process of its own."""

import signal
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from .code import PACKAGE
from .matrix import RECORDS
from .record import Record, UnreadableRecord, read

CRASHED = 3
CHECKOUT = PACKAGE.parent


def run(output: Path, options: list[str], shown_on: TextIO | None = None) -> int:
    """Make a record of the installed torch; returns pytest's exit status, or 3 where the interpreter went down.

    What pytest says goes to ``shown_on``, by default to where this process writes.
    """
    with tempfile.TemporaryDirectory(prefix="module-state-") as folder:
        trail = Path(folder, "trail")
        words = [f"--record={output.absolute()}", f"--trail={trail}", "-p", "no:randomly", *options]
        done = subprocess.run([sys.executable, *program(), *words], cwd=CHECKOUT, stdout=shown_on, check=False)
        if done.returncode >= 0:
            return done.returncode
        claim = trail.read_text(encoding="utf-8") if trail.exists() else "no claim yet"
        print(f"crashed by {signal.Signals(-done.returncode).name}, while this ran: {claim}", file=sys.stderr)
    return CRASHED


def program() -> list[str]:
    """How the specification is run: by pytest in a checkout, by itself where it is installed."""
    in_checkout = (CHECKOUT / "pyproject.toml").exists() and (CHECKOUT / "conftest.py").exists()
    return ["-m", "pytest", "-q"] if in_checkout else ["-m", PACKAGE.name, "-q"]


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
