"""Which values can be registered, and what registration makes of them."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    COMPLEX,
    FLOATING,
    INTEGER,
    NN_BUFFER,
    PARAMETER,
    PLAIN_TENSOR,
    PLAIN_VALUE,
    REGISTERED,
    ToyModel2,
    ToyModel3,
    any_shape,
    claim,
)
from .places import MODULE


@claim("REG-06", source="torch.nn.Module")
@pytest.mark.parametrize("kind", REGISTERED)
def test_registered_state_is_read_as_an_attribute_and_is_not_in_vars(kind):
    model = kind.on(ToyModel2(5, 10), "x", torch.ones(3))
    assert model.x is {**model._parameters, **model._buffers}["x"]
    assert not {"x", "b1", "linear"} & set(vars(model))


@claim("REG-07", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, MODULE])
@pytest.mark.parametrize("container", [list, dict])
def test_what_is_held_in_a_list_or_dict_is_not_registered(kind, container):
    model = ToyModel2(5, 10)
    held = kind.on(nn.Module(), "x", torch.ones(3)).x
    model.held = container([("x", held)])
    assert list(model.modules()) == [model, model.linear]
    assert list(model.state_dict()) == ["b1", "linear.weight", "linear.bias"]
    assert [*model.named_buffers()] == []


@claim("REG-08", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize("kind", [BUFFER, NN_BUFFER, PLAIN_TENSOR, PLAIN_VALUE, MODULE])
def test_register_parameter_refuses_what_is_no_parameter(kind):
    value = kind.on(nn.Module(), "x", torch.ones(3, requires_grad=True)).x
    model = nn.Module()
    with pytest.raises(
        TypeError, match=r"cannot assign '.*' object to parameter 'x' \(torch.nn.Parameter or None required\)"
    ):
        model.register_parameter("x", value)
    assert not hasattr(model, "x")


@claim("REG-26", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("value", [3, "relu", [1.0], True])
def test_register_buffer_refuses_what_is_no_tensor(value):
    model = nn.Module()
    model.register_buffer("held", torch.ones(3))
    for name in ("x", "held"):
        with pytest.raises(
            TypeError, match=rf"'{type(value).__name__}' object to buffer '{name}' \(torch Tensor or None required\)"
        ):
            model.register_buffer(name, value, persistent=False)
    assert not hasattr(model, "x")
    assert list(model.state_dict()) == ["held"]


class Duck:
    """An object that takes part in torch functions without being a tensor."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return NotImplemented


@claim("REG-27", source="torch.nn.Module.register_buffer", since="2.9")
def test_an_object_with_torch_function_can_be_a_buffer():
    model, first, second = nn.Module(), Duck(), Duck()
    model.register_buffer("x", first)
    assert model._buffers["x"] is first
    model.x = second
    assert model._buffers["x"] is second


@claim("REG-43", source="torch.nn.Module.register_buffer")
def test_a_ScriptModule_has_no_buffers_that_are_not_persistent():
    class Scripted(torch.jit.ScriptModule):
        def __init__(self, persistent):
            super().__init__()
            self.register_buffer("x", torch.ones(3), persistent=persistent)

    model = nn.Module()
    model.register_buffer("x", torch.ones(3), persistent=False)
    assert [name for name, _ in model.named_buffers()] == ["x"]
    assert [name for name, _ in Scripted(persistent=True).named_buffers()] == ["x"]
    with pytest.raises(RuntimeError, match="ScriptModule does not support non-persistent buffers"):
        Scripted(persistent=False)


@claim("REG-09", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize(("persistent", "keys"), [(True, ["x"]), (False, [])])
def test_register_buffer_makes_a_buffer_of_a_parameter_too(persistent, keys, device):
    model, parameter = nn.Module(), nn.Parameter(torch.ones(3, device=device))
    model.register_buffer("x", parameter, persistent=persistent)
    assert model.x is dict(model.named_buffers())["x"] is parameter
    assert list(model.parameters()) == []
    assert list(model.state_dict()) == keys


@claim("REG-10", source="torch.nn.Module.register_buffer")
def test_register_buffer_keeps_a_view_a_view(real_device):
    whole = torch.zeros(4, 4, device=real_device)
    model = nn.Module()
    model.register_buffer("diagonal", whole.diagonal())
    whole[0, 0] = 7.0
    assert model.diagonal.tolist() == [7, 0, 0, 0]


@claim("REG-11", source="torch.nn.Parameter")
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex64])
def test_a_parameter_shares_the_memory_of_its_data(dtype, real_device):
    tensor = torch.zeros(3, dtype=dtype, device=real_device)
    parameter = nn.Parameter(tensor)
    tensor[1] = 7
    assert parameter is not tensor
    assert parameter.tolist() == [0, 7, 0]


