"""What a module has a say in that overrides a method: which other methods go by it."""

import pytest
from torch import nn

from ..vocabulary import ToyModel3, claim

GOING_BY = {  # a method, and the listing that it goes by
    "parameters": (lambda model: list(model.parameters()), "named_parameters"),
    "buffers": (lambda model: list(model.buffers()), "named_buffers"),
    "children": (lambda model: list(model.children()), "named_children"),
    "modules": (lambda model: list(model.modules()), "named_modules"),
    "named_parameters": (lambda model: list(model.named_parameters()), "named_modules"),
    "named_buffers": (lambda model: list(model.named_buffers()), "named_modules"),
    "requires_grad_": (lambda model: model.requires_grad_(False), "parameters"),
    "zero_grad": (lambda model: model.zero_grad(), "parameters"),
    "train": (lambda model: model.train(), "children"),
    "apply": (lambda model: model.apply(lambda module: None), "children"),
    "double": (lambda model: model.double(), "children"),
}


@claim("ENUM-48", source="torch.nn.Module.named_parameters")
@pytest.mark.parametrize("method", GOING_BY)
def test_methods_follow_the_listing_that_a_module_overrides(method):
    """Overriding a listing changes the methods built on it: `parameters()` calls `named_parameters()`; `zero_grad()`
    and `requires_grad_()` call `parameters()`; `train()`, `apply()` and `double()` call `children()`.

    Likewise `buffers()`, `children()` and `modules()` call their named siblings, and `named_parameters()` and
    `named_buffers()` call `named_modules()`.
    """
    call, listing = GOING_BY[method]
    asked = []

    class Listing(ToyModel3):
        pass

    setattr(Listing, listing, lambda self, *args, **kwargs: asked.append(listing) or iter(()))
    call(Listing(5, 10))
    assert asked == [listing]


@claim("ENUM-49", source="torch.nn.Module.named_modules")
def test_named_parameters_follows_the_named_modules_of_submodules_and_not_their_named_parameters():
    """A module's `named_parameters()` follows a submodule's overridden `named_modules()` and ignores its overridden
    `named_parameters()`; `state_dict()` ignores both.
    """

    class Grouped(nn.Linear):
        def named_modules(self, memo=None, prefix="", remove_duplicate=True):
            yield f"{prefix}.group", self

        def named_parameters(self, *args, **kwargs):
            yield "hidden", self.weight

    model = nn.Sequential(Grouped(2, 3))
    assert [name for name, _ in model.named_modules()] == ["", "0.group"]
    assert [name for name, _ in model.named_parameters()] == ["0.group.weight", "0.group.bias"]
    assert [name for name, _ in model[0].named_parameters()] == ["hidden"]
    assert list(model.state_dict()) == ["0.weight", "0.bias"]


@claim("ENUM-50", source="torch.nn.Module.apply")
def test_apply_calls_the_overridden_apply_of_a_submodule():
    """`model.apply(fn)` calls `apply` of each submodule, so a submodule that overrides `apply` decides whether `fn`
    reaches the modules below it.
    """

    class Closed(nn.Sequential):
        def apply(self, fn):
            fn(self)
            return self

    model, reached = nn.Sequential(Closed(nn.ReLU()), nn.Sequential(nn.Tanh())), []
    model.apply(reached.append)
    assert reached == [model[0], model[1][0], model[1], model]
