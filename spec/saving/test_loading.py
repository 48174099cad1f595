"""What ``load_state_dict()`` restores, and what it demands of the checkpoint."""

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from ..vocabulary import (
    ARTICLE_CHANNELS,
    BUFFER,
    COMPLEX,
    FLOATING,
    MODELS,
    NON_PERSISTENT_BUFFER,
    PARAMETER,
    PLAIN,
    SAVED,
    ToyModel,
    ToyModel2,
    ToyModel3,
    answers,
    any_channels,
    channels,
    claim,
)


@claim("LOAD-01", source="torch.nn.Module.load_state_dict")
@answers("survives save and load?", yes=SAVED)
@example(channels=ARTICLE_CHANNELS, dtype=torch.float32)
@given(channels=channels(), dtype=st.sampled_from(FLOATING + COMPLEX))
def test_loading_restores_every_parameter_and_persistent_buffer_exactly(kind, real_device, channels, dtype):
    saved = torch.randn(channels, device=real_device).to(dtype)
    trained = kind.on(ToyModel(*channels), "x", saved)
    fresh = kind.on(ToyModel(*channels), "x", torch.zeros_like(saved))
    assert fresh.load_state_dict(trained.state_dict()) == ([], [])
    assert torch.equal(fresh.x, saved)
    assert torch.equal(fresh.linear.weight, trained.linear.weight)


@claim("LOAD-27", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("Model", MODELS)
def test_every_model_loads_its_own_checkpoint_and_computes_the_same(Model, real_device):
    trained, fresh = Model(5, 10).to(real_device), Model(5, 10).to(real_device)
    for parameter in trained.parameters():
        nn.init.normal_(parameter)
    fresh.load_state_dict(trained.state_dict())
    x = torch.randn(3, 5).to(real_device)
    assert torch.equal(fresh(x), trained(x))


@claim("LOAD-02", source="torch.nn.Module.load_state_dict")
@answers("survives save and load?", no=PLAIN)
def test_loading_leaves_a_plain_attribute_as_the_fresh_module_set_it(kind, real_device):
    trained = kind.on(ToyModel(5, 10).to(real_device), "x", torch.ones(7, device=real_device))
    fresh = kind.on(ToyModel(5, 10).to(real_device), "x", torch.zeros(3, device=real_device))
    trained.a1 = 9
    own = fresh.x
    assert fresh.load_state_dict(trained.state_dict()) == ([], [])
    assert fresh.x is own
    assert fresh.a1 == 1


@claim("LOAD-03", source="torch.nn.Module.load_state_dict")
@answers("survives save and load?", no=(NON_PERSISTENT_BUFFER,))
@any_channels
def test_loading_neither_restores_nor_misses_a_non_persistent_buffer(real_device, channels):
    trained, fresh = ToyModel(*channels).to(real_device), ToyModel(*channels).to(real_device)
    trained.register_buffer("x", torch.ones(channels, device=real_device), persistent=False)
    fresh.register_buffer("x", torch.zeros(channels, device=real_device), persistent=False)
    assert fresh.load_state_dict(trained.state_dict(), strict=True) == ([], [])
    assert torch.equal(fresh.x, torch.zeros(channels, device=real_device))


@claim("LOAD-05", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", SAVED)
def test_a_persistent_buffer_is_missed_exactly_as_a_parameter_is(kind, device):
    model = kind.on(ToyModel(5, 10).to(device), "x", torch.ones(3, device=device))
    checkpoint = ToyModel(5, 10).to(device).state_dict()
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "x"'):
        model.load_state_dict(checkpoint)
    assert model.load_state_dict(checkpoint, strict=False) == (["x"], [])


@claim("LOAD-06", source="torch.nn.Module.load_state_dict")
def test_loading_without_strict_reports_what_does_not_match_and_loads_the_rest(real_device):
    model = ToyModel3(5, 10).to(real_device)
    checkpoint = {"b1": torch.full((10,), 7.0), "c1": torch.full((10,), 8.0), "x": torch.ones(1)}
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "x"'):
        model.load_state_dict(checkpoint)
    result = model.load_state_dict(checkpoint, strict=False)
    assert result.missing_keys == ["linear.weight", "linear.bias"]
    assert result.unexpected_keys == ["x"]
    assert torch.equal(model.b1.cpu(), checkpoint["b1"])
    assert torch.equal(model.c1.cpu(), checkpoint["c1"])


@claim("LOAD-08", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
@pytest.mark.parametrize("saved_dtype", [torch.float32, torch.int64])
def test_loading_copies_into_the_tensors_that_the_module_has(kind, dtype, saved_dtype, real_device):
    model = kind.on(nn.Module(), "x", torch.zeros(3, dtype=dtype, device=real_device))
    tensor, storage = model.x, model.x.data_ptr()
    model.load_state_dict({"x": torch.tensor([1, 2, 3], dtype=saved_dtype)})
    assert model.x is tensor
    assert model.x.data_ptr() == storage
    assert (model.x.dtype, model.x.device.type) == (dtype, torch.device(real_device).type)
    assert model.x.tolist() == [1, 2, 3]


COMPLAINTS = {
    (ToyModel, ToyModel2): r'Missing key\(s\) in state_dict: "b1"\.',
    (ToyModel, ToyModel3): r'Missing key\(s\) in state_dict: "b1", "c1"\.',
    (ToyModel2, ToyModel): r'Unexpected key\(s\) in state_dict: "b1"\.',
    (ToyModel2, ToyModel3): r'Missing key\(s\) in state_dict: "c1"\.',
    (ToyModel3, ToyModel): r'Unexpected key\(s\) in state_dict: "b1", "c1"\.',
    (ToyModel3, ToyModel2): r'Unexpected key\(s\) in state_dict: "c1"\.',
}


@claim("LOAD-26", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize(("Saved", "Loading"), COMPLAINTS)
def test_the_checkpoint_of_another_model_is_refused_and_the_keys_are_named(Saved, Loading, real_device):
    model = Loading(5, 10).to(real_device)
    with pytest.raises(RuntimeError, match=COMPLAINTS[Saved, Loading]):
        model.load_state_dict(Saved(5, 10).to(real_device).state_dict())
