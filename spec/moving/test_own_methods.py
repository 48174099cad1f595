"""Methods that hand their argument to the method of the same name of every tensor."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim


@pytest.fixture
def calls(monkeypatch, method):
    """What ``method`` of each tensor is called with, the number of elements of the tensor first."""
    calls = []

    def called(tensor, *args):
        calls.append((tensor.numel(), *args))
        return tensor

    monkeypatch.setattr(torch.Tensor, method, called)
    return calls


def model_of_four():
    """A buffer of 1 element in a submodule; a parameter of 2 with a gradient, and a buffer of 3 that is no number."""
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(2))
    model.p.grad = torch.ones(2)
    model.child = nn.Module()
    model.child.register_buffer("b", torch.ones(1), persistent=False)
    model.register_buffer("mask", torch.ones(3, dtype=torch.bool))
    return model


@claim("MOVE-77", source="torch.nn.Module.cuda")
@pytest.mark.parametrize("method", ["cuda", "xpu", "ipu"])
@pytest.mark.parametrize("index", [1, "name:1"])
def test_cuda_xpu_and_ipu_pass_their_device_to_each_parameter_gradient_and_buffer(method, index, calls):
    """`.cuda(device)`, `.xpu(device)` and `.ipu(device)` of a module call the tensor method of that name, with that
    device, on each parameter, gradient and buffer.
    """
    model = model_of_four()
    assert getattr(model, method)(index) is model
    assert calls == [(1, index), (2, index), (2, index), (3, index)]


@claim("MOVE-78", source="torch.nn.Module.cuda")
@pytest.mark.parametrize("method", ["cuda", "xpu", "ipu"])
def test_cuda_xpu_and_ipu_without_a_device_pass_None(method, calls):
    """`.cuda()`, `.xpu()` and `.ipu()` of a module pass None as the device to the tensor method of that name, which
    then chooses.

    With None, the tensor method `cuda()` chooses the current GPU.
    """
    getattr(model_of_four(), method)()
    assert calls == [(1, None), (2, None), (2, None), (3, None)]


@claim("MOVE-79", source="torch.nn.Module.mtia", since="2.5")
@pytest.mark.parametrize("method", ["mtia"])
@pytest.mark.parametrize("index", [1, "name:1"])
def test_mtia_passes_its_device_to_each_parameter_gradient_and_buffer(method, index, calls):
    """`.mtia(device)` of a module calls the tensor method `mtia()`, with that device, on each parameter, gradient and
    buffer.
    """
    model = model_of_four()
    assert model.mtia(index) is model
    assert calls == [(1, index), (2, index), (2, index), (3, index)]


@claim("MOVE-80", source="torch.nn.Module.mtia", since="2.5")
@pytest.mark.parametrize("method", ["mtia"])
def test_mtia_without_a_device_passes_None(method, calls):
    """`.mtia()` of a module passes None as the device to the tensor method `mtia()`, which then chooses."""
    model_of_four().mtia()
    assert calls == [(1, None), (2, None), (2, None), (3, None)]


@claim("MOVE-81", source="torch.nn.Module.cpu")
@pytest.mark.parametrize("method", ["cpu", "share_memory_"])
def test_cpu_and_share_memory_call_the_method_of_each_parameter_gradient_and_buffer(method, calls):
    """`.cpu()` of a module calls `cpu()` on each parameter, gradient and buffer, and `share_memory()` calls
    `share_memory_()` on them.
    """
    model = model_of_four()
    assert getattr(model, method.removesuffix("_"))() is model
    assert calls == [(1,), (2,), (2,), (3,)]


@claim("MOVE-82", source="torch.nn.Module.float")
@pytest.mark.parametrize("method", ["float", "double", "half", "bfloat16"])
def test_float_double_half_and_bfloat16_call_the_method_of_each_floating_parameter_gradient_and_buffer(method, calls):
    """`.float()`, `.double()`, `.half()` and `.bfloat16()` of a module call the tensor method of that name on each
    floating-point parameter, gradient and buffer.
    """
    model = model_of_four()
    assert getattr(model, method)() is model
    assert calls == [(1,), (2,), (2,)]