@claim("REG-12", source="torch.nn.Parameter")
@any_shape
def test_a_parameter_made_of_a_computed_tensor_is_a_leaf_without_its_history(real_device, shape):
    computed = torch.ones(shape, device=real_device, requires_grad=True) * 2
    parameter = nn.Parameter(computed)
    assert parameter.is_leaf
    assert parameter.grad_fn is None
    assert computed.grad_fn is not None


@claim("REG-13", source="torch.nn.Module.register_parameter")
def test_register_parameter_refuses_a_parameter_with_history_and_register_buffer_takes_it(real_device):
    leaf = torch.ones(3, device=real_device, requires_grad=True)
    computed = nn.Parameter(torch.ones(3, device=real_device), requires_grad=False).mul_(leaf)
    model = nn.Module()
    with pytest.raises(ValueError, match=r"non-leaf Tensor to parameter 'x'.* To express 'x' as a function"):
        model.register_parameter("x", computed)
    assert not hasattr(model, "x")
    model.register_buffer("x", computed)
    assert model.x is computed
    assert model.x.grad_fn is not None


@claim("REG-14", source="torch.nn.Parameter")
@pytest.mark.parametrize("dtype", INTEGER)
def test_a_parameter_of_integer_dtype_has_to_be_frozen(dtype):
    tensor = torch.ones(3, dtype=dtype)
    with pytest.raises(RuntimeError, match="floating point and complex dtype can require grad"):
        nn.Parameter(tensor)
    model = nn.Module()
    model.x = nn.Parameter(tensor, requires_grad=False)
    assert dict(model.named_parameters())["x"].dtype is dtype


@claim("REG-15", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("dtype", FLOATING + INTEGER + COMPLEX)
def test_a_buffer_may_have_any_dtype(dtype):
    model = nn.Module()
    model.register_buffer("x", torch.ones(3, dtype=dtype))
    assert dict(model.named_buffers())["x"].dtype is dtype
    assert model.state_dict()["x"].dtype is dtype


@claim("REG-16", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, PLAIN_TENSOR])
def test_what_stands_in_the_class_body_is_not_registered(kind):
    class Model(ToyModel3):
        x = kind.on(nn.Module(), "x", torch.ones(3)).x

    model = Model(5, 10)
    assert model.x is Model.x
    assert list(model.state_dict()) == ["b1", "c1", "linear.weight", "linear.bias"]
    assert [name for name, _ in model.named_buffers()] == ["c1"]


@claim("REG-17", source="torch.nn.Parameter")
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_parameter_made_where_gradients_are_off_is_trainable_all_the_same(mode, device):
    with mode():
        tensor = torch.ones(3, device=device)
        parameter = nn.Parameter(tensor)
    assert not tensor.requires_grad
    assert parameter.requires_grad


@claim("REG-20", source="torch.nn.Parameter")
@pytest.mark.parametrize("name", ["double", "half", "bfloat16"])
def test_a_converted_parameter_is_a_computed_tensor_and_is_not_registered(name, real_device):
    model, parameter = nn.Module(), PARAMETER.on(nn.Module(), "x", torch.ones(3, device=real_device)).x
    model.x = getattr(parameter, name)()
    assert type(model.x) is torch.Tensor
    assert not model.x.is_leaf
    assert list(model.parameters()) == []


@claim("REG-28", source="torch.nn.Parameter")
def test_a_parameter_that_already_is_as_it_should_become_is_returned_itself_and_registered(real_device):
    parameter = nn.Parameter(torch.ones(3, device=real_device))
    model = nn.Module()
    model.x = parameter.float()
    model.y = nn.Parameter(torch.ones(3, device=real_device)).to(parameter)
    assert model.x is parameter
    assert [name for name, _ in model.named_parameters()] == ["x", "y"]
