"""What becomes of tied state when the module is converted, copied, saved, loaded or trained."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    BUFFERS,
    CONVERSIONS,
    NON_PERSISTENT_BUFFER,
    PARAMETER,
    PARAMETERS,
    NestedModel,
    ToyModel3,
    claim,
)
from .tying import share

CHANGING = {str(convert): convert for convert in CONVERSIONS if str(convert) in ("double()", "to(bfloat16)")}


@claim("TIE-03", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("convert", CHANGING)
def test_a_conversion_keeps_tied_parameters_tied(kind, convert, real_device):
    """By default, outside replace mode, a conversion such as `.double()` or `.to(torch.bfloat16)` keeps tied
    parameters, trainable or frozen, tied.
    """
    model = kind.on(NestedModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    share(model.x, model.body.inner, "y")
    CHANGING[convert](model)
    assert model.x is model.body.inner.y
    assert model.x.dtype is CHANGING[convert].dtype


@claim("TIE-04", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("convert", [*CHANGING, "to(meta)"])
def test_a_conversion_or_move_gives_each_name_of_a_shared_buffer_a_tensor_of_its_own(kind, convert, real_device):
    """A conversion or move that changes a buffer that several attributes hold, such as `.double()`,
    `.to(torch.bfloat16)` or `.to("meta")`, gives each of these attributes a tensor of its own.
    """
    model = kind.on(NestedModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    share(model.x, model.body.inner, "y")
    model = model.to("meta") if convert == "to(meta)" else CHANGING[convert](model)
    assert model.x is not model.body.inner.y
    assert model.x.dtype is model.body.inner.y.dtype
    assert len(list(model.buffers())) == 4


@claim("TIE-21", source="torch.nn.Module.float")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_conversion_that_changes_nothing_keeps_a_tied_buffer_tied(kind, real_device):
    """A conversion that changes nothing, such as `.float()` on a float32 module, keeps a tied buffer tied: both names
    keep the same tensor.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    share(model.x, model, "y")
    tensor = model.x
    model.float()
    assert model.x is model.y is tensor


