"""How a value becomes a parameter, a buffer or neither."""

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from ..vocabulary import (
    BUFFER,
    BUFFERS,
    COMPLEX,
    FLOATING,
    INTEGER,
    NON_PERSISTENT_BUFFER,
    PARAMETERS,
    PLAIN_TENSOR,
    PLAIN_VALUE,
    ToyModel2,
    ToyModel3,
    answers,
    any_shape,
    claim,
    core,
    shapes,
)


@core
@claim("REG-01", source="torch.nn.Parameter")
@answers("registered by plain assignment?", yes=PARAMETERS)
@example(shape=(10,), dtype=torch.float32)
@given(shape=shapes(), dtype=st.sampled_from(FLOATING + COMPLEX))
def test_assigning_a_parameter_registers_it_under_that_name(kind, device, shape, dtype):
    """Assigning an `nn.Parameter`, as in `model.x = parameter`, to a name that the class doesn't define registers it as
    the parameter `x`, trainable or frozen.
    """
    parameter = kind.on(nn.Module(), "x", torch.ones(shape, dtype=dtype, device=device)).x
    model = ToyModel3(5, 10)
    model.x = parameter
    assert dict(model.named_parameters())["x"] is parameter
    assert model.x is parameter
    assert "x" not in dict(model.named_buffers())


@core
@claim("REG-02", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize("name", ["x", "linear_weight", "größe", "0", "with space"])
@any_shape
def test_register_parameter_does_what_assignment_does_on_a_free_name(name, shape):
    """On a free name, `register_parameter(name, parameter)` registers what `setattr(module, name, parameter)`
    registers, also under `"0"` or `"with space"`.
    """
    parameter = nn.Parameter(torch.ones(shape))
    registered, assigned = nn.Module(), nn.Module()
    registered.register_parameter(name, parameter)
    setattr(assigned, name, parameter)
    assert registered.get_parameter(name) is assigned.get_parameter(name) is parameter
    assert list(registered.state_dict()) == list(assigned.state_dict()) == [name]


@core
@claim("REG-03", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("persistent", [True, False])
@example(dtype=torch.float32)
@given(dtype=st.sampled_from(FLOATING + INTEGER + COMPLEX))
def test_register_buffer_makes_the_tensor_a_buffer_and_an_attribute(persistent, device, dtype):
    """`register_buffer(name, tensor)` registers the tensor itself, no copy, as a buffer, persistent or not, and the
    module has it as an attribute.
    """
    tensor = torch.ones(3, dtype=dtype, device=device)
    model = ToyModel2(5, 10)
    model.register_buffer("x", tensor, persistent=persistent)
    assert model.x is dict(model.named_buffers())["x"] is tensor
    assert "x" not in dict(model.named_parameters())


@claim("REG-47", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize(("persistent", "keys"), [(1, ["x"]), ("yes", ["x"]), (0, []), (None, [])])
def test_register_buffer_takes_persistent_by_its_truth_value(persistent, keys):
    """`register_buffer` takes `persistent` by its truth value: `1` and `"yes"` make the buffer persistent, `0` and
    `None` non-persistent.
    """
    model = nn.Module()
    model.register_buffer("x", torch.zeros(3), persistent=not persistent)
    model.register_buffer("x", torch.ones(3), persistent=persistent)
    assert list(model.state_dict()) == keys


@core
@claim("REG-04", source="torch.nn.Parameter")
@answers("registered by plain assignment?", no=(BUFFER, NON_PERSISTENT_BUFFER, PLAIN_TENSOR))
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
def test_assigning_a_plain_tensor_registers_nothing_even_if_another_module_registers_it(kind, dtype, real_device):
    """A tensor that is neither an `nn.Parameter` nor an `nn.Buffer`, assigned to a free name, is a plain attribute and
    not registered, even if it is another module's buffer.
    """
    tensor = kind.on(nn.Module(), "x", torch.ones(3, dtype=dtype, device=real_device)).x
    model = ToyModel2(5, 10).to(real_device)
    registered = [*model.named_parameters(), *model.named_buffers()]
    model.x = tensor
    assert vars(model)["x"] is model.x is tensor
    assert [*model.named_parameters(), *model.named_buffers()] == registered


@core
@claim("REG-05", source="torch.nn.Module")
@answers("registered by plain assignment?", no=(PLAIN_VALUE,))
@pytest.mark.parametrize("value", [3, 2.5, True, "relu", [1, 2], (1, 2), {"a": 1}, None, len])
def test_assigning_a_python_value_leaves_it_a_plain_attribute(value):
    """A number, string, list, tuple, dict, function or None assigned to a free name is a plain attribute and is not in
    the state dict.
    """
    model = ToyModel2(5, 10)
    model.x = value
    assert vars(model)["x"] is model.x is value
    assert set(model.state_dict()) == {"linear.weight", "linear.bias", "b1"}


@core
@claim("REG-18", source="torch.nn.Parameter")
@pytest.mark.parametrize("dtype", FLOATING + COMPLEX)
def test_a_parameter_is_trainable_unless_frozen_and_is_listed_and_saved_either_way(dtype, real_device):
    """An `nn.Parameter` of floating or complex dtype is trainable, or frozen with `requires_grad=False`; both are in
    `named_parameters()` and `state_dict()`.
    """
    tensor = torch.ones(3, dtype=dtype, device=real_device)
    model = nn.Module()
    model.trainable = nn.Parameter(tensor)
    model.frozen = nn.Parameter(tensor, requires_grad=False)
    assert model.trainable.requires_grad
    assert not model.frozen.requires_grad
    assert [name for name, _ in model.named_parameters()] == ["trainable", "frozen"]
    assert list(model.state_dict()) == ["trainable", "frozen"]


@core
@claim("REG-19", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_buffer_keeps_the_requires_grad_of_its_tensor(kind, requires_grad, real_device):
    """`register_buffer` and `nn.Buffer` leave `requires_grad` as the tensor has it: a buffer made of a leaf that
    requires grad requires grad.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device=real_device, requires_grad=requires_grad))
    assert model.x.requires_grad is requires_grad
    assert model.x.is_leaf


@claim("REG-46", source="torch.nn.Module.register_module")
def test_register_module_calls_an_overridden_add_module():
    """`register_module` calls `add_module`, so a subclass that overrides `add_module` also decides what
    `register_module` registers.
    """

    class Listed(nn.Module):
        def add_module(self, name, module):
            super().add_module(f"listed_{name}", module)

    model, child = Listed(), nn.Identity()
    model.register_module("child", child)
    assert list(model.named_children()) == [("listed_child", child)]
