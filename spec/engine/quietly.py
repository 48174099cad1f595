"""torch, imported without a word about a NumPy that no claim needs: where warnings are errors, it could not be."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch

__all__ = ["torch"]
