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
    DECLARED,
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
    any_model,
    channels,
    claim,
    core,
)


@core
@claim("LOAD-01", source="torch.nn.Module.load_state_dict")
@answers("survives save and load?", yes=SAVED)
@example(channels=ARTICLE_CHANNELS, dtype=torch.float32)
@given(channels=channels(), dtype=st.sampled_from(FLOATING + COMPLEX))
def test_loading_restores_parameters_and_persistent_buffers_exactly(kind, real_device, channels, dtype):
    """`load_state_dict()` gives a fresh module exactly the saved values of its parameters, trainable or frozen, and of
    its persistent buffers, where the dtypes are the same.
    """
    saved = torch.randn(channels, device=real_device).to(dtype)
    trained = kind.on(ToyModel(*channels), "x", saved)
    fresh = kind.on(ToyModel(*channels), "x", torch.zeros_like(saved))
    assert fresh.load_state_dict(trained.state_dict()) == ([], [])
    assert torch.equal(fresh.x, saved)
    assert torch.equal(fresh.linear.weight, trained.linear.weight)


@claim("LOAD-27", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("Model", MODELS)
def test_a_fresh_model_that_loads_the_checkpoint_of_a_trained_one_computes_the_same(Model, real_device):
    """A fresh model that loads a trained one's `state_dict()` computes the same output, provided that plain attributes
    and non-persistent buffers, which are not loaded, are equal.
    """
    trained, fresh = Model(5, 10).to(real_device), Model(5, 10).to(real_device)
    for parameter in trained.parameters():
        nn.init.normal_(parameter)
    fresh.load_state_dict(trained.state_dict())
    x = torch.randn(3, 5).to(real_device)
    assert torch.equal(fresh(x), trained(x))


@core
@claim("LOAD-02", source="torch.nn.Module.load_state_dict")
@answers("survives save and load?", no=PLAIN)
@any_model
def test_loading_leaves_a_plain_attribute_as_the_fresh_module_set_it(device, Model, channels, shape):
    """A plain attribute, be it a tensor or a number, is not restored by `load_state_dict()`: it keeps the value that
    the fresh module was built with.
    """
    trained, fresh = Model(*channels).to(device), Model(*channels).to(device)
    fresh.tensor, fresh.number = torch.zeros(shape, device=device), 3
    own = {name: getattr(fresh, name) for name in ("tensor", "number", *DECLARED[Model].plain)}
    for name in own:
        setattr(trained, name, torch.ones(shape, device=device))
    assert fresh.load_state_dict(trained.state_dict()) == ([], [])
    assert all(getattr(fresh, name) is value for name, value in own.items())


@core
@claim("LOAD-03", source="torch.nn.Module.load_state_dict")
@answers("survives save and load?", no=(NON_PERSISTENT_BUFFER,))
@any_channels
def test_loading_does_not_restore_a_non_persistent_buffer_and_needs_no_key_for_it(real_device, channels):
    """A strict `load_state_dict()` needs no key for a buffer registered with `persistent=False`, and leaves the fresh
    module's buffer as it was built.
    """
    trained, fresh = ToyModel(*channels).to(real_device), ToyModel(*channels).to(real_device)
    trained.register_buffer("x", torch.ones(channels, device=real_device), persistent=False)
    fresh.register_buffer("x", torch.zeros(channels, device=real_device), persistent=False)
    assert fresh.load_state_dict(trained.state_dict(), strict=True) == ([], [])
    assert torch.equal(fresh.x, torch.zeros(channels, device=real_device))


@core
@claim("LOAD-05", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", SAVED)
def test_a_persistent_buffer_without_a_key_is_missing_as_a_parameter_is(kind, device):
    """If the checkpoint lacks the key of a parameter, or of a persistent buffer other than `num_batches_tracked` of a
    BatchNorm or InstanceNorm, a strict load raises `RuntimeError`. With `strict=False`, the key is returned in
    `missing_keys`.
    """
    model = kind.on(ToyModel(5, 10).to(device), "x", torch.ones(3, device=device))
    checkpoint = ToyModel(5, 10).to(device).state_dict()
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "x"'):
        model.load_state_dict(checkpoint)
    assert model.load_state_dict(checkpoint, strict=False) == (["x"], [])


@core
@claim("LOAD-06", source="torch.nn.Module.load_state_dict")
def test_loading_without_strict_reports_what_does_not_match_and_loads_the_rest(real_device):
    """`load_state_dict(strict=False)` loads the keys that match, provided that their shapes match too, and returns the
    other keys in `missing_keys` and `unexpected_keys`. For such other keys, a strict load raises `RuntimeError`.
    """
    model = ToyModel3(5, 10).to(real_device)
    checkpoint = {"b1": torch.full((10,), 7.0), "c1": torch.full((10,), 8.0), "x": torch.ones(1)}
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "x"'):
        model.load_state_dict(checkpoint)
    result = model.load_state_dict(checkpoint, strict=False)
    assert result.missing_keys == ["linear.weight", "linear.bias"]
    assert result.unexpected_keys == ["x"]
    assert torch.equal(model.b1.cpu(), checkpoint["b1"])
    assert torch.equal(model.c1.cpu(), checkpoint["c1"])


@core
@claim("LOAD-08", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
@pytest.mark.parametrize("saved_dtype", [torch.float32, torch.int64])
def test_loading_copies_into_the_tensors_that_the_module_has(kind, dtype, saved_dtype, real_device):
    """By default `load_state_dict()` copies into the module's own tensors: each parameter and buffer keeps its object,
    memory, dtype and device.
    """
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
def test_the_checkpoint_of_another_model_raises_an_error_that_names_the_keys(Saved, Loading, real_device):
    """A strict load of another model's checkpoint, with other keys, raises `RuntimeError` and names those that are
    missing or unexpected.
    """
    model = Loading(5, 10).to(real_device)
    with pytest.raises(RuntimeError, match=COMPLAINTS[Saved, Loading]):
        model.load_state_dict(Saved(5, 10).to(real_device).state_dict())
