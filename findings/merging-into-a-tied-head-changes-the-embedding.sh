#!/usr/bin/env bash
# peft: merging a LoRA adapter into a head that is tied to an embedding changes what the model computes.
#
# Seen with peft 0.21.2 and torch 2.13.0. With the adapter beside it, the head is the embedding plus the adapter and the
# embedding is what it was. merge_and_unload adds the adapter to the one tensor that both are, so that the embedding
# changes too, and the merged model computes something else than the adapted one, without an error. It prints whether the
# embedding and the outputs are the same before and after.
#
# Run it anywhere; it needs bash, python3 (3.10 to 3.13) and pip, and fails where another thing is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet torch==2.13.0 peft==0.21.2 numpy==2.4.6
cat >expected <<'TEXT'
adapted, the same embedding: True
merged, the same embedding: False
merged, the same outputs: False
TEXT
venv/bin/python -W ignore >seen <<'PYTHON'
import torch
from peft import LoraConfig, get_peft_model
from torch import nn


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(3, 4)
        self.head = nn.Linear(4, 3, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, index):
        return self.head(self.embedding(index))


torch.manual_seed(0)
model, index = Tied(), torch.tensor([0, 1, 2])
before = model.embedding.weight.detach().clone()
adapted = get_peft_model(model, LoraConfig(target_modules=["head"], r=1))
nn.init.ones_(model.head.lora_B["default"].weight)
expected = adapted(index)
print("adapted, the same embedding:", model.embedding.weight.equal(before))
merged = adapted.merge_and_unload()
print("merged, the same embedding:", merged.embedding.weight.equal(before))
print("merged, the same outputs:", merged(index).allclose(expected))
PYTHON
cat seen
diff expected seen
