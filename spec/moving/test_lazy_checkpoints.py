"""What is saved of a lazy module, and what can be loaded into one."""

import pickle

import pytest
import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from ..vocabulary import claim


class Lazy(LazyModuleMixin, nn.Module):
    """A lazy module with state of every kind, and with extra state."""

    def __init__(self):
        super().__init__()
        self.x = UninitializedParameter()
        self.p = nn.Parameter(torch.zeros(2))
        self.register_parameter("absent", None)
        self.register_buffer("b", torch.zeros(2, requires_grad=True))
        self.register_buffer("missing", None)
        self.register_buffer("left_out", torch.zeros(2), persistent=False)
        self.register_buffer("y", UninitializedBuffer())
        self.register_buffer("z", UninitializedBuffer(), persistent=False)

    def initialize_parameters(self, x):
        for tensor in (self.x, self.y, self.z):
            tensor.materialize(x.shape)

    def forward(self, x):
        return x

    def get_extra_state(self):
        return "extra"


@claim("META-33", source="torch.nn.Module.state_dict")
def test_the_state_dict_of_a_lazy_module_holds_uninitialized_tensors_themselves_and_others_detached():
    """Before its first forward, `state_dict()` of a lazy module holds the uninitialized parameters and persistent
    buffers themselves, and the initialized ones detached.
    """
    model = nn.Module()
    model.lazy = Lazy()
    state = model.state_dict()
    assert list(state) == ["lazy.x", "lazy.p", "lazy.b", "lazy.y"]
    assert (state["lazy.x"] is model.lazy.x, state["lazy.y"] is model.lazy.y) == (True, True)
    assert (type(state["lazy.p"]), state["lazy.p"].requires_grad) == (torch.Tensor, False)
    assert (state["lazy.b"] is model.lazy.b, state["lazy.b"].requires_grad) == (False, False)


@claim("META-34", source="torch.nn.Module.state_dict")
def test_keep_vars_puts_the_tensors_of_a_lazy_module_themselves_into_the_state_dict():
    """`state_dict(keep_vars=True)` of a lazy module holds its parameters and persistent buffers themselves,
    uninitialized or not.
    """
    model = Lazy()
    assert all(value is getattr(model, name) for name, value in model.state_dict(keep_vars=True).items())
    assert list(model.state_dict(keep_vars=True)) == ["x", "p", "b", "y"]


@claim("META-35", source="torch.nn.Module.get_extra_state")
def test_the_state_dict_of_a_lazy_module_leaves_out_its_extra_state():
    """`state_dict()` of a lazy module leaves out what its `get_extra_state()` returns, even after a first forward that
    keeps the lazy class.
    """
    model = Lazy()
    model(torch.ones(3))
    assert model.get_extra_state() == "extra"
    assert "_extra_state" not in model.state_dict()


@claim("META-36", source="torch.nn.modules.lazy.LazyModuleMixin")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_checkpoint_initializes_a_lazy_module_in_its_own_dtype(dtype):
    """Loading the checkpoint of an initialized module into a lazy one initializes it with the checkpoint's shapes and
    values. The lazy module keeps its tensor objects, dtype and `requires_grad`.
    """
    checkpoint = nn.Sequential(nn.BatchNorm1d(3).requires_grad_(False)).state_dict()
    checkpoint["0.running_mean"].fill_(5)
    model = nn.Sequential(nn.LazyBatchNorm1d(dtype=dtype))
    weight, mean = model[0].weight, model[0].running_mean
    assert model.load_state_dict(checkpoint) == ([], [])
    assert (model[0].weight is weight, model[0].running_mean is mean) == (True, True)
    assert (type(weight), type(mean)) == (nn.Parameter, torch.Tensor)
    assert (weight.requires_grad, mean.requires_grad) == (True, False)
    assert (weight.dtype, weight.tolist(), mean.tolist()) == (dtype, [1, 1, 1], [5, 5, 5])
    assert not model[0].has_uninitialized_params()


