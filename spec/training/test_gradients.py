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
    KINDS,
    PARAMETER,
    PLAIN,
    ToyModel2,
    ToyModel3,
    answers,
    any_channels,
    any_model,
    available,
    channels,
    claim,
    core,
    registered,
)
from .optimizers import OPTIMIZERS


@core
@claim("GRAD-01", source="torch.nn.Parameter")
@answers("gets a gradient?", yes=(PARAMETER,))
@any_model
def test_a_trainable_parameter_gets_a_gradient_of_its_own_shape_and_dtype(real_device, Model, channels, shape):
    """By default, after `backward()`, the `.grad` of each trainable parameter that the output depends on has the
    parameter's own shape, dtype and device.

    Beware: it has another dtype where `grad_dtype` was set, or the module was converted since the forward.
    """
    model = Model(*channels).to(real_device)
    model.x = nn.Parameter(torch.ones(shape, dtype=torch.float64).to(real_device))
    (model(torch.ones(3, channels[0], device=real_device)).sum() * model.x).sum().backward()
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert [parameter.grad.shape for parameter in trainable] == [parameter.shape for parameter in trainable]
    assert [parameter.grad.dtype for parameter in trainable] == [parameter.dtype for parameter in trainable]
    assert [parameter.grad.device for parameter in trainable] == [parameter.device for parameter in trainable]


@core
@claim("GRAD-16", source="torch.nn.Module.register_buffer")
@answers("gets a gradient?", no=(FROZEN_PARAMETER, *BUFFERS, *PLAIN))
@any_model
def test_a_frozen_parameter_buffer_or_plain_attribute_gets_no_gradient_by_default(real_device, Model, channels, shape):
    """`backward()` gives a gradient to a trainable parameter that the output depends on, but none to a frozen one. A
    buffer or plain tensor gets none unless it requires grad and is a leaf or had `retain_grad()` called.
    """
    model = Model(*channels).to(real_device)
    for kind in available(KINDS):
        kind.put(model, kind.word, torch.ones(shape, device=real_device))
    output = model(torch.ones(3, channels[0], device=real_device)).sum()
    sum((output * getattr(model, kind.word)).sum() for kind in available(KINDS)).backward()
    held = {**vars(model), **registered(model)}
    trainable = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert {name for name, value in held.items() if getattr(value, "grad", None) is not None} == trainable
    assert trainable & {kind.word for kind in KINDS} == {"parameter"}


@core
@claim("GRAD-02", source="torch.Tensor.backward")
@example(channels=ARTICLE_CHANNELS, batch=3)
@given(channels=channels(), batch=st.integers(1, 8))
def test_the_gradient_of_a_parameter_added_to_the_output_is_the_batch_size(real_device, channels, batch):
    """If a parameter is added to the output for each sample of a batch, `output.sum().backward()` gives it the batch
    size as gradient: gradients sum over the batch.
    """
    model = ToyModel2(*channels).to(real_device)
    model(torch.randn(batch, channels[0]).to(real_device)).sum().backward()
    assert model.b1.grad.tolist() == [batch] * channels[1]


@core
@claim("GRAD-03", source="torch.nn.Module.register_buffer")
@any_model
def test_a_buffer_scales_the_gradient_of_a_parameter_and_receives_none(real_device, Model, channels, shape):
    """A buffer that does not require grad takes part in `backward()` as a constant: it scales the gradient of a
    parameter that is multiplied by it, and its own `.grad` stays None.
    """
    factors = torch.randn(shape).to(real_device)
    model = Model(*channels).to(real_device)
    loss = model(torch.ones(3, channels[0], device=real_device)).sum()
    for kind in available(BUFFERS):
        kind.put(model, kind.word, factors.clone())
        PARAMETER.put(model, f"times_{kind.word}", torch.ones_like(factors))
        loss += (getattr(model, f"times_{kind.word}") * getattr(model, kind.word)).sum()
    loss.backward()
    assert all(torch.equal(getattr(model, f"times_{kind.word}").grad, factors) for kind in available(BUFFERS))
    assert [name for name, buffer in model.named_buffers() if buffer.grad is not None] == []


