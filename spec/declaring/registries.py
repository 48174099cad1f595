"""In which registry a module keeps the value called ``x``, and what a change makes of it."""

from collections.abc import Callable

import torch
from torch import nn

from ..vocabulary import Kind

NOTHING = Kind("nothing", lambda m, name, t: None)
NONE = Kind("None", lambda m, name, t: setattr(m, name, None))
MODULE = Kind("module", lambda m, name, t: setattr(m, name, nn.Identity()))
EMPTY_PARAMETER = Kind("None as parameter", lambda m, name, t: m.register_parameter(name, None))
EMPTY_BUFFER = Kind("None as buffer", lambda m, name, t: m.register_buffer(name, None))
EMPTY_MODULE = Kind("None as module", lambda m, name, t: m.add_module(name, None))


def kept_as(module: nn.Module) -> str:
    """Where ``module`` keeps ``x``, such as ``non-persistent buffer``; everything that applies, or ``nothing``."""
    registries = {
        "non-persistent": module._non_persistent_buffers_set,
        "parameter": module._parameters,
        "buffer": module._buffers,
        "module": module._modules,
        "plain attribute": vars(module),
    }
    found = [name for name, names in registries.items() if "x" in names]
    empty = ["(None)"] if found and module.x is None else []
    return " ".join(found + empty) or "nothing"


def outcome(change: Callable[[nn.Module, str, torch.Tensor], None], module: nn.Module) -> str:
    """What ``change(module, "x", tensor)`` leads to: where ``x`` is kept afterwards, or the type of the error.

    An error after which ``x`` is not as it was, and a change that leaves the old value, say so.
    """
    missing = torch.Size()
    kept, value = kept_as(module), getattr(module, "x", missing)
    try:
        change(module, "x", torch.zeros(4))
    except (TypeError, KeyError) as error:
        unchanged = kept_as(module) == kept and getattr(module, "x", missing) is value
        return type(error).__name__ if unchanged else f"{type(error).__name__} and {kept_as(module)}"
    replaced = module.x is None or module.x is not value
    return kept_as(module) if replaced else f"still the old {kept_as(module)}"