@claim("META-37", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_a_loaded_lazy_module_keeps_its_class_until_its_first_forward_which_keeps_the_values():
    """After `load_state_dict()` of the whole checkpoint of an `nn.Linear`, an `nn.LazyLinear` is still an
    `nn.LazyLinear`; its first forward makes it an `nn.Linear` and keeps the loaded values.
    """
    checkpoint = nn.Linear(2, 3).state_dict()
    model = nn.LazyLinear(3)
    model.load_state_dict(checkpoint)
    assert type(model) is nn.LazyLinear
    model(torch.ones(1, 2))
    assert type(model) is nn.Linear
    assert torch.equal(model.weight, checkpoint["weight"])


@claim("META-38", source="torch.nn.LazyLinear", since="2.8")
def test_a_loaded_LazyLinear_takes_in_features_from_its_first_forward():
    """An `nn.LazyLinear` that has loaded a checkpoint takes `in_features` from the input of its first forward."""
    model = nn.LazyLinear(3)
    model.load_state_dict(nn.Linear(2, 3).state_dict())
    model(torch.ones(1, 2))
    assert model.in_features == 2


@claim("META-39", source="torch.nn.Module.load_state_dict")
def test_an_uninitialized_checkpoint_raises_RuntimeError_in_an_initialized_module():
    """Loading the checkpoint of a lazy module that is not initialized into an initialized module raises `RuntimeError`,
    and the parameters of the initialized module stay unchanged.
    """
    model = nn.Linear(2, 3)
    before = [parameter.tolist() for parameter in model.parameters()]
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter or buffer"):
        model.load_state_dict(nn.LazyLinear(3).state_dict())
    assert [parameter.tolist() for parameter in model.parameters()] == before


@claim("META-40", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_an_uninitialized_checkpoint_leaves_a_lazy_module_uninitialized():
    """A lazy module that loads the checkpoint of another uninitialized lazy module stays uninitialized, with the same
    parameter objects and no missing key.
    """
    model = nn.LazyLinear(3)
    weight = model.weight
    assert model.load_state_dict(nn.LazyLinear(3).state_dict()) == ([], [])
    assert model.weight is weight
    assert type(weight) is UninitializedParameter


@claim("META-41", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_a_parameter_that_the_checkpoint_lacks_stays_uninitialized_and_is_a_missing_key():
    """Where the checkpoint lacks a parameter of a lazy module, a strict load raises `RuntimeError` for the missing key;
    with `strict=False` this parameter stays uninitialized and the other parameters load.
    """
    model = nn.LazyLinear(3)
    checkpoint = {"bias": torch.ones(3)}
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "weight"'):
        model.load_state_dict(checkpoint)
    assert model.load_state_dict(checkpoint, strict=False) == (["weight"], [])
    assert (type(model.weight), type(model.bias)) == (UninitializedParameter, nn.Parameter)
    assert model.bias.tolist() == [1, 1, 1]


@claim("META-42", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_assigning_load_initializes_a_lazy_module():
    """`load_state_dict(assign=True)` initializes a lazy module with the shapes and the dtype of the checkpoint."""
    model = nn.LazyLinear(3)
    model.load_state_dict(nn.Linear(2, 3).double().state_dict(), assign=True)
    assert (type(model.weight), model.weight.shape, model.weight.dtype) == (nn.Parameter, (3, 2), torch.float64)
    assert not model.has_uninitialized_params()


@claim("META-43", source="torch.load")
def test_an_uninitialized_checkpoint_loads_from_a_file_only_with_weights_only_False(tmp_path):
    """The checkpoint of an uninitialized lazy module loads from a file by `torch.load(weights_only=False)`;
    `torch.load(weights_only=True)` raises `pickle.UnpicklingError`.
    """
    torch.save(nn.LazyLinear(3).state_dict(), tmp_path / "lazy.pt")
    loaded = torch.load(tmp_path / "lazy.pt", weights_only=False)
    assert {name: type(value) for name, value in loaded.items()} == {
        "weight": UninitializedParameter,
        "bias": UninitializedParameter,
    }
    with pytest.raises(pickle.UnpicklingError, match="UninitializedParameter"):
        torch.load(tmp_path / "lazy.pt", weights_only=True)
