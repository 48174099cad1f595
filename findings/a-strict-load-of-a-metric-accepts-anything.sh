#!/usr/bin/env bash
# torchmetrics: a strict load into a persistent metric reports neither what is missing nor what has another shape.
#
# Seen with torchmetrics 1.9.0 and torch 2.13.0. A confusion matrix of four classes takes the state of one of three
# classes, by load_state_dict(strict=True), and has three rows from then on; an empty state dict is accepted too, where
# any nn.Module with a buffer raises RuntimeError. It prints what the loads return and the shape afterwards.
#
# Run it anywhere; it needs bash, python3 (3.10 to 3.13) and pip, and fails where another thing is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6
cat >expected <<'TEXT'
<All keys matched successfully> (3, 3)
<All keys matched successfully>
TEXT
venv/bin/python -W ignore >seen <<'PYTHON'
import torch
from torchmetrics.classification import MulticlassConfusionMatrix

of_three, of_four = MulticlassConfusionMatrix(3), MulticlassConfusionMatrix(4)
of_three.persistent(True)
of_four.persistent(True)
of_three.update(torch.tensor([0, 1, 2]), torch.tensor([0, 1, 1]))
print(of_four.load_state_dict(of_three.state_dict(), strict=True), tuple(of_four.confmat.shape))
print(of_four.load_state_dict({}, strict=True))
PYTHON
cat seen
diff expected seen
