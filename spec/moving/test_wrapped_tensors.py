"""What a conversion does to a parameter that wraps a tensor of its own, as quantized and sharded ones do."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim
from .wrapping import Wrapping

CONVERSIONS = {
    "double()": (lambda model: model.double(), torch.float64, "cpu"),
    "to(float16)": (lambda model: model.to(torch.float16), torch.float16, "cpu"),
    "to(meta)": (lambda model: model.to("meta"), torch.float32, "meta"),
}


@claim("MOVE-96", source="torch.nn.Module.to", since="2.3")
@pytest.mark.heavy
@pytest.mark.parametrize("conversion", CONVERSIONS)
def test_a_conversion_reaches_the_tensor_inside_a_parameter_and_keeps_the_parameter_object(conversion):
    """For a parameter that wraps another tensor, as an FSDP-sharded one does, a move or conversion keeps the parameter
    object and moves or converts the tensor inside.
    """
    convert, dtype, device = CONVERSIONS[conversion]
    model = nn.Module()
    model.x = parameter = nn.Parameter(Wrapping(torch.ones(3)))
    convert(model)
    assert model.x is parameter
    assert (type(model.x), isinstance(model.x, nn.Parameter), model.x.requires_grad) == (Wrapping, True, True)
    assert (model.x.dtype, model.x.device.type) == (dtype, device)
    assert (model.x.inner.dtype, model.x.inner.device.type) == (dtype, device)


@claim("MOVE-97", source="torch.nn.Module.to", until="2.3")
@pytest.mark.heavy
@pytest.mark.parametrize("convert", [nn.Module.double, nn.Module.half])
def test_a_conversion_left_the_tensor_inside_a_parameter_as_it_was_in_older_releases(convert):
    """Before torch 2.3, `.double()` or `.half()` gave a parameter that wraps another tensor the new dtype, but not the
    tensor inside; since then the tensor inside is converted as well.
    """
    model = nn.Module()
    model.x = nn.Parameter(Wrapping(torch.ones(3)))
    convert(model)
    assert model.x.dtype is not torch.float32
    assert model.x.inner.dtype is torch.float32
