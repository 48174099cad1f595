"""Who gets a gradient, and who takes part in the computation without one."""

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from ..vocabulary import (
    ARTICLE_CHANNELS,
    BUFFERS,
    FROZEN_PARAMETER,
    PARAMETER,
    PLAIN,
    ToyModel,
    ToyModel2,
    ToyModel3,
    answers,
    any_channels,
    channels,
    claim,
)
from .optimizers import OPTIMIZERS


@claim("GRAD-01", source="torch.nn.Parameter")
@answers("gets a gradient?", yes=(PARAMETER,))
@pytest.mark.parametrize("Model", [ToyModel2, ToyModel3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@any_channels
def test_a_trainable_parameter_gets_a_gradient_of_its_own_shape_and_dtype(Model, dtype, real_device, channels):
    model = Model(*channels).to(dtype).to(real_device)
    model(torch.ones(3, channels[0], dtype=dtype, device=real_device)).sum().backward()
    for parameter in model.parameters():
        assert parameter.grad.shape == parameter.shape
        assert (parameter.grad.dtype, parameter.grad.device) == (parameter.dtype, parameter.device)


@claim("GRAD-16", source="torch.nn.Module.register_buffer")
@answers("gets a gradient?", no=(FROZEN_PARAMETER, *BUFFERS, *PLAIN))
def test_nothing_but_a_trainable_parameter_gets_a_gradient(kind, real_device):
    model = kind.on(ToyModel(5, 10).to(real_device), "x", torch.ones(10, device=real_device))
    (model(torch.ones(3, 5, device=real_device)) + model.x).sum().backward()
    assert getattr(model.x, "grad", None) is None
    assert model.linear.bias.grad is not None


@claim("GRAD-02", source="torch.Tensor.backward")
@example(channels=ARTICLE_CHANNELS, batch=3)
@given(channels=channels(), batch=st.integers(1, 8))
def test_the_gradient_of_a_parameter_added_to_the_output_is_the_batch_size(real_device, channels, batch):
    model = ToyModel2(*channels).to(real_device)
    model(torch.randn(batch, channels[0]).to(real_device)).sum().backward()
    assert model.b1.grad.tolist() == [batch] * channels[1]


@claim("GRAD-03", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_buffer_scales_the_gradient_of_a_parameter_and_receives_none(kind, dtype, real_device):
    factors = torch.randn(5, 10, dtype=dtype).to(real_device)
    model = kind.on(nn.Module(), "x", factors)
    model.p = nn.Parameter(torch.ones_like(factors))
    (model.p * model.x).sum().backward()
    assert torch.equal(model.p.grad, factors)
    assert model.x.grad is None


@claim("GRAD-04", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_buffer_that_requires_grad_gets_a_gradient_but_no_update(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device, requires_grad=True))
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    (model.p * model.x).sum().backward()
    optimizer.step()
    assert model.x.grad.tolist() == [1, 1, 1]
    assert model.x.tolist() == [1, 1, 1]
    assert model.p.tolist() == [0, 0, 0]


@claim("GRAD-14", source="torch.Tensor.add_")
@pytest.mark.parametrize("Model", [ToyModel2, ToyModel3])
@any_channels
def test_a_parameter_or_buffer_may_be_added_in_place_to_the_output_of_a_linear(Model, real_device, channels):
    model = Model(*channels).to(real_device)
    x = torch.ones(3, channels[0], device=real_device)
    model(x).sum().backward()
    assert model.b1.grad.tolist() == [3] * channels[1]
    assert model.linear.weight.grad.tolist() == [[3] * channels[0]] * channels[1]


@claim("GRAD-05", source="torch.nn.Module.zero_grad")
def test_the_gradient_of_a_plain_tensor_accumulates_where_zero_grad_resets_those_of_parameters(real_device):
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    model.plain = torch.ones(3, device=real_device, requires_grad=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(2):
        model.zero_grad(set_to_none=True)
        (model.p + model.plain).sum().backward()
        optimizer.step()
    assert model.p.grad.tolist() == [1, 1, 1]
    assert model.p.tolist() == [-1, -1, -1]
    assert model.plain.grad.tolist() == [2, 2, 2]
    assert model.plain.tolist() == [1, 1, 1]


@claim("GRAD-12", source="torch.optim.Optimizer")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_parameter_that_the_output_does_not_depend_on_gets_no_gradient_and_no_weight_decay(optimizer, real_device):
    model = ToyModel2(5, 10).to(real_device)
    model.unused = nn.Parameter(torch.ones(3, device=real_device))
    optimizer = OPTIMIZERS[optimizer](model.parameters())
    b1 = model.b1.tolist()
    model(torch.ones(3, 5, device=real_device)).sum().backward()
    optimizer.step()
    assert model.unused.grad is None
    assert model.unused.tolist() == [1, 1, 1]
    assert model.b1.tolist() != b1


@claim("GRAD-17", source="torch.Tensor.backward")
def test_a_second_backward_adds_to_the_gradient_of_the_first_in_place(real_device):
    model = ToyModel2(5, 10).to(real_device)
    x = torch.ones(3, 5, device=real_device)
    model(x).sum().backward()
    gradient = model.b1.grad
    model(x).sum().backward()
    assert model.b1.grad is gradient
    assert gradient.tolist() == [6] * 10


@claim("GRAD-18", source="torch.Tensor.grad")
@pytest.mark.parametrize(("shape", "dtype"), [((2,), torch.float32), ((3, 1), torch.float32), ((3,), torch.float64)])
def test_a_gradient_of_another_shape_or_dtype_is_refused(shape, dtype):
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(3))
    model.p.grad = kept = torch.zeros(3)
    with pytest.raises(RuntimeError, match="assign"):
        model.p.grad = torch.ones(shape, dtype=dtype)
    assert model.p.grad is kept


@claim("GRAD-19", source="torch.no_grad")
def test_no_grad_changes_no_flag_and_the_output_has_no_history(real_device):
    model = ToyModel3(5, 10).to(real_device)
    with torch.no_grad():
        output = model(torch.ones(3, 5, device=real_device))
        assert [parameter.requires_grad for parameter in model.parameters()] == [True] * 3
    assert not output.requires_grad
    assert output.grad_fn is None
    with pytest.raises(RuntimeError, match="does not require grad"):
        output.sum().backward()


@claim("GRAD-20", source="torch.inference_mode")
def test_a_buffer_made_in_inference_mode_cannot_be_saved_for_backward():
    """Beware of a module that fills its cache at the first forward: that of an evaluation, for example."""
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(3))
    model.register_buffer("cache", torch.ones(3))
    (model.p * model.cache).sum().backward()
    with torch.inference_mode():
        model.cache = torch.ones(3)
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        model.p * model.cache
    model.cache = model.cache.clone()
    (model.p * model.cache).sum().backward()
    assert model.p.grad.tolist() == [2, 2, 2]


@claim("GRAD-21", source="torch.Tensor.retain_grad")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_buffer_with_a_history_passes_its_gradient_on_and_keeps_none(kind, real_device):
    model = kind.on(nn.Module(), "p", torch.ones(3, device=real_device, requires_grad=True))
    model.register_buffer("derived", model.p * 2)
    assert not model.derived.is_leaf
    (model.derived * 3).sum().backward(retain_graph=True)
    assert model.p.grad.tolist() == [6, 6, 6]
    model.derived.retain_grad()
    (model.derived * 3).sum().backward()
    assert model.derived.grad.tolist() == [3, 3, 3]
