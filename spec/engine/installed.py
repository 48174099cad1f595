"""What makes ``python -m module_state_spec`` at home in any folder: its arguments name what lies in the package."""

from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Load the specification after the plugins that are installed, so that it sees which options they have."""
    early_config.pluginmanager.import_plugin(f"{__package__}.plugin")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Run the chapters where no test is named, and find a test that is named as the reports name it.

    The first argument is the package: where pytest is given a path that exists, it asks no ``conftest.py`` of the
    current folder.
    """
    _, *named = config.args
    config.args = [located(argument) for argument in named or config.getini("testpaths")]


def located(argument: str) -> str:
    """The path of a test that the package holds; any other argument as it is."""
    inside = PACKAGE / argument
    return str(inside) if Path(str(inside).partition("::")[0]).exists() else argument
