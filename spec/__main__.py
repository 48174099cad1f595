"""``python -m module_state_spec [pytest arguments]``: the specification from any folder, with its own configuration."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Run pytest on the claims that lie beside this file; nothing is written beside them, nor in the current folder."""
    if __package__ != PACKAGE.name:  # an editable installation: what pytest imports has to be what was imported here
        sys.path.insert(0, str(PACKAGE.parent))
    sys.dont_write_bytecode = True
    where = [f"--config-file={PACKAGE / 'anywhere.toml'}", f"--rootdir={PACKAGE}", f"--confcutdir={PACKAGE}"]
    with tempfile.TemporaryDirectory(prefix="module-state-spec-") as folder:
        os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", folder)
        return pytest.main([*where, "-p", f"{PACKAGE.name}.anywhere", str(PACKAGE), *arguments])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
