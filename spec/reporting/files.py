"""Writing a file whole or not at all."""

import os
import tempfile
from pathlib import Path

HALVES = "backslashreplace"


def write_whole(path: str | Path, text: str) -> None:
    """Write ``text`` to ``path`` under a temporary name and rename it; raises OSError and leaves what was there.

    What is there and is no file, such as ``/dev/stdout``, is written to. Half a sign, as it may stand in the name of a
    file or the text of an error, is written as Python and JSON spell it.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
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
