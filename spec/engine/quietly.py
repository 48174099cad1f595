"""torch, imported without its warnings, such as of a NumPy that no claim needs: as errors they would prevent it."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch

__all__ = ["torch"]
