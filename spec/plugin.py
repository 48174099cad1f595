"""Everything the specification adds to pytest; load it with ``-p``."""

pytest_plugins = [f"{__package__}.{part}.plugin" for part in ("vocabulary", "reporting", "yours", "faults")]
