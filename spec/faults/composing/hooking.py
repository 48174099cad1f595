"""Break what a hook is given and what becomes of what it returns."""

from functools import wraps

CALL = "torch.nn.Module.__call__"
PRE, POST = "torch.nn.Module.register_forward_pre_hook", "torch.nn.Module.register_forward_hook"
FULL = "torch.nn.Module.register_full_backward_hook"
GLOBAL_PRE = "torch.nn.modules.module.register_module_forward_pre_hook"
GLOBAL_POST = "torch.nn.modules.module.register_module_forward_hook"
GLOBAL_FULL = "torch.nn.modules.module.register_module_full_backward_hook"


def calling(broken):
    """The registration of hooks, by a method or globally, each of which is called by ``broken(hook, *args)``."""

    @wraps(broken)
    def register(original, *args, **options):
        *module, hook = args
        return original(*module, lambda *args: broken(hook, *args), **options)

    return register
