"""What is built: what is in the source and in the wheel, and that it runs from any folder without leaving a trace."""

import ast
import compileall
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest

from .. import facts

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10; pytest brings it along
    import tomli as tomllib

PACKAGE = Path(__file__).parent.parent
ROOT = PACKAGE.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
KINDS = {".py", ".toml", ".json", ".j2", ".pt", ".txt", ".typed"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that is built from the source distribution, which lies beside it."""
    source = tmp_path_factory.mktemp("source")
    copytree(PACKAGE, source / "spec", ignore=ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        copy(ROOT / name, source)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", source / "dist", source]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = (source / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder that holds what pip installs from the wheel: its files and their bytecode."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    assert compileall.compile_dir(folder, quiet=1)
    return folder


def run(installed, *arguments, cwd):
    """Run the installed specification in ``cwd``."""
    return subprocess.run(
        [sys.executable, "-m", "module_state_spec", "-q", "-p", "no:randomly", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_wheel_holds_the_specification_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as file:
        held = {name for name in file.namelist() if ".dist-info/" not in name}
    expected = {
        f"module_state_spec/{name}"
        for name in files(wheel.parent.parent / "spec")
        if Path(name).suffix in KINDS and not {"selftest", "__pycache__"} & set(Path(name).parts)
    }
    assert held == expected


def test_the_source_distribution_says_what_changed_and_under_which_licence(wheel):
    (path,) = wheel.parent.glob("*.tar.gz")
    with tarfile.open(path) as file:
        held = {name.partition("/")[2] for name in file.getnames()}
    assert {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"} <= held


def test_the_wheel_is_content_with_every_torch_from_1_13_on():
    assert PROJECT["project"]["dependencies"][:3] == ["torch>=1.13", "pytest>=9", "hypothesis"]


def test_nothing_but_the_dependencies_and_the_standard_library_is_imported_by_it():
    declared = {re.match(r"[a-z0-9]+", line)[0] for line in PROJECT["project"]["dependencies"]}
    shown_where_installed = {library["module"].partition(".")[0] for library in facts.load("libraries.json")}
    added = {"_pytest", "tomllib"}  # pytest's, of whose failures the classes have no other name; Python's from 3.11 on
    allowed = {*sys.stdlib_module_names, *added, *declared, *shown_where_installed}
    imported = {
        (name, path.relative_to(PACKAGE).as_posix())
        for path in PACKAGE.rglob("*.py")
        if "selftest" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in imports(node)
    }
    assert {(name, path) for name, path in imported if name not in allowed} == set()


def imports(node):
    """The names of the packages that a statement imports."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and not node.level:
        return {node.module.partition(".")[0]}
    return set()


def test_an_installed_run_is_configured_as_a_run_of_the_checkout():
    here = dict(PROJECT["tool"]["pytest"])
    there = dict(tomllib.loads((PACKAGE / "engine" / "installed.toml").read_text(encoding="utf-8"))["tool"]["pytest"])
    assert [f"spec/{path}" for path in there.pop("testpaths")] == here.pop("testpaths")
    assert there.pop("addopts") == ["-p", "no:cacheprovider", *here.pop("addopts")]
    assert there == here


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A folder with a project of its own, whose configuration is no business of the specification."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (folder / "conftest.py").write_text("raise RuntimeError('a conftest of another project')\n")
    return folder


def test_without_a_path_it_runs_every_chapter(installed, elsewhere):
    done = run(installed, "--collect-only", cwd=elsewhere)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    collected = {line.partition("/")[0] for line in done.stdout.splitlines() if "::" in line}
    folders = [ROOT / path for path in PROJECT["tool"]["pytest"]["testpaths"]]
    assert collected == {folder.name for folder in folders if any(folder.glob("test_*.py"))}


def test_it_runs_in_any_folder_and_leaves_nothing_there_nor_in_the_installation(installed, elsewhere):
    before = files(installed), files(elsewhere)
    broken = ["--fault", "a-move-rounds-to-half-precision", "--device", "cpu"]
    done = run(installed, "moving/test_moves.py", "--claims", *broken, cwd=elsewhere)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "✗ FAILS        observed      MOVE-32" in done.stdout
    shown = "Run it again: python -m module_state_spec -p no:randomly --device=cpu MOVE-32"
    assert shown in done.stdout
    assert (files(installed), files(elsewhere)) == before
