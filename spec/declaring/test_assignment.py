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
)
from .places import place


@claim("SET-01", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("requires_grad", [True, False])
@any_shape
def test_a_bare_tensor_cannot_take_the_place_of_a_parameter(kind, requires_grad, real_device, shape):
    model = kind.on(ToyModel2(5, 10).to(real_device), "x", torch.ones(10, device=real_device))
    parameter = model.x
    with pytest.raises(TypeError, match="cannot assign"):
        model.x = torch.zeros(shape, device=real_device, requires_grad=requires_grad)
    assert model.x is dict(model.named_parameters())["x"] is parameter


@claim("SET-02", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_bare_tensor_takes_the_place_of_a_buffer_and_inherits_its_persistence(kind, device):
    model = kind.on(ToyModel2(5, 10).to(device), "x", torch.ones(10, device=device))
    keys = list(model.state_dict())
    tensor = torch.zeros(10, device=device)
    model.x = tensor
    assert model.x is dict(model.named_buffers())["x"] is tensor
    assert list(model.state_dict()) == keys
    assert "x" not in vars(model)


@claim("SET-03", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
@any_shape
def test_what_takes_the_place_of_a_buffer_may_have_any_shape_dtype_and_device(kind, device, shape):
    model = kind.on(nn.Module(), "x", torch.ones(10))
    tensor = torch.ones(shape, dtype=torch.bool, device=device)
    model.x = tensor
    assert dict(model.named_buffers())["x"] is tensor


@claim("SET-04", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("value", [3, [1.0]])
def test_what_is_no_tensor_cannot_take_the_place_of_a_buffer(kind, value):
    model = kind.on(nn.Module(), "x", torch.ones(10))
    buffer, keys = model.x, list(model.state_dict())
    with pytest.raises(TypeError, match=f"cannot assign '{type(value).__name__}' as buffer 'x' .*None expected"):
        model.x = value
    assert model.x is dict(model.named_buffers())["x"] is buffer
    assert list(model.state_dict()) == keys


@claim("SET-05", source="torch.nn.Module")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_parameter_takes_the_place_of_a_buffer_and_drops_its_persistence(kind):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    parameter = nn.Parameter(torch.zeros(3))
    model.x = parameter
    assert model.x is dict(model.named_parameters())["x"] is parameter
    assert list(model.state_dict()) == ["x"]
    assert place(model) == "parameter"


@claim("SET-23", source="torch.nn.Module")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_module_takes_the_place_of_a_buffer_and_drops_its_persistence(kind):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    model.x = child = nn.Module()
    assert model.x is dict(model.named_children())["x"] is child
    assert place(model) == "module"


@claim("SET-06", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PLAIN)
def test_a_parameter_takes_the_place_of_a_plain_attribute(kind):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    parameter = nn.Parameter(torch.zeros(3))
    model.x = parameter
    assert model.x is dict(model.named_parameters())["x"] is parameter
    assert "x" not in vars(model)


@claim("SET-07", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("kind", PLAIN)
def test_an_nn_Buffer_cannot_take_the_place_of_a_plain_attribute(kind):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    held = model.x
    with pytest.raises(KeyError, match="attribute 'x' already exists"):
        model.x = nn.Buffer(torch.zeros(3))
    assert vars(model)["x"] is held
    assert dict(model.named_buffers()) == {}


@claim("SET-08", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_an_nn_Buffer_cannot_take_the_place_of_a_parameter(kind):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    parameter = model.x
    with pytest.raises(TypeError, match=r"cannot assign .* as parameter 'x' \(torch.nn.Parameter or None expected"):
        model.x = nn.Buffer(torch.zeros(3))
    assert model.x is dict(model.named_parameters())["x"] is parameter
    assert dict(model.named_buffers()) == {}


@claim("SET-24", source="torch.nn.Module")
@pytest.mark.parametrize("value", [3, 2.5, "relu"])
def test_what_is_no_module_cannot_take_the_place_of_a_submodule(value):
    model = ToyModel2(5, 10)
    linear = model.linear
    with pytest.raises(
        TypeError, match=rf"'{type(value).__name__}' as child module 'linear' \(torch.nn.Module or None expected"
    ):
        model.linear = value
    assert model.linear is dict(model.named_children())["linear"] is linear


@claim("SET-25", source="torch.nn.Module")
def test_a_parameter_takes_the_place_of_a_submodule_with_all_its_state():
    model = ToyModel2(5, 10)
    model.linear = nn.Parameter(torch.zeros(3))
    assert [name for name, _ in model.named_parameters()] == list(model.state_dict()) == ["b1", "linear"]
    assert list(model.children()) == []


@claim("SET-12", source="torch.nn.Module")
@pytest.mark.parametrize("kind", REGISTERED)
def test_None_in_the_place_of_registered_state_is_neither_listed_nor_saved_but_keeps_the_place(kind):
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
def test_a_parameter_registered_as_None_refuses_a_bare_tensor_and_is_filled_by_a_parameter():
    model = nn.Module()
    model.register_parameter("bias", None)
    with pytest.raises(TypeError, match=r"'torch.FloatTensor' as parameter 'bias' \(torch.nn.Parameter or None"):
        model.bias = torch.ones(3)
    assert model.bias is None
    model.bias = parameter = nn.Parameter(torch.ones(3))
    assert dict(model.named_parameters())["bias"] is parameter


@claim("SET-27", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize(("persistent", "keys"), [(True, ["cache"]), (False, [])])
def test_a_buffer_registered_as_None_is_filled_by_a_bare_tensor_and_keeps_its_persistence(persistent, keys):
    model = nn.Module()
    model.register_buffer("cache", None, persistent=persistent)
    model.cache = tensor = torch.ones(3)
    assert dict(model.named_buffers())["cache"] is tensor
    assert list(model.state_dict()) == keys


@claim("SET-11", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize(("first", "keys"), [(BUFFER, []), (NON_PERSISTENT_BUFFER, ["x"])])
def test_registering_a_buffer_again_with_the_other_persistence_switches_it(first, keys):
    model = first.on(nn.Module(), "x", torch.ones(3))
    tensor = torch.zeros(3)
    model.register_buffer("x", tensor, persistent=first is NON_PERSISTENT_BUFFER)
    assert model.x is tensor
    assert list(model.state_dict()) == keys


@claim("SET-19", source="torch.nn.Parameter")
@pytest.mark.parametrize("kind", PARAMETERS)
@any_shape
def test_assigning_to_data_changes_shape_and_dtype_and_keeps_the_parameter(kind, real_device, shape):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    parameter, requires_grad = model.x, model.x.requires_grad
    model.x.data = torch.zeros(shape, dtype=torch.float64, device=real_device)
    assert model.x is dict(model.named_parameters())["x"] is parameter
    assert (model.x.shape, model.x.dtype) == (shape, torch.float64)
    assert model.x.requires_grad is requires_grad


@claim("SET-20", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [*BUFFERS, FROZEN_PARAMETER, PLAIN_TENSOR])
def test_augmented_assignment_changes_a_tensor_in_place_and_keeps_its_kind(kind, real_device):
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device))
    held, keys = model.x, list(model.state_dict())
    listed = [*model.named_parameters(), *model.named_buffers()]
    model.x += 1
    assert model.x is held
    assert model.x.tolist() == [2, 2, 2]
    assert [*model.named_parameters(), *model.named_buffers()] == listed
    assert list(model.state_dict()) == keys


@claim("SET-28", source="torch.nn.Module")
def test_augmented_assignment_to_a_trainable_parameter_needs_no_grad(real_device):
    model = PARAMETER.on(nn.Module(), "x", torch.ones(3, device=real_device))
    parameter = model.x
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        model.x += 1
    with torch.no_grad():
        model.x += 1
    assert dict(model.named_parameters())["x"] is parameter
    assert model.x.tolist() == [2, 2, 2]


@claim("SET-29", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, NON_PERSISTENT_BUFFER, PLAIN_TENSOR])
def test_a_refused_parameter_that_is_not_a_leaf_has_displaced_what_it_was_to_replace(kind):
    """Beware: what held the name is gone after the error, unless it was a parameter."""
    model = kind.on(nn.Module(), "x", torch.ones(3))
    kept = list(model.parameters())
    non_leaf = nn.Parameter(torch.ones(3), requires_grad=False).mul_(torch.ones(3, requires_grad=True))
    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'x'"):
        model.x = non_leaf
    assert [*model.parameters(), *model.buffers()] == kept
    assert "x" not in vars(model)


@claim("SET-30", source="torch.nn.Module")
def test_a_parameter_in_the_place_of_another_keeps_its_position_and_one_in_the_place_of_a_buffer_comes_last():
    model = nn.Module()
    model.register_buffer("x", torch.ones(3))
    model.y = nn.Parameter(torch.ones(3))
    model.z = nn.Parameter(torch.ones(3))
    model.y = nn.Parameter(torch.zeros(3))
    model.x = nn.Parameter(torch.zeros(3))
    assert [name for name, _ in model.named_parameters()] == ["y", "z", "x"]
