#!/usr/bin/env bash
# torch 2.13.0: module.share_memory() followed by load_state_dict(assign=True), as a worker that resumes may do,
# leaves the module in memory of its own without a word: is_shared() is False again, and what another process
# changes no longer arrives. A load without assign keeps it shared.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet 'torch==2.13.0'
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import torch
from torch import nn

copied, assigned = nn.Linear(2, 2).share_memory(), nn.Linear(2, 2).share_memory()
checkpoint = nn.Linear(2, 2).state_dict()
copied.load_state_dict(checkpoint)
result = assigned.load_state_dict(checkpoint, assign=True)
print("seen:", result)
print("seen: is_shared() is", copied.weight.is_shared(), "without assign,", assigned.weight.is_shared(), "with")
assert copied.weight.is_shared()
assert not assigned.weight.is_shared()
PYTHON
