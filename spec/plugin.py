"""Everything the specification adds to pytest; load it with ``-p``."""

PARTS = ("vocabulary.plugin", "reporting.plugin", "yours.plugin", "faults.plugin", "forks")
pytest_plugins = [f"{__package__}.{part}" for part in PARTS]
