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
from .registries import MODULE


@claim("REG-06", source="torch.nn.Module")
@pytest.mark.parametrize("kind", REGISTERED)
def test_registered_state_is_read_as_an_attribute_and_is_not_in_vars(kind):
    """A parameter, buffer or submodule is read as an attribute, as in `model.x`, but is not in `vars(model)`."""
    model = kind.on(ToyModel2(5, 10), "x", torch.ones(3))
    assert model.x is {**model._parameters, **model._buffers}["x"]
    assert not {"x", "b1", "linear"} & set(vars(model))


@claim("REG-07", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, MODULE])
@pytest.mark.parametrize("container", [list, dict])
def test_a_parameter_buffer_or_module_in_a_list_or_dict_is_not_registered(kind, container):
    """A parameter, buffer or module held in a plain list or dict is not registered: it is neither listed nor in the
    state dict.
    """
    model = ToyModel2(5, 10)
    held = kind.on(nn.Module(), "x", torch.ones(3)).x
    model.held = container([("x", held)])
    assert list(model.modules()) == [model, model.linear]
    assert list(model.state_dict()) == ["b1", "linear.weight", "linear.bias"]
    assert [*model.named_buffers()] == []


@claim("REG-08", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize("kind", [BUFFER, NN_BUFFER, PLAIN_TENSOR, PLAIN_VALUE, MODULE])
def test_register_parameter_raises_TypeError_for_a_value_that_is_no_parameter(kind):
    """`register_parameter` raises `TypeError` for a plain tensor, even one that requires grad, a buffer, a number or a
    module, and registers nothing.
    """
    value = kind.on(nn.Module(), "x", torch.ones(3, requires_grad=True)).x
    model = nn.Module()
    with pytest.raises(
        TypeError, match=r"cannot assign '.*' object to parameter 'x' \(torch.nn.Parameter or None required\)"
    ):
        model.register_parameter("x", value)
    assert not hasattr(model, "x")


@claim("REG-26", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("value", [3, "relu", [1.0], True])
def test_register_buffer_raises_TypeError_for_a_value_that_is_no_tensor(value):
    """`register_buffer` raises `TypeError` for a number, a string, a bool or a list; nothing is registered, and a
    buffer of that name stays.
    """
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
    """An object that is no tensor, but whose class has `__torch_function__`, can be registered by `register_buffer` and
    replaced by assigning another such object.
    """
    model, first, second = nn.Module(), Duck(), Duck()
    model.register_buffer("x", first)
    assert model._buffers["x"] is first
    model.x = second
    assert model._buffers["x"] is second


@claim("REG-09", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize(("persistent", "keys"), [(True, ["x"]), (False, [])])
def test_register_buffer_makes_a_buffer_of_a_parameter_too(persistent, keys, device):
    """`register_buffer` makes a buffer of an `nn.Parameter` too: `parameters()` does not list it, and `persistent`
    decides whether it is saved.
    """
    model, parameter = nn.Module(), nn.Parameter(torch.ones(3, device=device))
    model.register_buffer("x", parameter, persistent=persistent)
    assert model.x is dict(model.named_buffers())["x"] is parameter
    assert list(model.parameters()) == []
    assert list(model.state_dict()) == keys


@claim("REG-10", source="torch.nn.Module.register_buffer")
def test_register_buffer_keeps_a_view_a_view(real_device):
    """`register_buffer` keeps a view a view, an alias: an in-place change of the tensor that it is a view of shows in
    the buffer.
    """
    whole = torch.zeros(4, 4, device=real_device)
    model = nn.Module()
    model.register_buffer("diagonal", whole.diagonal())
    whole[0, 0] = 7.0
    assert model.diagonal.tolist() == [7, 0, 0, 0]


@claim("REG-11", source="torch.nn.Parameter")
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex64])
def test_a_parameter_shares_the_memory_of_its_data(dtype, real_device):
    """`nn.Parameter(tensor)` is another object that shares memory with `tensor`: an in-place change of `tensor` shows
    in the parameter.
    """
    tensor = torch.zeros(3, dtype=dtype, device=real_device)
    parameter = nn.Parameter(tensor)
    tensor[1] = 7
    assert parameter is not tensor
    assert parameter.tolist() == [0, 7, 0]


@claim("REG-12", source="torch.nn.Parameter")
@any_shape
def test_a_parameter_made_of_a_computed_tensor_is_a_leaf(real_device, shape):
    """`nn.Parameter(tensor)` of a tensor that has a `grad_fn` is a leaf without one; `tensor` itself keeps its own."""
    computed = torch.ones(shape, device=real_device, requires_grad=True) * 2
    parameter = nn.Parameter(computed)
    assert parameter.is_leaf
    assert parameter.grad_fn is None
    assert computed.grad_fn is not None


@claim("REG-13", source="torch.nn.Module.register_parameter")
def test_register_parameter_raises_ValueError_for_a_non_leaf_and_register_buffer_takes_it(real_device):
    """`register_parameter` raises `ValueError` for an `nn.Parameter` that has a `grad_fn` and registers nothing;
    `register_buffer` takes it as it is.
    """
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
    """`nn.Parameter` of an integer or bool tensor raises `RuntimeError`; with `requires_grad=False` it is made, and
    registered on assignment.
    """
    tensor = torch.ones(3, dtype=dtype)
    with pytest.raises(RuntimeError, match="floating point and complex dtype can require grad"):
        nn.Parameter(tensor)
    model = nn.Module()
    model.x = nn.Parameter(tensor, requires_grad=False)
    assert dict(model.named_parameters())["x"].dtype is dtype


@claim("REG-15", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("dtype", FLOATING + INTEGER + COMPLEX)
def test_a_buffer_may_have_any_dtype(dtype):
    """A buffer may have any dtype, floating, complex, integer or bool, and is in the state dict with that dtype."""
    model = nn.Module()
    model.register_buffer("x", torch.ones(3, dtype=dtype))
    assert dict(model.named_buffers())["x"].dtype is dtype
    assert model.state_dict()["x"].dtype is dtype


@claim("REG-16", source="torch.nn.Module")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER, PLAIN_TENSOR])
def test_a_tensor_in_the_class_body_is_not_registered(kind):
    """A tensor in the class body, an `nn.Parameter` too, is an attribute of the class: instances read it, but neither
    list nor save it.
    """

    class Model(ToyModel3):
        x = kind.on(nn.Module(), "x", torch.ones(3)).x

    model = Model(5, 10)
    assert model.x is Model.x
    assert list(model.state_dict()) == ["b1", "c1", "linear.weight", "linear.bias"]
    assert [name for name, _ in model.named_buffers()] == ["c1"]


