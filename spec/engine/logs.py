"""Claims log nothing: pytest records no logs of them, unless an option asks for it."""

import pytest

RECORDS_LOGS = "logging-plugin"
"""The name of what does it in pytest."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    plugin = config.pluginmanager.get_plugin(RECORDS_LOGS)
    asked = [name for name, value in vars(config.option).items() if name.startswith("log_") and value]
    if plugin and not asked:
        config.pluginmanager.unregister(plugin)
        plugin.pytest_unconfigure()  # it has opened a file
