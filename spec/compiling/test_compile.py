"""What ``torch.compile`` makes of a module: a wrapper without state of its own.

On Python 3.11 torch compiles since 2.1.
"""

import copy
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, NON_PERSISTENT_BUFFER, PARAMETER, PLAIN_TENSOR, PLAIN_VALUE, TENSORS, ToyModel3, claim
from .models import ONES, AddsX, ChangesXInPlace, RebindsX, StateOfEveryKind

COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda module: pickle.loads(pickle.dumps(module))}


@pytest.fixture
def compiled():
    """Compile a module without generating code for it."""
    torch._dynamo.reset()
    return lambda module: torch.compile(module, backend="eager")


@claim("GRAPH-05", source="torch.compile", since="2.1")
def test_the_names_of_a_compiled_module_begin_with_orig_mod(compiled):
    """The wrapper that `torch.compile(module)` returns puts `"_orig_mod."` before each of the module's names in
    `state_dict()`, `named_parameters()` and `named_buffers()`; the module's own names stay."""
    model = StateOfEveryKind()
    wrapper = compiled(model)
    assert list(wrapper.state_dict()) == ["_orig_mod.p", "_orig_mod.f", "_orig_mod.b"]
    assert [name for name, _ in wrapper.named_parameters()] == ["_orig_mod.p", "_orig_mod.f"]
    assert [name for name, _ in wrapper.named_buffers()] == ["_orig_mod.b", "_orig_mod.n"]
    assert list(model.state_dict()) == ["p", "f", "b"]


@claim("GRAPH-34", source="torch.compile", since="2.1")
def test_a_module_does_not_load_the_state_dict_of_its_compiled_wrapper(compiled):
    """A module's `load_state_dict()` raises `RuntimeError` for the state dict of its `torch.compile` wrapper, whose
    keys begin with `"_orig_mod."`; with `strict=False` it loads nothing."""
    model = StateOfEveryKind()
    checkpoint = {name: value * 2 for name, value in compiled(model).state_dict().items()}
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "_orig_mod\.p"'):
        model.load_state_dict(checkpoint)
    result = model.load_state_dict(checkpoint, strict=False)
    assert result.missing_keys == ["p", "f", "b"]
    assert result.unexpected_keys == ["_orig_mod.p", "_orig_mod.f", "_orig_mod.b"]
    assert model.p.tolist() == [1, 1, 1]


@claim("GRAPH-35", source="torch.nn.Module.compile", since="2.1")
def test_a_module_that_is_compiled_in_place_keeps_its_names():
    """`module.compile()` compiles a module in place and returns None: its class and its names in `state_dict()` stay,
    and a buffer that `forward` changes is still its own."""
    torch._dynamo.reset()
    model = ChangesXInPlace()
    model.register_buffer("x", torch.zeros(3))
    assert model.compile(backend="eager") is None
    assert model(ONES).tolist() == [2, 2, 2]
    assert list(model.state_dict()) == ["x"]
    assert type(model) is ChangesXInPlace
    assert model.x.tolist() == [1, 1, 1]


@claim("GRAPH-69", source="torch.nn.Module.compile", since="2.1")
def test_a_module_that_is_compiled_in_place_runs_its_hooks():
    """A module compiled in place by `module.compile()` still runs its forward pre-hooks and forward hooks when it is
    called."""
    torch._dynamo.reset()
    model = nn.Identity()
    model.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    model.register_forward_hook(lambda module, args, output: output * 10)
    model.compile(backend="eager")
    assert model(ONES).tolist() == [20, 20, 20]


@claim("GRAPH-70", source="torch.nn.Module.compile", since="2.1")
def test_compiling_in_place_takes_the_options_of_torch_compile_by_keyword_only():
    """`module.compile()` takes the options of `torch.compile` by keyword only: `module.compile("eager")` raises
    `TypeError`, and the module stays uncompiled."""
    model = nn.Identity()
    with pytest.raises(TypeError, match="positional argument"):
        model.compile("eager")
    assert "_compiled_call_impl" not in vars(model)


@claim("GRAPH-36", source="torch.nn.Module.compile", since="2.1")
@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_a_module_that_is_compiled_in_place_is_not_compiled(copied):
    """A copy, by `copy.deepcopy` or `pickle`, of a module that was compiled in place by `module.compile()` is not
    compiled; the keys of its `state_dict()` are the same."""
    torch._dynamo.reset()
    model = BUFFER.on(AddsX(), "x", torch.zeros(3))
    model.compile(backend=lambda graph, inputs: lambda *inputs: (torch.full((3,), 7.0),))
    copy_of_model = COPIES[copied](model)
    assert model(ONES).tolist() == [7, 7, 7]
    assert copy_of_model(ONES).tolist() == [1, 1, 1]
    assert list(copy_of_model.state_dict()) == ["x"]


