"""What assignment to a registered name does."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    BUFFERS,
    FROZEN_PARAMETER,
    NON_PERSISTENT_BUFFER,
    PARAMETER,
    PARAMETERS,
    PLAIN,
    PLAIN_TENSOR,
    REGISTERED,
    ToyModel2,
    any_shape,
    claim,
    core,
)
from .registries import kept_as


@core
@claim("SET-01", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PARAMETERS)
@any_shape
def test_assigning_a_plain_tensor_to_a_parameter_raises_TypeError(kind, real_device, shape):
    """Assigning a plain tensor, even one computed from the parameter, to a parameter's name raises `TypeError`, and the
    parameter, trainable or frozen, stays.
    """
    model = kind.on(ToyModel2(5, 10).to(real_device), "x", torch.ones(10, device=real_device))
    parameter = model.x
    zeros = torch.zeros(shape, device=real_device)
    for tensor in (zeros, zeros.clone().requires_grad_(), model.x * 2):
        with pytest.raises(TypeError, match="cannot assign"):
            model.x = tensor
    assert model.x is dict(model.named_parameters())["x"] is parameter


@core
@claim("SET-02", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_plain_tensor_assigned_to_a_buffer_becomes_the_buffer_and_keeps_its_persistence(kind, device):
    """A plain tensor, such as the result of a computation, assigned to a buffer's name becomes the buffer itself, not a
    copy, and is persistent or non-persistent as the old one was.
    """
    model = kind.on(ToyModel2(5, 10).to(device), "x", torch.ones(10, device=device))
    keys = list(model.state_dict())
    model.x = tensor = model.x.clone()
    assert model.x is dict(model.named_buffers())["x"] is tensor
    assert list(model.state_dict()) == keys
    assert "x" not in vars(model)


@claim("SET-03", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
@any_shape
def test_a_plain_tensor_assigned_to_a_buffer_may_have_any_shape_dtype_and_device(kind, device, shape):
    """A plain tensor assigned to a buffer's name may differ from the old buffer in shape, dtype and device: it becomes
    the buffer as it is.
    """
    model = kind.on(nn.Module(), "x", torch.ones(10))
    tensor = torch.ones(shape, dtype=torch.bool, device=device)
    model.x = tensor
    assert dict(model.named_buffers())["x"] is tensor


@claim("SET-04", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("value", [3, [1.0]])
def test_assigning_a_number_or_a_list_to_a_buffer_raises_TypeError(kind, value):
    """Assigning a number or a list to a buffer's name raises `TypeError`, and the buffer stays, persistent or
    non-persistent as before.
    """
    model = kind.on(nn.Module(), "x", torch.ones(10))
    buffer, keys = model.x, list(model.state_dict())
    with pytest.raises(TypeError, match=f"cannot assign '{type(value).__name__}' as buffer 'x' .*None expected"):
        model.x = value
    assert model.x is dict(model.named_buffers())["x"] is buffer
    assert list(model.state_dict()) == keys


@claim("SET-05", source="torch.nn.Module")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_parameter_assigned_to_a_buffer_replaces_it(kind):
    """An `nn.Parameter` assigned to a buffer's name replaces the buffer: it is listed as a parameter and saved, even
    where the buffer was non-persistent.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    parameter = nn.Parameter(torch.zeros(3))
    model.x = parameter
    assert model.x is dict(model.named_parameters())["x"] is parameter
    assert list(model.state_dict()) == ["x"]
    assert kept_as(model) == "parameter"


@claim("SET-23", source="torch.nn.Module")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_module_assigned_to_a_buffer_replaces_it(kind):
    """An `nn.Module` assigned to a buffer's name becomes a submodule, and the buffer is gone together with its
    persistence.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    model.x = child = nn.Module()
    assert model.x is dict(model.named_children())["x"] is child
    assert kept_as(model) == "module"


@claim("SET-06", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PLAIN)
def test_a_parameter_assigned_to_a_plain_attribute_replaces_it(kind):
    """Assigning an `nn.Parameter` to the name of an instance's plain attribute, be it a tensor or another value,
    replaces that attribute and registers the parameter.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    parameter = nn.Parameter(torch.zeros(3))
    model.x = parameter
    assert model.x is dict(model.named_parameters())["x"] is parameter
    assert "x" not in vars(model)


