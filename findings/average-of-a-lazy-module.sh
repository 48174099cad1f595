#!/usr/bin/env bash
# torch 2.13.0: torch.optim.swa_utils.AveragedModel takes a lazy module before its first forward, as an optimizer
# does. But its copy stays lazy when the module is initialized, so that the first update_parameters raises
# ValueError, which asks for a dummy batch for the module that has had one. Made after the first forward, the
# average works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet 'torch==2.13.0'
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

model = nn.LazyLinear(2)
early = AveragedModel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
model(torch.ones(1, 3)).sum().backward()
optimizer.step()
late = AveragedModel(model)
late.update_parameters(model)
assert torch.equal(late.module.weight, model.weight)
try:
    early.update_parameters(model)
    raise SystemExit("changed: the average was updated")
except ValueError as error:
    print("seen: ValueError,", str(error)[:80])
    assert "uninitialized parameter" in str(error)
PYTHON
