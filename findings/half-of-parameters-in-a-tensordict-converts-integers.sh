#!/usr/bin/env bash
# tensordict: .half() of a TensorDictParams converts integers, and .half() of the module that holds it does not.
#
# Seen with tensordict 0.15.3 and torch 2.13.0. The floats of a TensorDictParams are parameters and its integers are
# buffers. Its own .half() returns a new one in which the integers are float16 too, so that a count of 70000 is infinite;
# nn.Module.half() of the module that holds it converts the floats alone, in place. It prints the dtypes and the count.
#
# Run it anywhere; it needs bash, python3 (3.10 to 3.13) and pip, and fails where another thing is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet torch==2.13.0 tensordict==0.15.3 numpy==2.4.6
cat >expected <<'TEXT'
its own: torch.float16 torch.float16 inf
the module's: torch.float16 torch.int64 70000
TEXT
venv/bin/python -W ignore >seen <<'PYTHON'
import torch
from tensordict import TensorDict, TensorDictParams
from torch import nn

params = TensorDictParams(TensorDict({"weight": torch.ones(2), "count": torch.tensor(70000)}))
halved = params.half()
print("its own:", halved["weight"].dtype, halved["count"].dtype, halved["count"].item())
module = nn.Module()
module.params = params
module.half()
print("the module's:", module.params["weight"].dtype, module.params["count"].dtype, module.params["count"].item())
PYTHON
cat seen
diff expected seen
