"""``check``: what a module holds, tensor by tensor, and what will go wrong with it, each finding with its claims.

``check(model_or_factory)`` gives a report; ``python -m module_state_spec check package.module:factory`` shows it.
Nothing here runs a forward or a training, and torch is imported only when something is checked.
"""

__all__ = ["check"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from . import report

        return getattr(report, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
