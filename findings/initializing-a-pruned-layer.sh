#!/usr/bin/env bash
# torch 2.13.0: nn.init on the weight of a layer that torch.nn.utils.prune has pruned does what it says, for one
# moment: it fills the product that the last forward left, pruned entries too, and the next forward computes the old
# weight again. To initialize the layer, nn.init has to be given weight_orig, which nothing says.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet 'torch==2.13.0'
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import torch
from torch import nn
from torch.nn.utils import prune

layer = nn.Linear(2, 2, bias=False)
prune.l1_unstructured(layer, "weight", amount=2)
before = layer.weight.tolist()
nn.init.ones_(layer.weight)
assert layer.weight.tolist() == [[1.0, 1.0], [1.0, 1.0]]
layer(torch.ones(1, 2))
print("seen: the weight is all ones after nn.init.ones_, and", layer.weight.tolist(), "after the next forward")
assert layer.weight.tolist() == before
nn.init.ones_(layer.weight_orig)
layer(torch.ones(1, 2))
assert sorted(layer.weight.flatten().tolist()) == [0.0, 0.0, 1.0, 1.0]
PYTHON
