"""The module that ``torch.compile`` returns is one around the original: what it holds itself, and what it passes on."""

import copy
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .models import ONES, StateOfEveryKind


@pytest.fixture
def compiled():
    """Compile a module without generating code for it."""
    torch._dynamo.reset()
    return lambda module: torch.compile(module, backend="eager")


REGISTRATIONS = {
    "register_buffer": (lambda wrapper: wrapper.register_buffer("x", torch.ones(3)), "x"),
    "register_parameter": (lambda wrapper: wrapper.register_parameter("x", nn.Parameter(torch.ones(3))), "x"),
    "add_module": (lambda wrapper: wrapper.add_module("x", nn.Linear(1, 1, bias=False)), "x.weight"),
}


@claim("GRAPH-71", source="torch.compile", since="2.1")
@pytest.mark.parametrize("registration", REGISTRATIONS)
def test_what_is_registered_on_a_compiled_wrapper_cannot_be_read_back(compiled, registration):
    """`register_buffer("x", ...)`, `register_parameter` and `add_module` on the wrapper of `torch.compile(module)`
    register on the wrapper alone, without a prefix, and yet reading `wrapper.x` raises `AttributeError`.
    """
    model = StateOfEveryKind()
    wrapper = compiled(model)
    register, key = REGISTRATIONS[registration]
    register(wrapper)
    assert key in wrapper.state_dict()
    assert list(model.state_dict()) == ["p", "f", "b"]
    with pytest.raises(AttributeError, match="'StateOfEveryKind' object has no attribute 'x'"):
        _ = wrapper.x


@claim("GRAPH-72", source="torch.compile", since="2.8")
@pytest.mark.parametrize("value", [nn.Parameter(torch.ones(3)), nn.Linear(1, 1)], ids=["parameter", "module"])
def test_what_is_assigned_to_a_compiled_wrapper_is_registered_on_the_module(compiled, value):
    """A parameter or submodule assigned to the wrapper of `torch.compile(module)`, as in `wrapper.x = parameter`, is
    registered on the module itself, can be read back, and `del wrapper.x` deletes it there."""
    model = StateOfEveryKind()
    wrapper = compiled(model)
    wrapper.x = value
    assert wrapper.x is model.x is value
    assert "x" in {**model._parameters, **model._modules}
    del wrapper.x
    assert not hasattr(model, "x")


@claim("GRAPH-73", source="torch.compile", since="2.1")
def test_get_buffer_of_a_compiled_wrapper_takes_the_name_with_its_prefix(compiled):
    """For a buffer `b` of `module` itself, `get_buffer` on the wrapper `torch.compile(module)` finds `"_orig_mod.b"`
    but raises `AttributeError` for `"b"`. `get_parameter` and `get_submodule` take names with or without this prefix.
    """
    model = StateOfEveryKind()
    model.child = nn.Identity()
    wrapper = compiled(model)
    with pytest.raises(AttributeError, match="`b` is not a buffer"):
        wrapper.get_buffer("b")
    assert wrapper.get_buffer("_orig_mod.b") is model.b
    assert wrapper.get_parameter("p") is wrapper.get_parameter("_orig_mod.p") is model.p
    assert wrapper.get_submodule("child") is wrapper.get_submodule("_orig_mod.child") is model.child


@claim("GRAPH-74", source="torch.compile", since="2.1")
def test_a_hook_registered_on_a_compiled_wrapper_runs_when_the_wrapper_is_called(compiled):
    """A forward hook registered on the wrapper of `torch.compile(module)` is the wrapper's own: it runs when the
    wrapper is called, is given the wrapper, and does not run when the module is called."""
    model, seen = StateOfEveryKind(), []
    wrapper = compiled(model)
    wrapper.register_forward_hook(lambda module, args, output: seen.append(module))
    model(ONES)
    assert seen == []
    wrapper(ONES)
    assert len(seen) == 1
    assert seen[0] is wrapper
    assert len(model._forward_hooks) == 0


