"""An executable specification of what ``torch.nn.Module`` does with the values people put on it."""

__version__ = "0.1.0"
