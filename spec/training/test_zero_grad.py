"""What ``zero_grad()`` of a module resets."""

import warnings

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFERS, PLAIN_TENSOR, FrozenModel, NestedModel, ToyModel3, claim


def with_gradients(model):
    """The model, each of its parameters with a gradient of ones."""
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    return model


@claim("GRAD-07", source="torch.nn.Module.zero_grad", since="2.0")
def test_zero_grad_removes_gradients_by_default(real_device):
    """`module.zero_grad()` sets the `.grad` of every parameter, those of submodules included, to None by default."""
    model = with_gradients(NestedModel(5, 10).to(real_device))
    assert model.zero_grad() is None
    assert [parameter.grad for parameter in model.parameters()] == [None] * 4


@claim("GRAD-30", source="torch.nn.Module.zero_grad", until="2.0")
def test_zero_grad_fills_gradients_with_zeros_by_default(real_device):
    """Before torch 2.0, `module.zero_grad()` filled the gradients of the parameters with zeros by default; since then
    it sets `.grad` to None.
    """
    model = with_gradients(ToyModel3(5, 10).to(real_device))
    model.zero_grad()
    assert model.b1.grad.tolist() == [0] * 10


@claim("GRAD-31", source="torch.nn.Module.zero_grad")
def test_setting_gradients_to_None_leaves_their_tensors_as_they_were(real_device):
    """`module.zero_grad(set_to_none=True)` sets the `.grad` of every parameter to None and leaves the values of the
    gradient tensors themselves unchanged.
    """
    model = with_gradients(NestedModel(5, 10).to(real_device))
    gradient = model.scale.grad
    model.zero_grad(set_to_none=True)
    assert [parameter.grad for parameter in model.parameters()] == [None] * 4
    assert gradient.tolist() == [1] * 10


@claim("GRAD-32", source="torch.nn.Module.zero_grad")
def test_zeroing_gradients_in_place_keeps_their_tensors(real_device):
    """`module.zero_grad(set_to_none=False)` fills the gradients of all parameters with zeros in place: each `.grad`
    stays the same tensor.
    """
    model = with_gradients(NestedModel(5, 10).to(real_device))
    gradients = [parameter.grad for parameter in model.parameters()]
    assert model.zero_grad(set_to_none=False) is None
    assert all(parameter.grad is kept for parameter, kept in zip(model.parameters(), gradients, strict=True))
    assert [gradient.count_nonzero().item() for gradient in gradients] == [0] * 4


@claim("GRAD-33", source="torch.nn.Module.zero_grad")
@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad_makes_no_gradient_where_there_is_none(set_to_none, real_device):
    """`module.zero_grad()` leaves the `.grad` of a parameter without a gradient None, with `set_to_none=False` too."""
    model = ToyModel3(5, 10).to(real_device)
    model.b1.grad = torch.ones_like(model.b1)
    model.zero_grad(set_to_none)
    assert model.linear.weight.grad is None
    assert (model.b1.grad is None) is set_to_none


@claim("GRAD-08", source="torch.nn.Module.zero_grad")
@pytest.mark.parametrize("kind", [*BUFFERS, PLAIN_TENSOR])
@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad_leaves_the_gradient_of_a_buffer_or_plain_tensor(kind, set_to_none, real_device):
    """`module.zero_grad()` resets the gradients of parameters and leaves the gradient of a buffer or plain tensor that
    requires grad unchanged.
    """
    model = kind.on(ToyModel3(5, 10).to(real_device), "x", torch.ones(3, device=real_device, requires_grad=True))
    with_gradients(model)
    model.x.grad = gradient = torch.ones_like(model.x)
    model.zero_grad(set_to_none)
    assert model.x.grad is gradient
    assert gradient.tolist() == [1, 1, 1]
    assert (model.b1.grad is None) is set_to_none


@claim("GRAD-34", source="torch.nn.Module.zero_grad")
def test_zero_grad_resets_the_gradient_of_a_frozen_parameter_too(real_device):
    """`module.zero_grad()` resets the gradient of a frozen parameter, if it has one, as it resets that of a trainable
    one.
    """
    model = with_gradients(FrozenModel(5, 10).to(real_device))
    model.zero_grad(set_to_none=False)
    assert model.f1.grad.tolist() == [0] * 10
    model.zero_grad(set_to_none=True)
    assert model.f1.grad is None


