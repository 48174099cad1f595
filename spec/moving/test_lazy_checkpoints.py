"""What is saved of a lazy module, and what can be loaded into one."""

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
def test_the_state_dict_of_a_lazy_module_holds_what_is_uninitialized_itself_and_the_rest_detached():
    model = nn.Module()
    model.lazy = Lazy()
    state = model.state_dict()
    assert list(state) == ["lazy.x", "lazy.p", "lazy.b", "lazy.y"]
    assert (state["lazy.x"] is model.lazy.x, state["lazy.y"] is model.lazy.y) == (True, True)
    assert (type(state["lazy.p"]), state["lazy.p"].requires_grad) == (torch.Tensor, False)
    assert (state["lazy.b"] is model.lazy.b, state["lazy.b"].requires_grad) == (False, False)


@claim("META-34", source="torch.nn.Module.state_dict")
def test_the_state_dict_of_a_lazy_module_can_hold_its_very_tensors():
    model = Lazy()
    assert all(value is getattr(model, name) for name, value in model.state_dict(keep_vars=True).items())
    assert list(model.state_dict(keep_vars=True)) == ["x", "p", "b", "y"]


@claim("META-35", source="torch.nn.Module.get_extra_state")
def test_the_state_dict_of_a_lazy_module_leaves_out_its_extra_state():
    model = Lazy()
    model(torch.ones(3))
    assert model.get_extra_state() == "extra"
    assert "_extra_state" not in model.state_dict()


@claim("META-36", source="torch.nn.modules.lazy.LazyModuleMixin")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_ordinary_checkpoint_initializes_a_lazy_module_in_its_own_dtype(dtype):
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
def test_a_lazy_module_stays_lazy_when_it_is_loaded_and_its_forward_keeps_what_was_loaded():
    checkpoint = nn.Linear(2, 3).state_dict()
    model = nn.LazyLinear(3)
    model.load_state_dict(checkpoint)
    assert type(model) is nn.LazyLinear
    model(torch.ones(1, 2))
    assert type(model) is nn.Linear
    assert torch.equal(model.weight, checkpoint["weight"])


@claim("META-38", source="torch.nn.LazyLinear", since="2.8")
def test_a_loaded_LazyLinear_learns_its_input_size_from_the_first_forward():
    model = nn.LazyLinear(3)
    model.load_state_dict(nn.Linear(2, 3).state_dict())
    model(torch.ones(1, 2))
    assert model.in_features == 2


@claim("META-39", source="torch.nn.Module.load_state_dict")
def test_a_lazy_checkpoint_cannot_be_loaded_into_an_ordinary_module():
    model = nn.Linear(2, 3)
    before = model.weight.tolist()
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter or buffer"):
        model.load_state_dict(nn.LazyLinear(3).state_dict())
    assert model.weight.tolist() == before


@claim("META-40", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_a_lazy_checkpoint_leaves_a_lazy_module_uninitialized():
    model = nn.LazyLinear(3)
    weight = model.weight
    assert model.load_state_dict(nn.LazyLinear(3).state_dict()) == ([], [])
    assert model.weight is weight
    assert type(weight) is UninitializedParameter


@claim("META-41", source="torch.nn.modules.lazy.LazyModuleMixin")
def test_what_the_checkpoint_lacks_stays_uninitialized_and_is_missing():
    model = nn.LazyLinear(3)
    checkpoint = {"bias": torch.ones(3)}
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "weight"'):
        model.load_state_dict(checkpoint)
    assert model.load_state_dict(checkpoint, strict=False) == (["weight"], [])
    assert (type(model.weight), type(model.bias)) == (UninitializedParameter, nn.Parameter)
    assert model.bias.tolist() == [1, 1, 1]


@claim("META-42", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_ordinary_checkpoint_may_be_assigned_to_a_lazy_module():
    model = nn.LazyLinear(3)
    model.load_state_dict(nn.Linear(2, 3).double().state_dict(), assign=True)
    assert (type(model.weight), model.weight.shape, model.weight.dtype) == (nn.Parameter, (3, 2), torch.float64)
    assert not model.has_uninitialized_params()


@claim("META-43", source="torch.load")
def test_a_lazy_checkpoint_survives_a_file_but_not_weights_only(tmp_path):
    torch.save(nn.LazyLinear(3).state_dict(), tmp_path / "lazy.pt")
    loaded = torch.load(tmp_path / "lazy.pt", weights_only=False)
    assert {name: type(value) for name, value in loaded.items()} == {
        "weight": UninitializedParameter,
        "bias": UninitializedParameter,
    }
    with pytest.raises(Exception, match="UninitializedParameter"):
        torch.load(tmp_path / "lazy.pt", weights_only=True)
