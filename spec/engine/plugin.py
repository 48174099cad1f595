"""Everything the specification adds to pytest; load it with ``-p``."""

import hypothesis  # noqa: F401 - before torch: it searches all objects for garbage

PARTS = (
    "engine.surroundings",
    "engine.options",
    "engine.garbage",
    "engine.logs",
    "engine.cases",
    "engine.models",
    "engine.collection",
    "engine.lacking",
    "engine.fixtures",
    "engine.schedule",
    "engine.breaking",
    "engine.ending",
    "reporting.plugin",
)
pytest_plugins = [f"{__package__.rpartition('.')[0]}.{part}" for part in PARTS]
