#!/usr/bin/env bash
# torchmetrics: a model that is converted by .to(torch.bfloat16) has a metric that counts to 256 and no further.
#
# Seen with torchmetrics 1.9.0 and torch 2.13.0. .half() and .double() of a metric do nothing, and say so in the
# documentation; .to(dtype) of the model that holds it converts the metric's states all the same. In bfloat16, 256 + 1 is
# 256: the number of samples stands still there, and a sum of ones with it, so that the mean looks right. It prints the
# dtype after each conversion, and the count after 1000 samples.
#
# Run it anywhere; it needs bash, python3 (3.10 to 3.13) and pip, and fails where another thing is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6
cat >expected <<'TEXT'
half: torch.float32
double: torch.float32
to: torch.bfloat16
samples: 256.0 mean: 1.0
TEXT
venv/bin/python -W ignore >seen <<'PYTHON'
import torch
import torchmetrics
from torch import nn

model = nn.Module()
model.metric = torchmetrics.MeanMetric()
print("half:", model.half().metric.weight.dtype)
print("double:", model.double().metric.weight.dtype)
print("to:", model.to(torch.bfloat16).metric.weight.dtype)
for _ in range(1000):
    model.metric.update(1.0)
print("samples:", model.metric.weight.item(), "mean:", model.metric.compute().item())
PYTHON
cat seen
diff expected seen
