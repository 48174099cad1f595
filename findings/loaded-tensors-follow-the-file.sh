#!/usr/bin/env bash
# safetensors: tensors of load_file are windows on the file, in one direction.
#
# Seen with safetensors 0.8.0 and torch 2.13.0, on Linux. What another program writes into the bytes of the file shows in
# the tensors that were loaded before; what is written into the tensors does not reach the file. A checkpoint that is
# rewritten in place, and not by a rename, changes models that were loaded from it. It prints the loaded tensor after
# the file was changed, and what is read anew after the tensor was.
#
# Run it anywhere; it needs bash, python3 (3.10 to 3.13) and pip, and fails where another thing is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet torch==2.13.0 safetensors==0.8.0 numpy==2.4.6 packaging==25.0
cat >expected <<'TEXT'
the file was changed: [1.0, 2.0, 3.0]
the tensor was changed: [1.0, 2.0, 3.0]
TEXT
venv/bin/python -W ignore >seen <<'PYTHON'
import struct

import torch
from safetensors.torch import load_file, save_file

save_file({"x": torch.zeros(3)}, "a.safetensors")
loaded = load_file("a.safetensors")["x"]
with open("a.safetensors", "r+b") as file:
    file.seek(-12, 2)
    file.write(struct.pack("<3f", 1, 2, 3))
print("the file was changed:", loaded.tolist())
loaded.fill_(7)
print("the tensor was changed:", load_file("a.safetensors")["x"].tolist())
PYTHON
cat seen
diff expected seen
