"""What a move or conversion walks over, in which order, and how a module takes part in it."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, PARAMETER, PLAIN_TENSOR, REGISTERED, IntegerModel, NestedModel, claim


@claim("MOVE-20", source="torch.nn.Module.register_buffer")
def test_state_registered_as_None_stays_None_in_moves_and_conversions(migration):
    """A parameter, buffer or submodule registered as None stays None in every move and conversion, and the other
    registered state goes along.
    """
    model = nn.Module()
    model.register_parameter("p", None)
    model.q = nn.Parameter(torch.ones(3, device=migration.source), requires_grad=False)
    model.register_buffer("b", None)
    model.register_module("child", None)
    model.register_buffer("x", torch.ones(3, device=migration.source))
    migration(model)
    assert (model.p, model.b, model.child) == (None, None, None)
    assert model.x.device.type == torch.device(migration.device).type
    assert (model.q.device, model.q.dtype) == (model.x.device, model.x.dtype)
    assert list(model.state_dict()) == ["q", "x"]


class Recorder:
    """A function for ``_apply`` that changes nothing and notes the size of each tensor that it gets."""

    def __init__(self):
        self.sizes = []
        self.grad_modes = []

    def __call__(self, tensor):
        self.sizes.append(tensor.numel())
        self.grad_modes.append(torch.is_grad_enabled())
        return tensor


def family():
    """Tensors of 1 to 8 elements: a child with a child of its own, a sibling, and the state of the module itself."""
    model = nn.Module()
    model.register_buffer("b", torch.ones(8))
    model.p = nn.Parameter(torch.ones(6))
    model.q = nn.Parameter(torch.ones(7))
    model.p.grad = torch.zeros(6)
    model.child, model.sibling = nn.Module(), nn.Module()
    model.child.register_buffer("b", torch.ones(3), persistent=False)
    model.child.p = nn.Parameter(torch.ones(2), requires_grad=False)
    model.child.child = nn.Module()
    model.child.child.register_buffer("b", torch.ones(1))
    model.sibling.p = nn.Parameter(torch.ones(4))
    model.sibling.register_buffer("b", torch.ones(5))
    return model


@claim("MOVE-83", source="torch.nn.Module._apply")
def test_a_conversion_goes_to_submodules_first_then_parameters_each_with_its_gradient_then_buffers():
    """`module._apply(fn)` calls `fn` on the state of submodules first, then on each parameter followed by its gradient,
    then on the buffers, and returns the module.

    All moves and conversions of a module go through `_apply`.
    """
    seen = Recorder()
    model = family()
    assert model._apply(seen) is model
    assert seen.sizes == [1, 2, 3, 4, 5, 6, 6, 7, 8]


@claim("MOVE-84", source="torch.nn.Module._apply")
def test_a_conversion_visits_a_submodule_once_for_each_parent_and_a_tied_tensor_once_for_each_name():
    """`module._apply(fn)` visits a submodule once for each parent, however many names it has there, but calls `fn` on a
    tied tensor once for each name.
    """
    seen = Recorder()
    model = family()
    model.again = model.child
    model.sibling.again = model.child.child
    model.tied = model.q
    model.register_buffer("c", model.b)
    model._apply(seen)
    assert seen.sizes == [1, 2, 3, 1, 4, 5, 6, 6, 7, 7, 8, 8]


@claim("MOVE-85", source="torch.nn.Module._apply")
@pytest.mark.parametrize("grad", [True, False])
def test_parameters_are_converted_without_grad_mode_and_buffers_in_the_grad_mode_of_the_caller(grad):
    """`module._apply(fn)` calls `fn` on parameters and gradients with grad mode off, and on buffers in the grad mode of
    the caller.
    """
    seen = Recorder()
    model = family()
    with torch.set_grad_enabled(grad):
        model._apply(seen)
    assert seen.grad_modes == [grad, False, grad, False, grad, False, False, False, grad]


@claim("MOVE-86", source="torch.nn.Module._apply", since="2.1")
def test_recurse_False_leaves_the_submodules_out_of_a_conversion():
    """`module._apply(fn, recurse=False)` calls `fn` on the module's own parameters, gradients and buffers, and not on
    those of its submodules.
    """
    seen = Recorder()
    family()._apply(seen, recurse=False)
    assert seen.sizes == [6, 6, 7, 8]


@claim("MOVE-87", source="torch.nn.Module.to_empty", since="2.1")
def test_to_empty_with_recurse_False_leaves_the_submodules_where_they_are():
    """`to_empty(device="meta", recurse=False)` moves the module's own parameters and buffers and leaves those of its
    submodules where they are.
    """
    model = NestedModel(5, 10)
    assert model.to_empty(device="meta", recurse=False) is model
    assert {tensor.device.type for tensor in [model.scale, model.shift]} == {"meta"}
    assert {tensor.device.type for tensor in [*model.body.parameters(), *model.body.buffers()]} == {"cpu"}


class Encoder(nn.Module):
    """A plain tensor ``table`` that the module takes along itself."""

    def __init__(self):
        super().__init__()
        self.table = torch.ones(3)

    def _apply(self, fn, *args, **kwargs):
        super()._apply(fn, *args, **kwargs)
        self.table = fn(self.table)
        return self


@claim("MOVE-25", source="torch.nn.Module._apply")
def test_a_module_can_take_a_plain_tensor_along_by_its_own__apply(migration):
    """A module whose own `_apply(fn)` calls `fn` on a plain tensor as well takes this tensor along in moves and
    conversions, without putting it into the state dict.
    """
    model = nn.Sequential(Encoder()).to(migration.source)
    migration(model)
    assert model[0].table.device.type == torch.device(migration.device).type
    assert model[0].table.dtype is getattr(migration, "dtype", torch.float32)
    assert list(model.state_dict()) == []


class Float32(nn.Linear):
    """A Linear that takes part in moves but in no conversion."""

    def _apply(self, fn, *args, **kwargs):
        return super()._apply(lambda tensor: tensor.to(fn(tensor).device), *args, **kwargs)


@claim("MOVE-88", source="torch.nn.Module._apply")
def test_a_module_can_keep_its_dtype_by_its_own__apply():
    """A submodule that overrides `_apply` can keep its own dtype in a `.half()` or `.to(device, dtype)` that converts
    the module around it, and still move to the device.
    """
    model = nn.Sequential(nn.Linear(2, 3), Float32(3, 4))
    model.half().to("meta", torch.float64)
    assert (model[0].weight.dtype, model[1].weight.dtype) == (torch.float64, torch.float32)
    assert (model[0].weight.device.type, model[1].weight.device.type) == ("meta", "meta")


@claim("MOVE-89", source="torch.nn.Module.type")
def test_a_conversion_that_raises_leaves_earlier_submodules_converted():
    """If `module.type(torch.int32)` raises `RuntimeError` at a trainable parameter of a submodule, earlier submodules
    stay converted, and this submodule stays as it was.
    """
    model = nn.Sequential(IntegerModel(5, 10).requires_grad_(False), nn.Linear(5, 10))
    with pytest.raises(RuntimeError, match="must be floating point or complex"):
        model.type(torch.int32)
    assert {tensor.dtype for tensor in [*model[0].parameters(), *model[0].buffers()]} == {torch.int32}
    assert {parameter.dtype for parameter in model[1].parameters()} == {torch.float32}


@claim("MOVE-27", source="torch.nn.Module.to")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_a_module_has_no_device_and_no_dtype_and_its_state_may_have_several(kind, device):
    """`nn.Module` has no attribute `device` or `dtype` (`AttributeError`): its parameters and buffers may be on several
    devices and of several dtypes.

    To ask for one, write `next(module.parameters()).device`.
    """
    model = NestedModel(5, 10)
    kind.on(model, "x", torch.ones(3, device=device, dtype=torch.float64))
    assert {tensor.dtype for tensor in [*model.parameters(), *model.buffers()]} == {torch.float32, torch.float64}
    assert (model.x.device.type, model.scale.device.type) == (torch.device(device).type, "cpu")
    with pytest.raises(AttributeError, match="object has no attribute 'device'"):
        model.device  # noqa: B018
    with pytest.raises(AttributeError, match="object has no attribute 'dtype'"):
        model.dtype  # noqa: B018


@claim("MOVE-28", source="torch.nn.Module.share_memory")
@pytest.mark.parametrize("kind", REGISTERED)
def test_share_memory_puts_state_in_shared_memory_in_place_and_no_plain_tensor(kind):
    """`share_memory()` puts every dense parameter and buffer, those of submodules too, into shared memory and keeps
    objects and values. A plain tensor with storage of its own stays where it is.
    """
    model = nn.Module()
    model.child = kind.on(nn.Module(), "x", torch.tensor([1.0, 2.0]))
    PLAIN_TENSOR.on(model.child, "plain", torch.ones(3))
    x = model.child.x
    assert not x.is_shared()
    model.share_memory()
    assert model.child.x is x
    assert x.is_shared()
    assert x.tolist() == [1, 2]
    assert not model.child.plain.is_shared()
