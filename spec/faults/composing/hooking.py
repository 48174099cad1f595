"""Break what a hook is given and what becomes of what it returns."""

from torch import nn
from torch.nn.modules import module as modules

CALL = nn.Module._call_impl
PRE, POST = nn.Module.register_forward_pre_hook, nn.Module.register_forward_hook
FULL = nn.Module.register_full_backward_hook


def wrap(patch, register, change):
    """Let each hook that the method ``register`` of a module registers be changed before."""
    name = register.__name__
    patch.setattr(nn.Module, name, lambda self, hook, **options: register(self, change(hook, **options), **options))


def wrap_global(patch, name, change):
    """Let each hook that ``register_module_<name>_hook`` registers be changed before."""
    name = f"register_module_{name}_hook"
    register = getattr(modules, name)
    patch.setattr(modules, name, lambda hook, **options: register(change(hook), **options))


def wrap_calls(patch, call):
    """Let ``call(module, *args, **kwargs)`` be what calling a module does."""
    patch.setattr(nn.Module, "_call_impl", call)
    if nn.Module.__call__ is CALL:
        patch.setattr(nn.Module, "__call__", call)


def silent(hook, **options):
    """``hook``, whose errors nobody hears of."""

    def run(*args):
        try:
            return hook(*args)
        except Exception:
            return None

    return run
