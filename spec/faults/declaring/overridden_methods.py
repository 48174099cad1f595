"""Faults in what a module has a say in that overrides a method."""

from torch import nn

from .. import fault

GOING_BY = {
    "parameters": ("named_parameters", lambda listed: [parameter for _, parameter in listed]),
    "buffers": ("named_buffers", lambda listed: [buffer for _, buffer in listed]),
    "children": ("named_children", lambda listed: [child for _, child in listed]),
    "modules": ("named_modules", lambda listed: [module for _, module in listed]),
}


@fault("ENUM-48")
def a_listing_without_names_is_not_asked_of_the_one_with_names(patch):
    for method, (listing, without_names) in GOING_BY.items():
        named = getattr(nn.Module, listing)

        def unnamed(self, *args, named=named, without_names=without_names, **kwargs):
            yield from without_names(named(self, *args, **kwargs))

        patch.setattr(nn.Module, method, unnamed)


@fault("ENUM-48")
def a_mode_reaches_children_that_a_module_does_not_list(patch):
    def train(self, mode=True):
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for child in nn.Module.children(self):
            child.train(mode)
        return self

    patch.setattr(nn.Module, "train", train)


@fault("ENUM-49")
def named_modules_asks_no_submodule(patch):
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        memo = set() if memo is None else memo
        if self not in memo:
            if remove_duplicate:
                memo.add(self)
            yield prefix, self
            for name, child in self._modules.items():
                if child is not None:
                    path = f"{prefix}.{name}" if prefix else name
                    yield from nn.Module.named_modules(child, memo, path, remove_duplicate)

    patch.setattr(nn.Module, "named_modules", named_modules)


@fault("ENUM-50")
def apply_asks_no_submodule(patch):
    def apply(self, fn):
        for child in self.children():
            nn.Module.apply(child, fn)
        fn(self)
        return self

    patch.setattr(nn.Module, "apply", apply)
