"""``check`` shows nothing of what a model's code writes, by Python, by C or by a process, and keeps what is its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from torch import nn

from .. import __name__ as package
from ..checking import check, progress
from ..checking.__main__ import main
from ..checking.quiet import quiet
from .own_modules import importable

MODELS = """
import ctypes
import os
import subprocess
import sys
import time

from torch import nn

os.write(1, b"noise of the import")
os.write(2, b"noise of the import")


def written():
    os.write(1, b"noise")
    os.write(2, b"noise")
    return nn.Linear(2, 2)


def by_c():
    ctypes.CDLL(None).puts(b"noise")
    return nn.Linear(2, 2)


def by_a_process():
    subprocess.run([sys.executable, "-c", "import sys; print('noise'); print('noise', file=sys.stderr)"], check=True)
    return nn.Linear(2, 2)


def held_back():
    sys.__stdout__.write("noise")
    sys.__stderr__.write("noise")
    return nn.Linear(2, 2)


def exits():
    written()
    sys.exit(3)


def raises():
    written()
    raise ValueError("no such size")


def slow():
    time.sleep(0.3)
    return nn.Linear(2, 2)


class Telling(nn.Linear):
    def __init__(self):
        super().__init__(2, 2)

    def state_dict(self, *args, **kwargs):
        os.write(1, b"noise")
        print("noise")
        return super().state_dict(*args, **kwargs)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    with importable("noisy", MODELS, tmp_path, monkeypatch) as found:
        yield found


@pytest.mark.parametrize("made", ["written", "by_c", "by_a_process", "held_back", "Telling"])
def test_what_is_written_to_descriptors_is_not_shown(folder, capfd, made):
    if made == "by_c" and os.name != "posix":
        pytest.skip("no library of C is named so here")
    assert main([f"noisy:{made}", "--no-table"]) == 0
    shown = capfd.readouterr()
    assert (len(shown.out.splitlines()), shown.err) == (2, "")
    assert "noise" not in shown.out


@pytest.mark.parametrize(("made", "why"), [("exits", "exits with status 3"), ("raises", "raises ValueError")])
def test_the_descriptors_are_restored_after_a_factory_that_fails(folder, capfd, made, why):
    assert main([f"noisy:{made}"]) == 4
    os.write(1, b"still heard")
    shown = capfd.readouterr()
    assert shown.out == "still heard"
    assert why in shown.err
    assert "noise" not in shown.err


def test_what_goes_to_the_output_is_the_data_alone(folder, capfd):
    assert main(["noisy:written", "noisy:by_a_process", "--json", "-"]) == 0
    assert len(json.loads(capfd.readouterr().out)["models"]) == 2


def test_in_a_test_of_ones_own_nothing_is_shown_either(capfd):
    print("before", end="", flush=True)
    check(lambda: os.write(1, b"noise") and nn.Linear(2, 2))
    print("after", end="", flush=True)
    assert capfd.readouterr().out == "beforeafter"


def test_what_takes_long_is_said_while_the_rest_is_silent(folder, capfd, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.1)
    assert main(["noisy:slow", "--no-table"]) == 0
    assert "noisy:slow: building it, " in capfd.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="a shell closes them")
@pytest.mark.parametrize(("closed", "heard"), [(">&-", "err"), ("2>&-", "out"), (">&- 2>&-", "")])
def test_a_process_without_descriptors_is_served_too(folder, closed, heard):
    root = Path(main.__code__.co_filename).parent.parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{folder}"}
    command = [sys.executable, "-W", "ignore", "-m", package, "check", "noisy:written", "noisy:raises", "--no-table"]
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *command]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True)
    assert done.returncode == 4
    assert done.stdout == ("noisy:written  Linear: 2 parameters: clean\n\n" if heard == "out" else "")
    assert done.stderr == ("noisy:raises: the factory raises ValueError: no such size\n" if heard == "err" else "")


def test_no_descriptor_is_left_open(capfd):
    lowest = os.dup(0)
    os.close(lowest)
    with quiet():
        pass
    again = os.dup(0)
    os.close(again)
    assert again == lowest
