"""Writing a file whole or not at all."""

import os
import tempfile
from pathlib import Path

HALVES = "backslashreplace"


def is_replaced(path: Path) -> bool:
    """Whether what is at ``path`` is replaced by what is written there, as a file is and ``/dev/null`` is not."""
    return path.is_file() or not path.exists()


def write_whole(path: str | Path, text: str) -> None:
    """Write ``text`` to ``path`` under a temporary name and rename it; raises OSError and leaves what was there.

    What is there and is no file, such as ``/dev/stdout``, is written to. Half a sign, as it may stand in the name of a
    file or the text of an error, is written as Python and JSON spell it.
    """
    path = Path(path)
    if not is_replaced(path):
        path.write_bytes(text.encode("utf-8", HALVES))
        return
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", HALVES))
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