@claim("REG-17", source="torch.nn.Parameter")
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_parameter_made_under_no_grad_or_inference_mode_of_a_tensor_from_outside_is_trainable(mode, real_device):
    """An `nn.Parameter` made under `torch.no_grad()` or `torch.inference_mode()` of a tensor from outside is trainable
    all the same: `backward()` outside fills its gradient."""
    tensor = torch.ones(3, device=real_device)
    with mode():
        parameter = nn.Parameter(tensor)
    (parameter * parameter).sum().backward()
    assert not tensor.requires_grad
    assert parameter.requires_grad
    assert parameter.grad.tolist() == [2, 2, 2]


@claim("REG-48", source="torch.nn.Parameter")
def test_a_parameter_made_of_a_tensor_from_inference_mode_cannot_be_trained(real_device):
    """An `nn.Parameter` of a tensor, both made inside `torch.inference_mode()`, requires grad but cannot be trained: a
    view of it has no graph, and an optimizer's step outside raises `RuntimeError`.
    """
    with torch.inference_mode():
        parameter = nn.Parameter(torch.ones(3, device=real_device))
    assert parameter.requires_grad
    assert parameter.is_inference()
    assert not parameter.view(3).requires_grad
    parameter.grad = torch.ones_like(parameter)
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside InferenceMode"):
        torch.optim.SGD([parameter], lr=1.0).step()


@claim("REG-49", source="torch.nn.Parameter")
def test_a_tensor_from_inference_mode_is_made_a_parameter_outside_by_a_clone(real_device):
    """Outside `torch.inference_mode()`, `nn.Parameter(tensor)` of a tensor made inside raises `RuntimeError` unless
    `requires_grad=False`; a parameter made of `tensor.clone()` is trainable.
    """
    with torch.inference_mode():
        tensor = torch.ones(3, device=real_device)
    with pytest.raises(RuntimeError, match="Setting requires_grad=True on inference tensor outside InferenceMode"):
        nn.Parameter(tensor)
    assert nn.Parameter(tensor, requires_grad=False).is_inference()
    parameter = nn.Parameter(tensor.clone())
    (parameter * parameter).sum().backward()
    assert parameter.grad.tolist() == [2, 2, 2]


@claim("REG-20", source="torch.nn.Parameter")
@pytest.mark.parametrize("name", ["double", "half", "bfloat16"])
def test_converting_a_trainable_parameter_before_assigning_it_registers_nothing(name, real_device):
    """`module.x = parameter.half()` with a trainable float32 parameter registers nothing: the result of the conversion
    is a plain non-leaf tensor.
    """
    model, parameter = nn.Module(), PARAMETER.on(nn.Module(), "x", torch.ones(3, device=real_device)).x
    model.x = getattr(parameter, name)()
    assert type(model.x) is torch.Tensor
    assert not model.x.is_leaf
    assert list(model.parameters()) == []


@claim("REG-28", source="torch.nn.Parameter")
def test_a_conversion_that_changes_nothing_returns_the_parameter_itself(real_device):
    """A conversion that has nothing to change, such as `parameter.float()` of a float32 parameter, returns the
    `nn.Parameter` itself, and assigning it registers it.
    """
    parameter = nn.Parameter(torch.ones(3, device=real_device))
    model = nn.Module()
    model.x = parameter.float()
    model.y = nn.Parameter(torch.ones(3, device=real_device)).to(parameter)
    assert model.x is parameter
    assert [name for name, _ in model.named_parameters()] == ["x", "y"]