@core
@claim("GRAD-04", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_buffer_that_requires_grad_gets_a_gradient_but_no_update_with_the_parameters(kind, real_device):
    """A buffer made from a leaf tensor with `requires_grad=True` gets a gradient from `backward()`, but an optimizer
    built from `module.parameters()` leaves it unchanged.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device, requires_grad=True))
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    (model.p * model.x).sum().backward()
    optimizer.step()
    assert model.x.grad.tolist() == [1, 1, 1]
    assert model.x.tolist() == [1, 1, 1]
    assert model.p.tolist() == [0, 0, 0]


@core
@claim("GRAD-14", source="torch.Tensor.add_")
@pytest.mark.parametrize("Model", [ToyModel2, ToyModel3])
@any_channels
def test_a_parameter_or_buffer_may_be_added_in_place_to_the_output_of_a_linear(Model, real_device, channels):
    """A parameter or buffer may be added in place to the output of an `nn.Linear`, as in `x += module.b1`: `backward()`
    gives the right gradients to the parameter and to the weight.
    """
    model = Model(*channels).to(real_device)
    x = torch.ones(3, channels[0], device=real_device)
    model(x).sum().backward()
    assert model.b1.grad.tolist() == [3] * channels[1]
    assert model.linear.weight.grad.tolist() == [[3] * channels[0]] * channels[1]


@claim("GRAD-05", source="torch.nn.Module.zero_grad")
def test_the_gradient_of_a_plain_tensor_accumulates_where_zero_grad_resets_those_of_parameters(real_device):
    """A plain leaf tensor that requires grad gets a gradient that `module.zero_grad()` doesn't reset, so it accumulates
    over steps; an optimizer built from `module.parameters()` leaves the tensor unchanged.
    """
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
    """A trainable parameter that has no gradient and that the output doesn't depend on gets none (`.grad` stays None),
    so `optimizer.step()` leaves it unchanged even with weight decay.
    """
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
    """A second `backward()` without `create_graph=True` adds to a dense gradient of the first in place: `.grad` of a
    parameter stays the same tensor and holds the sum.
    """
    model = ToyModel2(5, 10).to(real_device)
    x = torch.ones(3, 5, device=real_device)
    model(x).sum().backward()
    gradient = model.b1.grad
    model(x).sum().backward()
    assert model.b1.grad is gradient
    assert gradient.tolist() == [6] * 10


@claim("GRAD-18", source="torch.Tensor.grad")
@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        pytest.param((2,), torch.float32, id="another number of elements"),
        pytest.param((3, 1), torch.float32, id="another number of dimensions"),
        pytest.param((3,), torch.float64, id="another dtype"),
    ],
)
def test_assigning_a_gradient_of_another_shape_or_dtype_raises(shape, dtype):
    """By default, assigning to the `.grad` of a parameter a tensor of another shape or dtype than the parameter's
    raises `RuntimeError`, and the previous gradient stays.
    """
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(3))
    model.p.grad = kept = torch.zeros(3)
    with pytest.raises(RuntimeError, match="assign"):
        model.p.grad = torch.ones(shape, dtype=dtype)
    assert model.p.grad is kept


@claim("GRAD-19", source="torch.no_grad")
def test_under_no_grad_parameters_stay_trainable_and_the_output_has_no_grad_fn(real_device):
    """An output that a module computes under `torch.no_grad()` has no `grad_fn`, and `backward()` from it raises
    `RuntimeError`; `requires_grad` of the parameters stays True.
    """
    model = ToyModel3(5, 10).to(real_device)
    with torch.no_grad():
        output = model(torch.ones(3, 5, device=real_device))
        assert [parameter.requires_grad for parameter in model.parameters()] == [True] * 3
    assert not output.requires_grad
    assert output.grad_fn is None
    with pytest.raises(RuntimeError, match="does not require grad"):
        output.sum().backward()


@claim("GRAD-20", source="torch.inference_mode")
def test_a_buffer_made_in_inference_mode_raises_where_backward_would_need_it():
    """A buffer set to a tensor made under `torch.inference_mode()` raises `RuntimeError` where autograd saves it for
    backward, as in a product with a parameter; a buffer set to its `clone()` works.

    Beware of a module that fills a cache in its first forward, if that one runs under `torch.inference_mode()`.
    """
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
def test_a_buffer_with_a_grad_fn_passes_its_gradient_on_and_keeps_none(kind, real_device):
    """A buffer with a `grad_fn`, computed from a leaf tensor that requires grad, passes its gradient on to that tensor
    and keeps one itself only after `retain_grad()`.
    """
    model = kind.on(nn.Module(), "p", torch.ones(3, device=real_device, requires_grad=True))
    model.register_buffer("derived", model.p * 2)
    assert not model.derived.is_leaf
    (model.derived * 3).sum().backward(retain_graph=True)
    assert model.p.grad.tolist() == [6, 6, 6]
    model.derived.retain_grad()
    (model.derived * 3).sum().backward()
    assert model.derived.grad.tolist() == [3, 3, 3]
