"""Everything the specification adds to pytest; load it with ``-p``."""

pytest_plugins = [f"{__package__}.vocabulary.plugin", f"{__package__}.reporting.plugin"]
