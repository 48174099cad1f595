"""What the environment and other plugins set is left out of a run, named, and given back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from .. import __name__ as PACKAGE
from .pytest_runs import claims_file, pytest_run

CHECKOUT = Path(__file__).parent.parent.parent

A_CLAIM = """
@claim("XX-97", source="torch.nn.Module")
def test_a_linear_layer_is_float32_and_trainable():
    layer = nn.Linear(1, 1)
    assert layer.weight.dtype is torch.float32
    assert layer(torch.ones(1)).requires_grad
"""
SET = {
    "the default dtype: torch.float64": lambda: torch.set_default_dtype(torch.float64),
    "gradients: False": lambda: torch.set_grad_enabled(False),
    "deterministic algorithms: True": lambda: torch.use_deterministic_algorithms(True),
    "overwriting parameters on conversion: True": lambda: torch.__future__.set_overwrite_module_params_on_conversion(
        True
    ),
}


@pytest.mark.parametrize("said", SET)
def test_a_setting_of_torch_is_put_right_and_named(tmp_path, said):
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, prepare=SET[said])
    assert run.status == 0, run.output
    assert f"left out of this run: {said}" in run.lines


KEPT = []  # a mode that nobody holds ends
REFUSED = {
    "a device": (
        lambda: torch.set_default_device("meta"),
        "ERROR: torch.ones(1) gives a Tensor on meta: end the mode, or the default device, that was set before the run",
    ),
    "inference mode": (
        lambda: KEPT.append(torch.inference_mode()) or KEPT[0].__enter__(),
        "ERROR: torch is in inference mode, where nothing can be shown: leave it before the run",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_put_right_is_refused(tmp_path, name):
    prepare, line = REFUSED[name]
    if name == "a device" and not hasattr(torch, "set_default_device"):
        pytest.skip("torch 2.0 brought the default device")
    claims_file(tmp_path, A_CLAIM)
    run = pytest_run(tmp_path, prepare=prepare)
    assert (run.status, run.lines) == (4, [line, ""])


def test_a_terminal_that_lacks_signs_shows_the_lines(tmp_path):
    command = [sys.executable, "-m", PACKAGE, "SD-03", "-q", "--claims"]
    found = os.environ | {"PYTHONPATH": str(CHECKOUT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=tmp_path, env=found, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if "SD-03" in line]
    assert line.startswith("  ? holds")
    command = [sys.executable, "-m", PACKAGE, "diff", "2.5", "2.6"]
    done = subprocess.run(command, cwd=tmp_path, env=found, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("torch 2.5.1")


def test_no_switch_of_torch_is_left_in_the_environment():
    """They are taken before torch is imported; what is in them when a run starts is what somebody set since then."""
    from ..engine.surroundings import SWITCHES

    assert [name for name in SWITCHES if name in os.environ] == []


@pytest.mark.parametrize("command", ["spec.reporting roads", "spec.evidence", "spec diff 2.5 2.6", "spec SD-03"])
def test_a_reader_that_has_seen_enough_ends_a_command_without_a_word(command):
    run = subprocess.Popen(
        [sys.executable, "-m", *command.replace("spec", PACKAGE, 1).split()],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        run.stdout.close()
        assert run.stderr.read() == ""
        assert run.wait() == 1
    finally:
        run.kill()


WARNS = """
@claim("XX-98", source="torch.nn.Module")
@pytest.mark.filterwarnings("ignore:a second")
def test_a_warning_is_only_a_warning():
    import warnings

    warnings.warn("a first one")
    warnings.warn("a second one")

def test_what_is_no_claim_fails():
    import warnings

    warnings.warn("a third one")
"""


def test_a_process_that_is_started_anew_for_a_claim_warns_of_nothing_itself():
    """The chapters that are not heavy: ``test_heavy.py``."""
    path = "spec/distributing/test_spawned_processes.py"
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", path, "-k", "DIST-33"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("asked", [{"PYTHONWARNINGS": "error"}, {"PYTEST_ADDOPTS": "-Werror"}])
def test_claims_hear_warnings_as_warnings_though_somebody_asked_for_errors(tmp_path, asked):
    path = claims_file(tmp_path, WARNS)
    command = [sys.executable, "-m", "pytest", "-p", f"{PACKAGE}.engine.plugin", "-p", "no:cacheprovider", path]
    found = os.environ | {"PYTHONPATH": str(CHECKOUT)} | asked
    done = subprocess.run(command, cwd=tmp_path, env=found, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "left out of this run: -W error" in done.stdout
    assert "UserWarning: a third one" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_an_option_that_another_plugin_has_too_is_named_with_the_plugin(tmp_path):
    text = 'def pytest_addoption(parser):\n    parser.getgroup("other").addoption("--jobs")\n'
    (tmp_path / "another_plugin.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", PACKAGE, "-p", "another_plugin"]
    found = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(CHECKOUT)])}
    done = subprocess.run(command, cwd=tmp_path, env=found, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    line = "ERROR: --jobs is an option of another_plugin too: leave that out with -p no:another_plugin"
    assert line in done.stdout + done.stderr


def test_switches_of_torch_in_the_environment_are_left_out_of_a_run_and_named_in_its_header(tmp_path):
    command = [sys.executable, "-m", PACKAGE, "SD-03"]
    set = {"TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1", "TORCH_LOGS": "1", "TORCH_LOGS_OUT": "log"}
    found = os.environ | {"PYTHONPATH": str(CHECKOUT)} | set
    done = subprocess.run(command, cwd=tmp_path, env=found, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = "left out of this run: TORCH_FORCE_WEIGHTS_ONLY_LOAD=1, TORCH_LOGS=1, TORCH_LOGS_OUT=log"
    assert said in done.stdout.splitlines()
    assert list(tmp_path.iterdir()) == []


DRAWS = """
from hypothesis import given, strategies

@claim("XX-96", source="torch.nn.Module")
@given(number=strategies.integers(0, 10**9))
def test_any_number_is_drawn(number):
    with open("drawn", "a") as drawn:
        drawn.write(f"{number} ")
    assert not nn.Module().state_dict()
"""


def drawn(folder, seed, **environment):
    """What Hypothesis draws in a run with ``seed``, after the simplest number, which comes first."""
    path = claims_file(folder, DRAWS)
    options = ["-p", "no:cacheprovider", "--hypothesis-seed", str(seed)]
    command = [sys.executable, "-m", "pytest", "-p", f"{PACKAGE}.engine.plugin", *options, path]
    found = {name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(command, cwd=folder, env=found | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    numbers = (folder / "drawn").read_text().split()
    (folder / "drawn").unlink()
    return numbers


def test_a_seed_draws_the_same_on_CI_as_elsewhere_and_another_seed_something_else(tmp_path):
    """On CI, Hypothesis itself draws the same whatever the seed is."""
    elsewhere = drawn(tmp_path, 1)
    assert drawn(tmp_path, 1, CI="true") == elsewhere
    assert drawn(tmp_path, 2, CI="true") != elsewhere


LOST = {
    "the current folder is gone": "os.rmdir(os.getcwd())",
    "No usable temporary directory found": "import tempfile; tempfile._candidate_tempdir_list = lambda: ['/nowhere']",
}


@pytest.mark.parametrize("said", LOST)
def test_a_run_without_a_place_is_refused(tmp_path, said):
    if sys.platform == "win32" and "rmdir" in LOST[said]:
        pytest.skip("Windows removes no folder that somebody is in")
    code = f"import os, runpy; {LOST[said]}; runpy.run_module({PACKAGE!r}, run_name='__main__')"
    found = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=found, capture_output=True, text=True)
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ERROR: {said}")
