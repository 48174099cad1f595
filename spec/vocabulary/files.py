"""Through a file and back."""

import io

import torch


def from_file(thing: object, **options) -> object:
    """What ``torch.load(file, **options)`` returns of a file to which ``torch.save(thing, file)`` wrote."""
    file = io.BytesIO()
    torch.save(thing, file)
    file.seek(0)
    return torch.load(file, **options)
