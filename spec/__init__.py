"""An executable specification of what ``torch.nn.Module`` does with the values people put on it."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["check"]

if TYPE_CHECKING:
    from .checking.report import check
else:

    def __getattr__(name: str) -> object:
        """``check`` is imported, and torch with it, when it is asked for."""
        if name == "check":
            from .checking import check

            return check
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
