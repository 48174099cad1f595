#!/usr/bin/env bash
# torch 2.13.0: nn.MultiheadAttention never calls its submodule out_proj: it takes out_proj.weight and
# out_proj.bias. An adapter that wraps out_proj, as low-rank adapters wrap a Linear, is in the state dict and in the
# parameters, but its forward never runs, it gets no gradient, and no error says so. The same adapter around linear1
# of an encoder layer works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet 'torch==2.13.0'
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import torch
from torch import nn


class Adapter(nn.Module):
    """A Linear and a trained low-rank addition; passes on what others read of the Linear."""

    def __init__(self, linear):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.down = nn.Linear(linear.in_features, 1, bias=False)
        self.up = nn.Linear(1, linear.out_features, bias=False)
        self.calls = 0

    @property
    def weight(self):
        return self.linear.weight

    @property
    def bias(self):
        return self.linear.bias

    def forward(self, x):
        self.calls += 1
        return self.linear(x) + self.up(self.down(x))


layer = nn.TransformerEncoderLayer(4, 1, 4)
layer.self_attn.out_proj = Adapter(layer.self_attn.out_proj)
layer.linear1 = Adapter(layer.linear1)
assert "self_attn.out_proj.up.weight" in dict(layer.named_parameters())
layer(torch.randn(2, 1, 4)).square().sum().backward()
ignored, used = layer.self_attn.out_proj, layer.linear1
print("seen: forward ran", ignored.calls, "times around out_proj and", used.calls, "times around linear1")
assert (ignored.calls, used.calls) == (0, 1)
assert ignored.up.weight.grad is None
assert used.up.weight.grad is not None
PYTHON
