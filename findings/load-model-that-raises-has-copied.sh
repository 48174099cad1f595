#!/usr/bin/env bash
# safetensors: a strict load_model that raises has already copied what it found.
#
# Seen with safetensors 0.8.0 and torch 2.13.0. A model with two tied layers is saved by save_model: the file has one
# of the two names. load_model into a model of the same layers without the tie raises RuntimeError, "Missing key(s)", as
# it should; but the first layer has the values of the file by then, and the second its own. Who catches the error and
# goes on with "the model as it was" has half of each. It prints the error and the two layers.
#
# Run it anywhere; it needs bash, python3 (3.10 to 3.13) and pip, and fails where another thing is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet torch==2.13.0 safetensors==0.8.0 numpy==2.4.6 packaging==25.0
cat >expected <<'TEXT'
RuntimeError Missing key(s) in state_dict: "1.weight"
[[[1.0, 1.0]], [[0.0, 0.0]]]
TEXT
venv/bin/python -W ignore >seen <<'PYTHON'
import torch
from safetensors.torch import load_model, save_model
from torch import nn


def two_layers(value):
    model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Linear(2, 1, bias=False))
    for layer in model:
        nn.init.constant_(layer.weight, value)
    return model


tied = two_layers(1.0)
tied[1].weight = tied[0].weight
save_model(tied, "model.safetensors")
untied = two_layers(0.0)
try:
    load_model(untied, "model.safetensors", strict=True)
except RuntimeError as error:
    print(type(error).__name__, str(error).splitlines()[-1].strip())
print([layer.weight.tolist() for layer in untied])
PYTHON
cat seen
diff expected seen
