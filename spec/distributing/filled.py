"""A module that another process fills; that process imports torch and this package, and no pytest."""

import torch

from .ranks import State


class Held(State):
    """State of every kind, a gradient, and plain tensors in a list and in a dict."""

    def __init__(self):
        super().__init__(0)
        self.l = [torch.zeros(4)]
        self.d = {"x": torch.zeros(4)}
        self.p.grad = torch.full((4,), 3.0)
        self.number = 0

    def everything(self):
        return {name: getattr(self, name) for name in "pfbnt"} | {"l": self.l[0], "d": self.d["x"]}


@torch.no_grad()
def fill(module, pipe):
    """What the child finds, and then it fills every tensor, and rebinds a buffer and a number."""
    found = {"grad": module.p.grad is not None, "shared": [x.is_shared() for x in module.everything().values()]}
    for tensor in module.everything().values():
        tensor.fill_(7)
    module.number = 7
    module.b = torch.full((4,), 9.0)
    pipe.send(found)
