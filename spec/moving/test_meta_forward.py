"""Parameters that were left on the meta device: what computes with them all the same, and where they get unnoticed."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim, from_file

COMPUTING = {
    "Conv1d": (lambda: nn.Conv1d(3, 2, 1), torch.ones(1, 3, 4), (1, 2, 4)),
    "Conv1d without bias": (lambda: nn.Conv1d(3, 2, 1, bias=False), torch.ones(1, 3, 4), (1, 2, 4)),
    "Conv2d": (lambda: nn.Conv2d(3, 2, 1), torch.ones(1, 3, 4, 4), (1, 2, 4, 4)),
}
RAISING = {
    "LayerNorm": (lambda: nn.LayerNorm(3), torch.ones(2, 3)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), torch.ones(2, 3)),
    "BatchNorm1d in eval mode": (lambda: nn.BatchNorm1d(3).eval(), torch.ones(2, 3)),
    "PReLU": (nn.PReLU, torch.ones(2, 3)),
}


@claim("META-64", source="torch.nn.Linear", since="2.0")
@pytest.mark.heavy
def test_a_Linear_without_bias_left_on_meta_computes_from_memory_that_is_not_initialized():
    """For an input on the CPU, an `nn.Linear` without bias whose weight is on the meta device raises no error and
    returns uninitialized memory on the CPU; one with a bias raises `RuntimeError`.
    """
    result = nn.Linear(3, 2, bias=False).to("meta")(torch.ones(4, 3))
    assert not result.is_meta
    assert result.device.type == "cpu"
    assert result.shape == (4, 2)
    with pytest.raises(RuntimeError, match="meta"):
        nn.Linear(3, 2).to("meta")(torch.ones(4, 3))


@claim("META-65", source="torch.nn.Conv1d")
@pytest.mark.heavy
@pytest.mark.parametrize("layer", COMPUTING)
def test_a_convolution_left_on_meta_computes_from_memory_that_is_not_initialized(layer):
    """For an input on the CPU, a convolution whose parameters are on the meta device, with or without a bias, raises no
    error and returns uninitialized memory on the CPU.
    """
    make, x, shape = COMPUTING[layer]
    result = make().to("meta")(x)
    assert result.device.type == "cpu"
    assert result.shape == shape


@claim("META-66", source="torch.nn.Module.to")
@pytest.mark.heavy
@pytest.mark.parametrize("layer", RAISING)
def test_a_normalization_left_on_meta_raises_RuntimeError_for_an_input_with_values(layer):
    """An `nn.LayerNorm`, BatchNorm or `nn.PReLU` that is on the meta device raises `RuntimeError` for an input on the
    CPU; for an input on meta it returns a tensor on meta.
    """
    make, x = RAISING[layer]
    model = make().to("meta")
    with pytest.raises(RuntimeError, match="meta"):
        model(x)
    assert model(x.to("meta")).is_meta


@claim("META-67", source="torch.nn.Embedding")
@pytest.mark.heavy
def test_an_Embedding_left_on_meta_returns_a_tensor_on_meta():
    """An `nn.Embedding` on the meta device raises no error for indices on the CPU and returns a tensor on meta."""
    result = nn.Embedding(3, 2).to("meta")(torch.tensor([1]))
    assert result.is_meta
    assert result.shape == (1, 2)


@claim("META-68", source="torch.load")
def test_map_location_leaves_a_saved_meta_tensor_on_meta():
    """`torch.load(map_location="cpu")` leaves a tensor that was saved on the meta device on meta; a tensor with values
    in the same file goes to the CPU.
    """
    loaded = from_file({"meta": torch.ones(3, device="meta"), "real": torch.ones(3)}, map_location="cpu")
    assert loaded["meta"].is_meta
    assert loaded["meta"].shape == (3,)
    assert loaded["real"].device.type == "cpu"


@claim("META-69", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_assigning_load_puts_meta_tensors_into_a_module_with_values():
    """`load_state_dict(assign=True)` of a checkpoint on meta makes the parameters of a module that had values meta
    tensors, without an error or a warning: the values are gone.
    """
    model = nn.Linear(3, 2)
    result = model.load_state_dict(nn.Linear(3, 2, device="meta").state_dict(), assign=True)
    assert (result.missing_keys, result.unexpected_keys) == ([], [])
    assert model.weight.is_meta
    assert model.bias.is_meta


@claim("META-70", source="torch.save", since="2.0")
def test_tied_meta_tensors_of_a_state_dict_come_apart_in_a_file():
    """A meta tensor under two names in a `state_dict()` comes out of a file as two tensors that share no storage,
    whereas one with values still shares it. After `state_dict(keep_vars=True)` the meta parameter stays tied.
    """
    model = nn.Module()
    model.p = model.q = nn.Parameter(torch.ones(3, device="meta"))
    real = nn.Module()
    real.p = real.q = nn.Parameter(torch.ones(3))
    apart, together, kept = (
        from_file(state) for state in (model.state_dict(), real.state_dict(), model.state_dict(keep_vars=True))
    )
    assert apart["p"].untyped_storage()._cdata != apart["q"]._typed_storage()._cdata
    assert together["p"].untyped_storage()._cdata == together["q"]._typed_storage()._cdata
    assert kept["p"] is kept["q"]
