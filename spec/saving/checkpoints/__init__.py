"""Small checkpoints that two far apart releases of torch wrote, which every release has to read.

Each release wrote, by ``python -m spec.saving.checkpoints`` from the root of the project, the files of
its number:

* ``state-dict-RELEASE.pt``: the state dict of the module that ``build()`` makes, taken with ``keep_vars=True``;
* ``module-RELEASE.pt``: that module itself, pickled as a whole.
"""

from pathlib import Path

import torch
from torch import nn

FOLDER = Path(__file__).parent


def build() -> nn.Module:
    """A Linear whose weight is frozen, a BatchNorm that counted to 3, and a non-persistent buffer ``x`` of sevens."""
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    for position, value in enumerate(module.state_dict().values()):
        value.fill_(position)
    module[0].weight.requires_grad_(False)
    module[1].num_batches_tracked.fill_(3)
    module.register_buffer("x", torch.full((2,), 7.0), persistent=False)
    return module.eval()


def write() -> None:
    """Write the files of the installed release."""
    release = torch.__version__.partition("+")[0]
    torch.save(build().state_dict(keep_vars=True), FOLDER / f"state-dict-{release}.pt")
    torch.save(build(), FOLDER / f"module-{release}.pt")