@claim("GRAPH-75", source="torch.compile", since="2.1")
def test_compiling_a_compiled_wrapper_returns_a_function(compiled):
    """`torch.compile` of a wrapper that `torch.compile(module)` returned gives a function that computes the same and is
    no `nn.Module`, so that it has no `state_dict()`.
    """
    model = StateOfEveryKind()
    wrapper = compiled(model)
    twice = compiled(wrapper)
    assert isinstance(wrapper, nn.Module)
    assert not isinstance(twice, nn.Module)
    assert not hasattr(twice, "state_dict")
    assert twice(ONES).tolist() == model(ONES).tolist()


@claim("GRAPH-76", source="torch.compile", since="2.1")
def test_a_compiled_submodule_adds_its_prefix_to_the_names_of_its_parent(compiled):
    """Replacing a submodule with its `torch.compile` wrapper puts `"_orig_mod."` into the keys of its parent, for whose
    earlier checkpoint a load then raises `RuntimeError`; compiling the submodule in place by `compile()` keeps the
    keys.
    """
    replaced, in_place = nn.Sequential(nn.Linear(1, 1)), nn.Sequential(nn.Linear(1, 1))
    checkpoint = replaced.state_dict()
    replaced[0] = compiled(replaced[0])
    in_place[0].compile(backend="eager")
    assert list(replaced.state_dict()) == ["0._orig_mod.weight", "0._orig_mod.bias"]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "0\._orig_mod\.weight"'):
        replaced.load_state_dict(checkpoint)
    in_place.load_state_dict(checkpoint)
    assert in_place[0].weight.tolist() == checkpoint["0.weight"].tolist()


@claim("GRAPH-77", source="torch.compile", since="2.1")
def test_a_deepcopy_of_a_compiled_wrapper_wraps_a_copy_of_the_module(compiled):
    """A `copy.deepcopy` of the wrapper of `torch.compile(module)` is a wrapper around a copy of the module: changing
    one does not change what the other computes."""
    model = StateOfEveryKind()
    wrapper = compiled(model)
    before = wrapper(ONES).tolist()
    duplicate = copy.deepcopy(wrapper)
    assert type(duplicate) is type(wrapper)
    assert duplicate._orig_mod is not model
    nn.init.constant_(duplicate.p, 2.0)
    assert duplicate(ONES).tolist() == [value + 1 for value in before]
    assert wrapper(ONES).tolist() == before


@claim("GRAPH-78", source="torch.compile", since="2.4")
def test_a_pickled_compiled_wrapper_is_a_wrapper_again(compiled):
    """`pickle` of the wrapper of `torch.compile(module)` gives a wrapper around a module with the same values, so that
    whoever loads a whole compiled model from a file gets a compiled one.
    """
    model = StateOfEveryKind()
    loaded = pickle.loads(pickle.dumps(compiled(model)))
    assert type(loaded).__name__ == "OptimizedModule"
    assert list(loaded.state_dict()) == ["_orig_mod.p", "_orig_mod.f", "_orig_mod.b"]
    assert loaded._orig_mod.p.tolist() == model.p.tolist()


@claim("GRAPH-79", source="torch.compile", since="2.1")
def test_a_compiled_wrapper_is_no_instance_of_the_class_of_the_module(compiled):
    """`isinstance(torch.compile(module), cls)` is False for the module's own class and True for `nn.Module`; for a
    module compiled in place by `compile()` both are True."""
    model, in_place = StateOfEveryKind(), StateOfEveryKind()
    wrapper = compiled(model)
    in_place.compile(backend="eager")
    assert not isinstance(wrapper, StateOfEveryKind)
    assert isinstance(wrapper, nn.Module)
    assert isinstance(in_place, StateOfEveryKind)


@claim("GRAPH-80", source="torch.compile", since="2.5")
def test_the_mode_of_a_compiled_wrapper_is_that_of_the_module(compiled):
    """`training` of the wrapper of `torch.compile(module)` is the module's own: `eval()` and `train()` on either set it
    for both."""
    model = nn.Sequential(nn.Dropout())
    wrapper = compiled(model)
    wrapper.eval()
    assert (model.training, model[0].training, wrapper.training) == (False, False, False)
    model.train()
    assert (model.training, model[0].training, wrapper.training) == (True, True, True)
