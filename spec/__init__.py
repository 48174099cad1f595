"""An executable specification of what ``torch.nn.Module`` does with the values people put on it."""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """``check`` is imported, and torch with it, when it is asked for."""
    if name == "check":
        from .checking import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
