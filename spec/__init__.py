"""An executable specification of what ``torch.nn.Module`` does with the values people put on it."""
