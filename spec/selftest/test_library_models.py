"""The models of libraries that `tox -e models` checks: which they are, and what is known of them."""

import ast
import inspect
from pathlib import Path

from ..checking.excuses import read_excuses
from . import library_models

try:
    import tomllib
except ModuleNotFoundError:
    import tomli as tomllib

HERE = Path(__file__).parent
FACTORIES = {name: made for name, made in vars(library_models).items() if inspect.isfunction(made)}


def tox():
    file = HERE.parent.parent / "pyproject.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))["tool"]["tox"]["env"]["models"]


def libraries(factory):
    """The libraries that a factory imports, other than torch."""
    nodes = list(ast.walk(ast.parse(inspect.getsource(factory))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names} - {"torch"}


def test_every_factory_is_checked():
    checked = [argument for argument in tox()["commands"][1] if argument.startswith("spec.selftest.library_models:")]
    assert [name.partition(":")[2] for name in checked] == list(FACTORIES)


def test_there_are_24_models_of_ten_libraries():
    assert len(FACTORIES) >= 24
    assert len(set.union(*map(libraries, FACTORIES.values()))) >= 10


def test_every_known_finding_has_its_reason():
    excuses = read_excuses(str(HERE / "library_excuses.toml"))
    assert excuses
    assert all(":" in excuse.pattern and excuse.reason.partition(":")[2].strip() for excuse in excuses)