@claim("SET-07", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("kind", PLAIN)
def test_assigning_an_nn_Buffer_to_a_plain_attribute_raises_KeyError(kind):
    """Assigning an `nn.Buffer` to the name of a plain attribute raises `KeyError`, and the attribute stays.

    `del module.x` frees the name first.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    held = model.x
    with pytest.raises(KeyError, match="attribute 'x' already exists"):
        model.x = nn.Buffer(torch.zeros(3))
    assert vars(model)["x"] is held
    assert dict(model.named_buffers()) == {}


@claim("SET-08", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_assigning_an_nn_Buffer_to_a_parameter_raises_TypeError(kind):
    """Assigning an `nn.Buffer` to a parameter's name raises `TypeError`, and the parameter stays."""
    model = kind.on(nn.Module(), "x", torch.ones(3))
    parameter = model.x
    with pytest.raises(TypeError, match=r"cannot assign .* as parameter 'x' \(torch.nn.Parameter or None expected"):
        model.x = nn.Buffer(torch.zeros(3))
    assert model.x is dict(model.named_parameters())["x"] is parameter
    assert dict(model.named_buffers()) == {}


@claim("SET-24", source="torch.nn.Module")
@pytest.mark.parametrize("value", [3, 2.5, "relu"])
def test_assigning_a_tensor_a_number_or_a_string_to_a_submodule_raises_TypeError(value):
    """Assigning a plain tensor, a number or a string to a submodule's name raises `TypeError`, and the submodule
    stays.
    """
    model = ToyModel2(5, 10)
    linear = model.linear
    with pytest.raises(
        TypeError, match=rf"'{type(value).__name__}' as child module 'linear' \(torch.nn.Module or None expected"
    ):
        model.linear = value
    with pytest.raises(TypeError, match="as child module 'linear'"):
        model.linear = torch.ones(3)
    assert model.linear is dict(model.named_children())["linear"] is linear


@claim("SET-25", source="torch.nn.Module")
def test_a_parameter_assigned_to_a_submodule_replaces_it_with_all_its_state():
    """An `nn.Parameter` assigned to a submodule's name replaces the submodule, whose parameters and buffers are then
    neither listed nor saved.
    """
    model = ToyModel2(5, 10)
    model.linear.register_buffer("x", torch.ones(3))
    model.linear = nn.Parameter(torch.zeros(3))
    assert [name for name, _ in model.named_parameters()] == list(model.state_dict()) == ["b1", "linear"]
    assert [*model.buffers(), *model.children()] == []


@claim("SET-12", source="torch.nn.Module")
@pytest.mark.parametrize("kind", REGISTERED)
def test_registered_state_set_to_None_is_neither_listed_nor_saved_until_it_is_assigned_again(kind):
    """A parameter or buffer set to None is neither listed nor in the state dict. Assigning the same parameter or tensor
    again registers it, persistent or non-persistent as before.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    held, keys = model.x, list(model.state_dict())
    model.x = None
    assert model.x is None
    assert [*model.named_parameters(), *model.named_buffers(), *model.state_dict()] == []
    assert "x" not in vars(model)
    model.x = held
    assert [value for _, value in [*model.named_parameters(), *model.named_buffers()]] == [held]
    assert list(model.state_dict()) == keys


@claim("SET-26", source="torch.nn.Module.register_parameter")
def test_a_parameter_registered_as_None_is_filled_by_a_parameter_and_not_by_a_plain_tensor():
    """After `register_parameter(name, None)`, assigning an `nn.Parameter` to that name registers it, while assigning a
    plain tensor raises `TypeError` and leaves None.
    """
    model = nn.Module()
    model.register_parameter("bias", None)
    with pytest.raises(TypeError, match=r"'torch.FloatTensor' as parameter 'bias' \(torch.nn.Parameter or None"):
        model.bias = torch.ones(3)
    assert model.bias is None
    model.bias = parameter = nn.Parameter(torch.ones(3))
    assert dict(model.named_parameters())["bias"] is parameter


@claim("SET-27", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize(("persistent", "keys"), [(True, ["cache"]), (False, [])])
def test_a_buffer_registered_as_None_is_filled_by_a_plain_tensor_and_keeps_its_persistence(persistent, keys):
    """A plain tensor assigned to a buffer registered as None, `register_buffer(name, None)`, becomes the buffer, saved
    or not as `persistent=` said there.
    """
    model = nn.Module()
    model.register_buffer("cache", None, persistent=persistent)
    model.cache = tensor = torch.ones(3)
    assert dict(model.named_buffers())["cache"] is tensor
    assert list(model.state_dict()) == keys


@claim("SET-11", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize(("first", "keys"), [(BUFFER, []), (NON_PERSISTENT_BUFFER, ["x"])])
def test_registering_a_buffer_again_with_the_other_persistence_switches_it(first, keys):
    """`register_buffer` on a buffer's name with the other `persistent=` replaces the tensor and switches the buffer
    between persistent and non-persistent.
    """
    model = first.on(nn.Module(), "x", torch.ones(3))
    tensor = torch.zeros(3)
    model.register_buffer("x", tensor, persistent=first is NON_PERSISTENT_BUFFER)
    assert model.x is tensor
    assert list(model.state_dict()) == keys


@claim("SET-19", source="torch.nn.Parameter")
@pytest.mark.parametrize("kind", PARAMETERS)
@any_shape
def test_assigning_to_data_changes_shape_and_dtype_and_keeps_the_parameter(kind, real_device, shape):
    """Assigning a tensor of another shape and floating dtype to a parameter's `.data` changes shape and dtype of the
    parameter, which stays the same `nn.Parameter` with the same `requires_grad`.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    parameter, requires_grad = model.x, model.x.requires_grad
    model.x.data = torch.zeros(shape, dtype=torch.float64, device=real_device)
    assert model.x is dict(model.named_parameters())["x"] is parameter
    assert (model.x.shape, model.x.dtype) == (shape, torch.float64)
    assert model.x.requires_grad is requires_grad


@claim("SET-20", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [*BUFFERS, FROZEN_PARAMETER, PLAIN_TENSOR])
def test_augmented_assignment_changes_a_tensor_in_place_and_keeps_its_kind(kind, real_device):
    """`module.x += 1` changes a frozen parameter, or a buffer or plain tensor that doesn't require grad, in place: it
    stays the same object, listed and saved as before.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    held, keys = model.x, list(model.state_dict())
    listed = [*model.named_parameters(), *model.named_buffers()]
    model.x += 1
    assert model.x is held
    assert model.x.tolist() == [2, 2, 2]
    assert [*model.named_parameters(), *model.named_buffers()] == listed
    assert list(model.state_dict()) == keys


@claim("SET-28", source="torch.nn.Module")
def test_augmented_assignment_to_a_trainable_parameter_raises_RuntimeError_outside_no_grad(real_device):
    """`module.x += 1` on a trainable parameter raises `RuntimeError` and changes nothing; under `torch.no_grad()` it
    changes the parameter in place, which stays trainable.
    """
    model = PARAMETER.on(nn.Module(), "x", torch.ones(3, device=real_device))
    parameter = model.x
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        model.x += 1
    with torch.no_grad():
        model.x += 1
    assert dict(model.named_parameters())["x"] is parameter
    assert model.x.tolist() == [2, 2, 2]
    assert model.x.requires_grad


@claim("SET-29", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, NON_PERSISTENT_BUFFER, PLAIN_TENSOR])
def test_assigning_a_non_leaf_parameter_raises_ValueError_and_removes_the_buffer_or_plain_tensor_of_that_name(kind):
    """Assigning an `nn.Parameter` that has a `grad_fn` raises `ValueError`; a parameter already held under that name
    stays, but a buffer or plain tensor is removed.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    kept = list(model.parameters())
    non_leaf = nn.Parameter(torch.ones(3), requires_grad=False).mul_(torch.ones(3, requires_grad=True))
    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'x'"):
        model.x = non_leaf
    assert [*model.parameters(), *model.buffers()] == kept
    assert "x" not in vars(model)


@claim("SET-30", source="torch.nn.Module")
def test_a_parameter_assigned_to_a_parameter_keeps_its_position_and_one_assigned_to_a_buffer_comes_last():
    """A parameter assigned to another parameter's name takes that one's position in `named_parameters()`. Assigned to a
    buffer's name, it comes last of the module's own parameters, before those of submodules.
    """
    model = nn.Module()
    model.register_buffer("x", torch.ones(3))
    model.y = nn.Parameter(torch.ones(3))
    model.z = nn.Parameter(torch.ones(3))
    model.y = nn.Parameter(torch.zeros(3))
    model.x = nn.Parameter(torch.zeros(3))
    assert [name for name, _ in model.named_parameters()] == ["y", "z", "x"]