@claim("GRAD-35", source="torch.nn.Module.zero_grad")
def test_zeroing_in_place_cuts_a_gradient_off_from_its_graph(real_device):
    """`module.zero_grad(set_to_none=False)` fills a gradient that has a `grad_fn` with zeros in place and detaches it
    from its graph.

    A gradient has a `grad_fn` after `backward(create_graph=True)`.
    """
    model = ToyModel3(5, 10).to(real_device)
    model.b1.grad = gradient = model.b1 * 2
    assert gradient.grad_fn is not None
    model.zero_grad(set_to_none=False)
    assert model.b1.grad is gradient
    assert gradient.grad_fn is None
    assert not gradient.requires_grad
    assert gradient.tolist() == [0] * 10


@claim("GRAD-36", source="torch.nn.Module.zero_grad")
def test_zeroing_in_place_turns_off_requires_grad_of_a_gradient(real_device):
    """`module.zero_grad(set_to_none=False)` turns off `requires_grad` of a gradient that requires grad itself and fills
    it with zeros in place.
    """
    model = ToyModel3(5, 10).to(real_device)
    model.b1.grad = gradient = torch.ones(10, device=real_device, requires_grad=True)
    model.zero_grad(set_to_none=False)
    assert model.b1.grad is gradient
    assert not gradient.requires_grad
    assert gradient.tolist() == [0] * 10


@claim("GRAD-48", source="torch.nn.Module.zero_grad")
def test_zeroing_in_place_writes_through_a_gradient_that_is_a_view(real_device):
    """`module.zero_grad(set_to_none=False)` zeroes a gradient in place even where the gradient is a view, without
    `grad_fn`, of another tensor, and so changes this part of the other tensor to zeros.
    """
    model, gradients = nn.Linear(2, 1).to(real_device), torch.ones(4, device=real_device)
    model.weight.grad, model.bias.grad = gradients[:2].view(1, 2), gradients[2:3]
    weight = model.weight.grad
    model.zero_grad(set_to_none=False)
    assert model.weight.grad is weight
    assert gradients.tolist() == [0, 0, 0, 1]


@claim("GRAD-37", source="torch.nn.Module.zero_grad")
def test_zero_grad_of_a_submodule_leaves_the_gradients_around_it(real_device):
    """`zero_grad()` of a submodule resets the gradients of that submodule's parameters and leaves those of all other
    parameters unchanged.
    """
    model = with_gradients(NestedModel(5, 10).to(real_device))
    gradients = [model.scale.grad, model.body.inner.b1.grad]
    model.body.inner.linear.zero_grad(set_to_none=True)
    assert model.body.inner.linear.weight.grad is model.body.inner.linear.bias.grad is None
    assert model.scale.grad is gradients[0]
    assert model.body.inner.b1.grad is gradients[1]


@claim("GRAD-38", source="torch.nn.Module.zero_grad")
def test_zero_grad_warns_in_a_replica_of_DataParallel_that_it_has_no_effect():
    """`zero_grad()` in a replica made by `nn.DataParallel` warns with `UserWarning` that it has no effect, and the
    gradients of the original module stay.
    """
    model = with_gradients(ToyModel3(5, 10))
    replica = model._replicate_for_data_parallel()
    with pytest.warns(UserWarning, match=r"Calling .zero_grad\(\) from a module created with nn.DataParallel\(\)"):
        replica.zero_grad()
    assert model.b1.grad.tolist() == [1] * 10


@claim("GRAD-39", source="torch.nn.Module.zero_grad", since="2.10")
def test_the_warning_of_a_replica_points_at_the_file_that_calls_zero_grad():
    """The `UserWarning` of `zero_grad()` in a replica made by `nn.DataParallel` points at the file of the caller, not
    into torch.
    """
    replica = ToyModel3(5, 10)._replicate_for_data_parallel()
    with pytest.warns(UserWarning, match="no effect") as warned:
        replica.zero_grad()
    assert warned[0].filename == __file__


@claim("GRAD-40", source="torch.nn.Module.zero_grad")
@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad_of_a_module_that_is_not_a_replica_does_not_warn(set_to_none, real_device):
    """`module.zero_grad()` doesn't warn on a module that is not a replica made by `nn.DataParallel`, whatever
    `set_to_none` is.
    """
    model = with_gradients(nn.Sequential(NestedModel(5, 10), nn.Linear(1, 1)).to(real_device))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.zero_grad(set_to_none)
    assert (model[1].bias.grad is None) is set_to_none
