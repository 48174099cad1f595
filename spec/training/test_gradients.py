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
@any_channels
def test_nothing_but_a_trainable_parameter_gets_a_gradient(kind, real_device, channels):
    model = kind.on(ToyModel(*channels).to(real_device), "x", torch.ones(channels[1], device=real_device))
    (model(torch.ones(3, channels[0], device=real_device)) + model.x).sum().backward()
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
@any_channels
def test_a_buffer_scales_the_gradient_of_a_parameter_and_receives_none(kind, dtype, real_device, channels):
    factors = torch.randn(channels, dtype=dtype).to(real_device)
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
