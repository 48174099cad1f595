"""The device and dtype that a module is built with."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, PARAMETER, PLAIN_TENSOR, any_channels, claim


@pytest.fixture
def defaults() -> Iterator[None]:
    """The default dtype and device may be changed: afterwards they are what they were."""
    dtype = torch.get_default_dtype()
    yield
    torch.set_default_dtype(dtype)
    if hasattr(torch, "set_default_device"):
        torch.set_default_device(None)


class Affine(nn.Module):
    """A parameter, a frozen one, a buffer and a non-persistent one, each made in a way of its own."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels))
        self.scale = nn.Parameter(torch.tensor(1.0), requires_grad=False)
        self.register_buffer("shift", torch.zeros(out_channels))
        self.register_buffer("index", torch.zeros(out_channels, dtype=torch.int64), persistent=False)


@claim("META-01", source="torch.device", since="2.0")
@any_channels
def test_a_module_built_under_the_meta_device_has_state_with_shapes_and_without_data(channels):
    """A module built under `with torch.device("meta")` has its parameters and buffers on the meta device, with shapes
    and `requires_grad` but without data, if its constructor makes them by factories such as `torch.zeros`.
    """
    with torch.device("meta"):
        model = Affine(*channels)
    state = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    assert all(tensor.is_meta for tensor in state.values())
    assert {name: tensor.shape for name, tensor in state.items()} == {
        "weight": channels[::-1],
        "scale": (),
        "shift": channels[1:],
        "index": channels[1:],
    }
    assert (model.weight.requires_grad, model.scale.requires_grad) == (True, False)


@claim("MOVE-29", source="torch.device", since="2.0")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, PLAIN_TENSOR])
def test_a_device_context_decides_where_a_new_tensor_is_made(kind, device):
    """Under `with torch.device(device)`, what a factory such as `torch.ones` makes without `device=` is on that device,
    be it for a parameter, a buffer or a plain tensor; before and after the block, on the CPU. `torch.Tensor([1.0])`
    stays on the CPU.
    """
    model = nn.Module()
    kind.on(model, "before", torch.ones(3))
    with torch.device(device):
        kind.on(model, "within", torch.ones(3))
        model.legacy = torch.Tensor([1.0])
    kind.on(model, "after", torch.ones(3))
    assert [model.before.device.type, model.after.device.type, model.legacy.device.type] == ["cpu", "cpu", "cpu"]
    assert model.within.device.type == torch.device(device).type


@claim("MOVE-90", source="torch.set_default_device", since="2.0")
def test_the_default_device_decides_where_modules_built_later_are(defaults):
    """`torch.set_default_device("meta")` puts the parameters and buffers that modules built later create on that device
    and leaves those of an earlier module where they are.
    """
    earlier = nn.BatchNorm1d(3)
    torch.set_default_device("meta")
    later = nn.BatchNorm1d(3)
    torch.set_default_device(None)
    assert {tensor.device.type for tensor in earlier.state_dict().values()} == {"cpu"}
    assert {tensor.device.type for tensor in later.state_dict().values()} == {"meta"}


@claim("MOVE-91", source="torch.set_default_dtype")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, PLAIN_TENSOR])
def test_the_default_dtype_decides_the_dtype_of_floating_tensors_made_later(kind, defaults, real_device):
    """`torch.set_default_dtype(torch.float64)` decides the dtype of floating-point tensors made later, for a parameter,
    a buffer or a plain tensor; earlier ones keep theirs.
    """
    model = kind.on(nn.Module(), "earlier", torch.ones(3, device=real_device))
    torch.set_default_dtype(torch.float64)
    kind.on(model, "later", torch.ones(3, device=real_device))
    assert (model.earlier.dtype, model.later.dtype) == (torch.float32, torch.float64)


@claim("MOVE-92", source="torch.set_default_dtype")
def test_the_default_dtype_leaves_the_integer_buffers_of_a_new_module_integers(defaults):
    """After `torch.set_default_dtype(torch.float64)`, a new `nn.BatchNorm1d` has float64 parameters and running
    statistics, but its counter `num_batches_tracked` is still int64.
    """
    torch.set_default_dtype(torch.float64)
    model = nn.BatchNorm1d(3)
    assert [parameter.dtype for parameter in model.parameters()] == [torch.float64, torch.float64]
    assert (model.running_mean.dtype, model.running_var.dtype) == (torch.float64, torch.float64)
    assert model.num_batches_tracked.dtype is torch.int64


@claim("MOVE-98", source="torch.set_default_dtype")
def test_a_parameter_without_data_and_an_uninitialized_one_have_the_default_dtype(defaults):
    """`nn.Parameter()` without data and `nn.UninitializedParameter()` have the dtype that `torch.set_default_dtype` has
    set by the time they are made.
    """
    earlier = [nn.Parameter(), nn.UninitializedParameter()]
    torch.set_default_dtype(torch.float64)
    later = [nn.Parameter(), nn.UninitializedParameter()]
    assert [parameter.dtype for parameter in earlier] == [torch.float32, torch.float32]
    assert [parameter.dtype for parameter in later] == [torch.float64, torch.float64]


class Scale(nn.Module):
    """A matrix product with the parameter, and a sum with the buffer."""

    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.ones(3, 3))
        self.register_buffer("b", torch.ones(3))

    def forward(self, x):
        self.product = x @ self.p
        return self.product + self.b


@claim("MOVE-26", source="torch.autocast")
def test_autocast_casts_inside_operations_and_changes_no_parameter_and_no_buffer():
    """Under `torch.autocast("cpu", dtype=torch.bfloat16)`, a matrix product is computed in bfloat16, while parameters,
    buffers and gradients stay float32.
    """
    model = Scale()
    p, b = model.p, model.b
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model(torch.ones(2, 3)).sum().backward()
    assert model.product.dtype is torch.bfloat16
    assert (model.p is p, model.b is b) == (True, True)
    assert (p.dtype, b.dtype, p.grad.dtype) == (torch.float32, torch.float32, torch.float32)
