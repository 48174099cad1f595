#!/usr/bin/env bash
# accelerate: load_checkpoint_in_model(strict=True) says nothing of a parameter that the checkpoint lacks.
#
# Seen with accelerate 1.15.0 and torch 2.13.0. "strict" there looks for keys that the model does not have. A key that the
# file does not have is never reported: the bias stays as the constructor made it, where load_state_dict raises
# RuntimeError for the same file. It prints what both do.
#
# Run it anywhere; it needs bash, python3 (3.10 to 3.13) and pip, and fails where another thing is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet torch==2.13.0 accelerate==1.15.0 numpy==2.4.6
cat >expected <<'TEXT'
accelerate: None [3.0, 3.0]
torch: Missing key(s) in state_dict: "bias".
TEXT
venv/bin/python -W ignore >seen <<'PYTHON'
import torch
from accelerate import load_checkpoint_in_model
from torch import nn

model = nn.Linear(2, 2)
nn.init.constant_(model.bias, 3.0)
torch.save({"weight": torch.zeros(2, 2)}, "model.bin")
print("accelerate:", load_checkpoint_in_model(model, "model.bin", strict=True), model.bias.tolist())
try:
    model.load_state_dict(torch.load("model.bin"), strict=True)
except RuntimeError as error:
    print("torch:", str(error).splitlines()[-1].strip())
PYTHON
cat seen
diff expected seen
