#!/usr/bin/env bash
# torch 2.13.0 with numpy 2.3.5: parameters that load_state_dict(assign=True) takes from np.load(mmap_mode="r+") by
# way of torch.from_numpy are the file: each step of an optimizer writes into the .npy file, without a warning. With
# mmap_mode="c", which is copy-on-write, the file stays, as it does with torch.load(mmap=True).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet 'torch==2.13.0' 'numpy==2.3.5'
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import torch
from torch import nn

for mode, expected in (("r+", [[-1.0, -1.0]]), ("c", [[0.0, 0.0]])):
    np.save("weight.npy", np.zeros((1, 2), dtype=np.float32))
    model = nn.Linear(2, 1, bias=False)
    model.load_state_dict({"weight": torch.from_numpy(np.load("weight.npy", mmap_mode=mode))}, assign=True)
    model(torch.ones(1, 2)).sum().backward()
    torch.optim.SGD(model.parameters(), lr=1.0).step()
    assert model.weight.tolist() == [[-1.0, -1.0]]
    found = np.load("weight.npy").tolist()
    print(f"seen: after one step the file that was mapped with {mode!r} holds {found}")
    assert found == expected, found
PYTHON
