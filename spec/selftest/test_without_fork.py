"""Where a process can't be forked, as on Windows: claims are shown by processes that are started anew."""

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent.parent
FILES = ["spec/distributing/test_shared_memory.py", "spec/saving/test_files.py"]


def test_everything_but_what_the_platform_lacks_is_shown_without_fork(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import os\ndel os.fork, os.forkpty\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *FILES, "-rs"]
    found = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=CHECKOUT, env=found, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in a process that is started for them: none can be forked here" in done.stdout
    assert "this platform has no fork" in done.stdout
