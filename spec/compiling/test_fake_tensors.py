"""What a conversion does where tensors are fake: tensors without values, in whose place the compiler computes."""

from contextlib import suppress

import torch
from torch import nn

from ..vocabulary import PARAMETER, claim


@claim("GRAPH-66", source="torch.nn.Module.to", since="2.10")
def test_a_conversion_under_a_FakeTensorMode_rebinds_parameters_to_fake_ones():
    """Under `FakeTensorMode(allow_non_fake_inputs=True)`, a conversion such as `.double()` rebinds a parameter to a new
    fake one, with a fake gradient; the real parameter keeps its dtype, values and gradient."""
    from torch._subclasses import FakeTensor, FakeTensorMode

    model = PARAMETER.on(nn.Module(), "x", torch.ones(3))
    x = model.x
    x.grad = torch.ones(3)
    with FakeTensorMode(allow_non_fake_inputs=True):
        model.double()
    assert type(model.x) is type(model.x.grad) is FakeTensor
    assert isinstance(model.x, nn.Parameter)
    assert (model.x.dtype, model.x.grad.dtype) == (torch.float64, torch.float64)
    assert (x.dtype, x.tolist(), x.grad.tolist()) == (torch.float32, [1, 1, 1], [1, 1, 1])


@claim("GRAPH-67", source="torch.nn.Module.to", since="2.0", until="2.10")
def test_a_conversion_under_a_FakeTensorMode_kept_the_real_parameters():
    """Before torch 2.10, a conversion such as `.double()` under `FakeTensorMode(allow_non_fake_inputs=True)` kept the
    real parameter object and converted it; since then it rebinds the parameter to a fake one.
    """
    from torch._subclasses import FakeTensorMode

    model = PARAMETER.on(nn.Module(), "x", torch.ones(3))
    x = model.x
    with FakeTensorMode(allow_non_fake_inputs=True):
        model.double()
    assert model.x is x
    assert (type(x), x.dtype) == (nn.Parameter, torch.float64)


@claim("GRAPH-68", source="torch.nn.Module.to")
def test_a_conversion_keeps_the_object_of_a_fake_parameter():
    """A conversion such as `.double()` does not rebind a parameter that was made under a `FakeTensorMode`: the name
    keeps the same fake object.

    Beware: from torch 2.10 on, the conversion may raise `RuntimeError` where torch keeps a reference of its own to the
    fake tensor.
    """
    from torch._subclasses import FakeTensor, FakeTensorMode

    with FakeTensorMode():
        model = PARAMETER.on(nn.Module(), "x", torch.empty(3))
    x = model.x
    with suppress(RuntimeError):
        model.double()
    assert model.x is x
    assert isinstance(x, nn.Parameter)
    assert (type(x), x.requires_grad) == (FakeTensor, True)
