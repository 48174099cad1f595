"""Everything the specification adds to pytest; load it with ``-p``.

To look through torch's objects for garbage, again and again, would take a tenth of a run.
"""

import gc

gc.disable()

import hypothesis  # noqa: E402, F401 - before torch: it looks for garbage too
import torch  # noqa: E402, F401

gc.collect()
gc.freeze()
gc.enable()

PARTS = ("vocabulary.plugin", "reporting.plugin", "yours.plugin", "faults.plugin", "forks")
pytest_plugins = [f"{__package__}.{part}" for part in PARTS]