@claim("TIE-05", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_move_to_meta_unties_parameters(kind, real_device):
    """By default, outside swap mode, `.to("meta")` unties tied parameters, trainable or frozen: each name gets a
    parameter of its own, with the same `requires_grad`.
    """
    model = kind.on(NestedModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    share(model.x, model.body.inner, "y")
    kept = model.x.requires_grad
    model.to("meta")
    assert model.x is not model.body.inner.y
    assert model.x.requires_grad is model.body.inner.y.requires_grad is kept


@claim("TIE-25", source="torch.nn.Module.to_empty")
def test_to_empty_on_the_same_device_keeps_parameters_tied_and_unties_buffers(real_device):
    """By default, outside replace mode, `to_empty(device=device)` on the module's own device keeps a tied parameter
    tied, as the same object, and gives each name of a tied buffer a new tensor.
    """
    model = ToyModel3(5, 10).to(real_device)
    share(model.b1, model.linear, "b2")
    share(model.c1, model.linear, "c2")
    parameter, buffer = model.b1, model.c1
    assert model.to_empty(device=real_device) is model
    assert model.b1 is model.linear.b2 is parameter
    assert buffer is not model.c1 is not model.linear.c2


@claim("TIE-06", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, NON_PERSISTENT_BUFFER])
@pytest.mark.parametrize("route", ["deepcopy", "pickle", "torch.save"])
def test_a_copy_has_its_state_tied_as_the_original_has(kind, route, real_device):
    """A copy of a module by `copy.deepcopy`, `pickle`, or `torch.save` and `torch.load(weights_only=False)` has its
    parameters and buffers tied as the original's are, and shares none of them with the original.
    """
    model = kind.on(NestedModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    share(model.x, model.body.inner, "y")
    file = io.BytesIO()
    torch.save(model, file)
    copied = {
        "deepcopy": lambda: copy.deepcopy(model),
        "pickle": lambda: pickle.loads(pickle.dumps(model)),
        "torch.save": lambda: torch.load(io.BytesIO(file.getvalue()), weights_only=False),
    }[route]()
    assert copied.x is copied.body.inner.y
    assert copied.x is not model.x
    assert copied.x.tolist() == model.x.tolist()


@claim("TIE-07", source="torch.optim.Optimizer")
def test_a_tied_parameter_sums_the_gradients_of_its_names_and_is_stepped_once(real_device):
    """A tied parameter sums the gradients of its uses under all names in one `.grad`, and an optimizer built from
    `parameters()` steps it once.
    """
    model = nn.Module()
    model.x = model.y = nn.Parameter(torch.ones(3, device=real_device))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    assert len(optimizer.param_groups[0]["params"]) == 1
    (2 * model.x + 5 * model.y).sum().backward()
    assert model.x.grad.tolist() == [7, 7, 7]
    optimizer.step()
    assert model.x.tolist() == model.y.tolist() == [-6, -6, -6]


@claim("TIE-08", source="torch.nn.Parameter")
def test_two_parameters_that_view_one_storage_are_two_and_a_conversion_parts_them(real_device):
    """Two `nn.Parameter` made from one tensor are listed as two parameters and change together in place, until a
    conversion such as `.double()` gives each its own storage.
    """
    storage = torch.ones(3, device=real_device)
    model = nn.Module()
    model.x, model.y = nn.Parameter(storage), nn.Parameter(storage)
    storage.zero_()
    assert [name for name, _ in model.named_parameters()] == ["x", "y"]
    assert model.x.tolist() == model.y.tolist() == [0, 0, 0]
    model.double()
    model.x.data.fill_(2)
    assert model.y.tolist() == [0, 0, 0]


@claim("TIE-10", source="torch.save")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_a_file_holds_tied_state_once_and_loads_it_tied(kind):
    """`torch.save` of a state dict writes a tied parameter or buffer into the file once, and after `torch.load` its
    names still share storage: an in-place change shows under both.
    """
    model = kind.on(nn.Module(), "x", torch.ones(10_000))
    alone, tied = io.BytesIO(), io.BytesIO()
    torch.save(model.state_dict(), alone)
    share(model.x, model, "y")
    model.register_buffer("part", model.x.detach()[5_000:])
    torch.save(model.state_dict(), tied)
    loaded = torch.load(io.BytesIO(tied.getvalue()), weights_only=True)
    assert len(tied.getvalue()) < len(alone.getvalue()) + 2000
    assert list(loaded) == ["x", "y", "part"]
    loaded["x"].zero_()
    assert loaded["y"].tolist() == [0] * 10_000
    assert loaded["part"].tolist() == [0] * 5_000


@claim("TIE-22", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_loading_expects_every_name_of_tied_state_and_the_last_one_wins(kind, real_device):
    """Without `assign=True`, a strict load of different values for two names of a tied tensor keeps it tied, with the
    value for the name that `state_dict()` lists last. If one name is missing, it raises `RuntimeError`.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    share(model.x, model, "y")
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "y"\.'):
        model.load_state_dict({"x": torch.ones(3)})
    assert model.x.tolist() == model.y.tolist() == [1, 1, 1]
    model.load_state_dict({"y": torch.full((3,), 5.0), "x": torch.full((3,), 4.0)})
    assert model.x.tolist() == [5, 5, 5]
    assert model.load_state_dict({"y": torch.ones(3)}, strict=False) == (["x"], [])
    assert model.x is model.y


@claim("TIE-23", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
def test_an_update_in_place_keeps_a_tied_buffer_tied_and_rebinding_unties_it(kind, real_device):
    """Changing a tied buffer in place (`model.x += 1`) keeps it tied; rebinding it (`model.x = model.x + 1`) unties it,
    and the other name keeps the old tensor.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    share(model.x, model, "y")
    model.x += 1
    assert model.x is model.y
    assert model.y.tolist() == [1, 1, 1]
    model.x = model.x + 1
    assert model.x.tolist() == [2, 2, 2]
    assert model.y.tolist() == [1, 1, 1]


@claim("TIE-24", source="torch.nn.Parameter")
def test_assigning_a_parameter_to_one_of_two_names_unties_them(real_device):
    """Assigning a new `nn.Parameter` to one name of a tied parameter unties it: the other name keeps the old one."""
    model = ToyModel3(5, 10).to(real_device)
    share(model.b1, model, "b2")
    first, second = model.b1, nn.Parameter(torch.ones(10, device=real_device))
    model.b1 = second
    assert dict(model.named_parameters())["b1"] is second
    assert dict(model.named_parameters())["b2"] is first