@claim("GRAPH-06", source="torch.compile", since="2.1")
@pytest.mark.parametrize("kind", TENSORS)
def test_a_compiled_module_and_the_module_itself_hold_the_same_tensor(kind, compiled):
    """A parameter, buffer or plain tensor read from the wrapper that `torch.compile(module)` returns is the module's
    own object, not a copy; `wrapper._orig_mod` is the module itself."""
    model = kind.on(AddsX(), "x", torch.zeros(3))
    wrapper = compiled(model)
    assert wrapper.x is model.x
    assert wrapper._orig_mod is model


@claim("GRAPH-37", source="torch.compile", since="2.1")
@pytest.mark.parametrize("kind", [BUFFER, NON_PERSISTENT_BUFFER, PLAIN_TENSOR])
def test_a_compiled_forward_changes_the_state_of_the_module_itself(kind, compiled):
    """Where `forward` changes a buffer or plain tensor in place, each call of the `torch.compile` wrapper changes it on
    the module itself."""
    model = kind.on(ChangesXInPlace(), "x", torch.zeros(3))
    wrapper = compiled(model)
    assert [wrapper(ONES).tolist(), wrapper(ONES).tolist()] == [[2, 2, 2], [3, 3, 3]]
    assert model.x.tolist() == [2, 2, 2]


@claim("GRAPH-38", source="torch.compile", since="2.1")
def test_a_compiled_BatchNorm_updates_the_statistics_of_the_module_itself(compiled):
    """In training mode, calling the `torch.compile` wrapper of an `nn.BatchNorm1d` updates `running_mean` and
    `num_batches_tracked` of the module itself."""
    model = nn.BatchNorm1d(3)
    compiled(model)(torch.full((4, 3), 10.0))
    assert model.running_mean.tolist() == [1, 1, 1]
    assert model.num_batches_tracked.item() == 1


@claim("GRAPH-39", source="torch.compile", since="2.1")
@pytest.mark.parametrize("kind", [BUFFER, PLAIN_TENSOR, PLAIN_VALUE])
def test_a_compiled_forward_rebinds_state_of_the_module_itself(kind, compiled):
    """Where `forward` rebinds a buffer, plain tensor or number (`self.x = self.x + 1`), each call of the
    `torch.compile` wrapper rebinds it on the module itself, and a buffer stays a buffer."""
    model = kind.on(RebindsX(), "x", torch.zeros(3))
    before = torch.as_tensor(model.x).tolist()
    names = list(model._buffers)
    wrapper = compiled(model)
    wrapper(ONES)
    wrapper(ONES)
    assert (torch.as_tensor(model.x) - 2).tolist() == before
    assert list(model._buffers) == names


@claim("GRAPH-07", source="torch.compile", since="2.4")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, PLAIN_TENSOR, PLAIN_VALUE])
def test_a_compiled_module_uses_state_that_is_rebound(kind, compiled):
    """After a parameter, buffer, plain tensor or number of a module is rebound, even to a tensor of another shape, its
    `torch.compile` wrapper computes with the new value, although already compiled."""
    model = kind.on(AddsX(), "x", torch.zeros(3))
    wrapper = compiled(model)
    before = wrapper(ONES).tolist()
    kind.on(model, "x", torch.full((1,), 5.0))
    assert wrapper(ONES).tolist() == model(ONES).tolist()
    assert wrapper(ONES).tolist() != before


@claim("GRAPH-40", source="torch.compile", since="2.1")
def test_converting_a_compiled_module_converts_the_module_itself(compiled):
    """`.double()` on the wrapper that `torch.compile(module)` returns converts the module's own parameters and buffers,
    and `.eval()` on it sets the module's own `training` to False."""
    model = ToyModel3(5, 10)
    wrapper = compiled(model)
    wrapper.double().eval()
    assert model.b1.dtype is model.c1.dtype is torch.float64
    assert model.training is False
    assert list(wrapper._parameters) == []


@claim("GRAPH-41", source="torch.compile", since="2.4")
def test_an_attribute_assigned_to_a_compiled_module_is_assigned_to_the_module_itself(compiled):
    """Assigning an `nn.Parameter` or a plain value to an attribute of the wrapper that `torch.compile(module)` returns
    assigns it to the module itself, which registers the parameter."""
    model = AddsX()
    wrapper = compiled(model)
    wrapper.x = nn.Parameter(torch.full((3,), 2.0))
    wrapper.a1 = 7
    assert list(model._parameters) == ["x"]
    assert model.a1 == 7
    assert wrapper.a1 == 7


@claim("GRAPH-42", source="torch.compile", since="2.1")
def test_a_buffer_that_is_registered_on_a_compiled_module_is_not_on_the_module_itself(compiled):
    """`register_buffer()` on the wrapper that `torch.compile(module)` returns registers the buffer on the wrapper
    alone: its key lacks the prefix `"_orig_mod."`, and the module doesn't have it."""
    model = ToyModel3(5, 10)
    wrapper = compiled(model)
    wrapper.register_buffer("x", torch.ones(3))
    assert list(model._buffers) == ["c1"]
    assert list(wrapper.state_dict()) == ["x", *(f"_orig_mod.{name}" for name in model.state_dict())]
