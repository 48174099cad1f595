"""Faults in what a module has a say in that overrides a method."""

from torch import nn

from .. import fault

UNNAMED = tuple(f"torch.nn.Module.{name}" for name in ("parameters", "buffers", "children", "modules"))


@fault("ENUM-48", breaks=UNNAMED)
def a_listing_without_names_is_not_asked_of_the_one_with_names(original, self, *args, **kwargs):
    """`parameters()`, `buffers()`, `children()` and `modules()` don't call the named method that a class overrides."""
    yield from (value for _, value in getattr(nn.Module, f"named_{original.__name__}")(self, *args, **kwargs))


@fault("ENUM-48", breaks="torch.nn.Module.train")
def a_mode_reaches_children_that_a_module_does_not_list(original, self, mode=True):
    """`train()` reaches submodules that an overridden `named_children()` leaves out."""
    if not isinstance(mode, bool):
        raise ValueError("training mode is expected to be boolean")
    self.training = mode
    for child in nn.Module.children(self):
        child.train(mode)
    return self


@fault("ENUM-49", breaks="torch.nn.Module.named_modules")
def named_modules_asks_no_submodule(original, self, memo=None, prefix="", remove_duplicate=True):
    """`named_modules()` doesn't call a `named_modules()` that a submodule overrides."""
    memo = set() if memo is None else memo
    if self not in memo:
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from nn.Module.named_modules(child, memo, path, remove_duplicate)


@fault("ENUM-50", breaks="torch.nn.Module.apply")
def apply_asks_no_submodule(original, self, fn):
    """`apply()` doesn't call an `apply()` that a submodule overrides."""
    for child in self.children():
        nn.Module.apply(child, fn)
    fn(self)
    return self
