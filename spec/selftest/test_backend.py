"""The device ``toy`` under its other names and with less: ``tox -e backend`` has what it takes to build it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ninja")
CHECKOUT = Path(__file__).parent.parent.parent


def on_toy(*arguments, **environment):
    """The output of a run of some files on the device."""
    command = [sys.executable, "-m", "pytest", "-p", f"{__package__}.backend", "-p", "no:cacheprovider"]
    found = os.environ | environment
    done = subprocess.run([*command, *arguments], cwd=CHECKOUT, env=found, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


FILES = ["spec/moving/test_conversions.py", "spec/saving/test_map_locations.py", "spec/saving/test_files.py"]


def test_two_devices_of_one_backend_are_each_shown():
    output = on_toy("--device=toy:0", "--device=toy:1", *FILES)
    assert "Module state on toy:0, toy:1" in output
    assert "skipped" not in output


def test_what_a_device_lacks_is_left_out_and_the_rest_is_shown():
    output = on_toy("--device=toy", *FILES, TOY_LACKS="float64 complex generators")
    header = next(line for line in output.splitlines() if line.startswith("toy has no "))
    assert header.startswith("toy has no float64, toy has no complex64, toy has no complex128")
    assert "skipped" in output
    assert "0 deviate" in output


def test_a_device_is_found_where_none_is_named():
    assert "devices: cpu, meta, toy" in on_toy("-k=SD-03", "spec/saving/test_state_dict.py")
