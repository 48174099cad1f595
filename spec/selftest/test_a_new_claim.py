"""What a new claim costs: one test and one fault. Records, page, README and self-tests follow."""

import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest

from ..reporting import catalogue
from ..reporting.verdicts import natural

CHECKOUT = Path(__file__).parent.parent.parent
CLAIM = '''"""A module counts its own names."""

from torch import nn

from ..vocabulary import claim


@claim("ID", source="torch.nn.Module.named_parameters")
def test_a_bias_that_is_switched_off_is_not_listed():
    """`nn.Linear(4, 3, bias=False).named_parameters()` lists the weight alone, once under its name."""
    assert [name for name, _ in nn.Linear(4, 3, bias=False).named_parameters()] == ["weight"]
'''
FAULT = '''"""Faults in what a layer without bias lists."""

from .. import fault


@fault("ID", breaks="torch.nn.Module.named_parameters")
def a_layer_lists_its_parameters_under_other_names_than_its_own(original, self, *args, **kwargs):
    for name, parameter in original(self, *args, **kwargs):
        yield name.upper(), parameter
'''
FOLLOWING = [f"spec/selftest/test_{name}.py" for name in ("committed_records", "retired", "sentences", "readme")]
NOT_OF_CLAIMS = ["the_command_tells_of", "begins_with_the_front_door"]
"""Self-tests in these files that run commands and look at no claim that could be new."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the checkout with a claim that no record knows."""
    folder = tmp_path_factory.mktemp("checkout")
    copytree(CHECKOUT / "spec", folder / "spec", ignore=ignore_patterns("__pycache__"))
    for name in (".github", "findings"):
        if (CHECKOUT / name).is_dir():
            copytree(CHECKOUT / name, folder / name)
    for name in ("conftest.py", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        copy(CHECKOUT / name, folder)
    last = max((id for id in catalogue.claims() if id.startswith("ENUM-")), key=natural)
    id = f"ENUM-{int(last.partition('-')[2]) + 1}"
    (folder / "spec" / "declaring" / "test_switched_off.py").write_text(CLAIM.replace("ID", id), encoding="utf-8")
    (folder / "spec" / "faults" / "declaring" / "switched_off.py").write_text(FAULT.replace("ID", id), encoding="utf-8")
    return folder


def run(checkout, *words):
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)


def test_it_is_proved_by_its_own_fault(checkout):
    done = run(checkout, "pytest", "-q", "--prove", "spec/declaring/test_switched_off.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 faults, 1 claims, 0 shortcomings" in done.stdout


def test_everything_that_looks_at_claims_stays_green(checkout):
    left_out = f"-k=not ({' or '.join(NOT_OF_CLAIMS)})"
    done = run(checkout, "pytest", "-q", "-p", "no:cacheprovider", left_out, *FOLLOWING)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_record_that_was_made_before_shows_it_as_not_recorded(checkout):
    done = run(checkout, "spec.reporting", "markdown")
    assert done.returncode == 0, done.stderr
    assert "1 – not recorded" in done.stdout
