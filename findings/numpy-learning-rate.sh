#!/usr/bin/env bash
# torch 2.13.0 with numpy 2.3.5: an optimizer takes a NumPy scalar as its learning rate, such as np.geomspace gives,
# and saves it as such. The checkpoint of that optimizer then raises pickle.UnpicklingError in torch.load with its
# default weights_only=True, which names numpy's scalar, while the module's own checkpoint loads. With
# lr=float(rate) it loads.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet 'torch==2.13.0' 'numpy==2.3.5'
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import io
import pickle

import numpy as np
import torch


def from_file(thing):
    file = io.BytesIO()
    torch.save(thing, file)
    file.seek(0)
    return torch.load(file)


model = torch.nn.Linear(1, 1)
rate = np.geomspace(0.1, 0.001, 3)[0]
optimizer = torch.optim.SGD(model.parameters(), lr=rate)
assert isinstance(optimizer.state_dict()["param_groups"][0]["lr"], np.float64)
from_file(model.state_dict())
try:
    from_file(optimizer.state_dict())
    raise SystemExit("changed: the checkpoint loads")
except pickle.UnpicklingError as error:
    assert "numpy" in str(error) and "scalar" in str(error), error
    print("seen: UnpicklingError,", [line for line in str(error).splitlines() if "numpy" in line][0].strip()[:100])
plain = torch.optim.SGD(model.parameters(), lr=float(rate))
assert from_file(plain.state_dict())["param_groups"][0]["lr"] == float(rate)
PYTHON
