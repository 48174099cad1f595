"""``nn.Buffer`` against ``register_buffer``."""

import copy

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from ..vocabulary import COMPLEX, FLOATING, INTEGER, NN_BUFFER, ToyModel2, answers, claim, core, shapes


@core
@claim("BUF-01", source="torch.nn.Buffer", since="2.5")
@answers("registered by plain assignment?", yes=(NN_BUFFER,))
@example(shape=(10,), dtype=torch.float32)
@given(shape=shapes(), dtype=st.sampled_from(FLOATING + INTEGER + COMPLEX))
def test_assigning_an_nn_Buffer_registers_a_persistent_buffer_as_register_buffer_does(device, shape, dtype):
    """Assigning an `nn.Buffer`, as in `module.x = nn.Buffer(tensor)`, registers a persistent buffer of any shape and
    dtype, as `register_buffer` does.
    """
    tensor = torch.ones(shape, dtype=dtype, device=device)
    registered, assigned = ToyModel2(5, 10).to(device), ToyModel2(5, 10).to(device)
    registered.register_buffer("x", tensor)
    assigned.x = nn.Buffer(tensor)
    assert assigned.x is dict(assigned.named_buffers())["x"]
    assert (assigned.x.dtype, assigned.x.shape, assigned.x.device) == (tensor.dtype, tensor.shape, tensor.device)
    assert list(assigned.state_dict()) == list(registered.state_dict())


@core
@claim("BUF-02", source="torch.nn.Buffer", since="2.5")
def test_an_nn_Buffer_is_persistent_unless_the_keyword_persistent_is_False(device):
    """An `nn.Buffer` is persistent unless made with the keyword `persistent=False`, even one made from a non-persistent
    `nn.Buffer`; `nn.Buffer(tensor, False)` raises `TypeError`.
    """
    model = nn.Module()
    model.kept = nn.Buffer(torch.ones(3, device=device), persistent=True)
    model.left_out = nn.Buffer(torch.ones(3, device=device), persistent=False)
    model.again = nn.Buffer(model.left_out)
    assert [name for name, _ in model.named_buffers()] == ["kept", "left_out", "again"]
    assert list(model.state_dict()) == ["kept", "again"]
    with pytest.raises(TypeError, match="positional"):
        nn.Buffer(torch.ones(3, device=device), False)


@claim("BUF-03", source="torch.nn.Buffer", since="2.5")
def test_an_nn_Buffer_is_a_Tensor_that_isinstance_knows(device):
    """An `nn.Buffer` made from a plain tensor has the type `torch.Tensor` and is no `nn.Parameter`; `isinstance(value,
    nn.Buffer)` is True for it and False for other tensors but an `nn.parameter.UninitializedBuffer`.
    """
    buffer = nn.Buffer(torch.ones(3, device=device))
    assert type(buffer) is torch.Tensor
    assert isinstance(buffer, nn.Buffer)
    assert not isinstance(buffer, nn.Parameter)
    assert not isinstance(torch.ones(3, device=device), nn.Buffer)
    assert not isinstance(3, nn.Buffer)


@claim("BUF-04", source="torch.nn.Buffer", since="2.5")
def test_a_buffer_made_by_register_buffer_is_no_nn_Buffer(device):
    """A buffer made by `register_buffer` from a plain tensor is in `named_buffers()`, but
    `isinstance(buffer, nn.Buffer)` is False for it.
    """
    model = nn.Module()
    model.register_buffer("registered", torch.ones(3, device=device))
    model.assigned = nn.Buffer(torch.ones(3, device=device))
    assert [name for name, _ in model.named_buffers()] == ["registered", "assigned"]
    assert [isinstance(buffer, nn.Buffer) for buffer in model.buffers()] == [False, True]


@claim("BUF-12", source="torch.nn.Buffer", since="2.5")
def test_a_tensor_flagged_as_a_buffer_counts_as_an_nn_Buffer():
    """`isinstance(tensor, nn.Buffer)` is True for a tensor whose attribute `_is_buffer` is True, and False where it is
    False.
    """
    tensor = torch.ones(3)
    tensor._is_buffer = True
    assert isinstance(tensor, nn.Buffer)
    tensor._is_buffer = False
    assert not isinstance(tensor, nn.Buffer)


@claim("BUF-19", source="torch.nn.Buffer", since="2.5")
def test_an_nn_Buffer_is_no_instance_of_a_subclass_of_Buffer():
    """For a subclass `Named` of `nn.Buffer`, `isinstance(nn.Buffer(tensor), Named)` is False."""

    class Named(nn.Buffer):
        pass

    assert not isinstance(nn.Buffer(torch.ones(3)), Named)


@claim("BUF-05", source="torch.nn.Buffer", since="2.5")
def test_an_nn_Buffer_is_a_leaf_that_shares_memory_with_its_tensor(real_device):
    """`nn.Buffer(tensor)` of a tensor that has a `grad_fn` is a leaf that requires grad and shares memory with
    `tensor`.
    """
    computed = torch.ones(3, device=real_device, requires_grad=True) * 2
    buffer = nn.Buffer(computed)
    assert buffer is not computed
    assert buffer.is_leaf
    assert buffer.requires_grad
    computed.detach()[1] = 7.0
    assert buffer.tolist() == [2, 7, 2]


@claim("BUF-13", source="torch.nn.Buffer", since="2.5")
def test_nn_Buffer_does_not_turn_its_argument_into_a_buffer(device):
    """`nn.Buffer(tensor)` leaves the given `tensor` itself a plain one: a module to which that `tensor` is assigned has
    no buffer.
    """
    tensor = torch.ones(3, device=device)
    nn.Buffer(tensor, persistent=False)
    assert not isinstance(tensor, nn.Buffer)
    model = nn.Module()
    model.x = tensor
    assert list(model.buffers()) == []


@claim("BUF-14", source="torch.nn.Buffer", since="2.5")
def test_an_nn_Buffer_without_data_is_empty_and_persistent():
    """`nn.Buffer()` without data is an empty tensor of shape `(0,)` that does not require grad, persistent unless made
    with `persistent=False`.
    """
    model = nn.Module()
    model.x = nn.Buffer()
    assert (model.x.shape, model.x.dtype, model.x.requires_grad) == ((0,), torch.float32, False)
    assert list(model.state_dict()) == ["x"]
    assert nn.Buffer(persistent=False).persistent is False
    assert nn.Buffer().persistent is True


@claim("BUF-15", source="torch.nn.Buffer", since="2.5")
def test_an_nn_Buffer_of_a_custom_tensor_keeps_its_type_and_one_of_a_parameter_is_a_tensor():
    """By default, `nn.Buffer` of an instance of a `torch.Tensor` subclass keeps that subclass. An exception is an
    `nn.Parameter` made of a `torch.Tensor`: `nn.Buffer` of it is a `torch.Tensor`.
    """

    class Custom(torch.Tensor):
        pass

    custom = nn.Buffer(torch.ones(3).as_subclass(Custom))
    assert type(custom) is Custom
    assert isinstance(custom, nn.Buffer)
    assert type(nn.Buffer(nn.Parameter(torch.ones(3)))) is torch.Tensor


@claim("BUF-06", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_an_nn_Buffer_that_replaces_another_brings_its_own_persistence(first, second):
    """An `nn.Buffer` assigned to the name of another `nn.Buffer` replaces it; whether the name is saved then depends
    only on the `persistent` of the new one.
    """
    model = nn.Module()
    model.x = nn.Buffer(torch.ones(3), persistent=first)
    model.x = buffer = nn.Buffer(torch.zeros(3), persistent=second)
    assert dict(model.named_buffers())["x"] is buffer
    assert list(model.state_dict()) == ["x"] * second


@claim("BUF-07", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("registered", [True, False])
def test_register_buffer_goes_by_its_own_argument_and_not_by_the_persistence_of_an_nn_Buffer(marked, registered):
    """`register_buffer` with an `nn.Buffer` goes by the argument `persistent=` of `register_buffer`, True by default,
    and not by the `persistent` of the `nn.Buffer`.
    """
    model = nn.Module()
    model.register_buffer("x", nn.Buffer(torch.ones(3), persistent=marked))
    assert list(model.state_dict()) == ["x"]
    model.register_buffer("x", nn.Buffer(torch.ones(3), persistent=marked), persistent=registered)
    assert list(model.state_dict()) == ["x"] * registered


@claim("BUF-08", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize(("persistent", "keys", "later"), [(True, ["x"], []), (False, [], ["x"])])
def test_the_persistence_of_an_nn_Buffer_counts_when_it_is_assigned_and_not_afterwards(persistent, keys, later):
    """The `persistent` of an `nn.Buffer` is read when it is assigned to a module: setting `buffer.persistent` later has
    no effect until the buffer is assigned again.
    """
    model = nn.Module()
    model.x = nn.Buffer(torch.ones(3), persistent=persistent)
    model.x.persistent = not persistent
    assert list(model.state_dict()) == keys
    model.x = model.x
    assert list(model.state_dict()) == later


@claim("BUF-09", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize(("persistent", "keys"), [(True, ["x"]), (False, [])])
def test_a_tensor_computed_from_an_nn_Buffer_is_a_plain_tensor_and_can_replace_it(persistent, keys, real_device):
    """A new tensor computed from an `nn.Buffer`, such as `model.x + 1`, is no `nn.Buffer`; assigned to the buffer's
    name, it becomes the buffer, persistent or non-persistent as before.
    """
    model = nn.Module()
    model.x = nn.Buffer(torch.ones(3, device=real_device), persistent=persistent)
    computed = model.x + 1
    assert not isinstance(computed, nn.Buffer)
    model.x = computed
    assert dict(model.named_buffers())["x"] is computed
    assert list(model.state_dict()) == keys


@claim("BUF-11", source="torch.nn.Buffer", since="2.5")
def test_one_nn_Buffer_assigned_to_two_modules_is_a_shared_buffer(device):
    """One `nn.Buffer` assigned to two modules is the same buffer object in both."""
    buffer = nn.Buffer(torch.ones(3, device=device))
    model, other = nn.Module(), nn.Module()
    model.x = other.y = buffer
    assert dict(model.named_buffers())["x"] is dict(other.named_buffers())["y"] is buffer


@claim("BUF-16", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_a_deep_copy_of_an_nn_Buffer_is_an_nn_Buffer_with_its_persistence(persistent):
    """`copy.deepcopy` of an `nn.Buffer` is an `nn.Buffer` with the same `persistent`."""
    copied = copy.deepcopy(nn.Buffer(torch.ones(3), persistent=persistent))
    assert isinstance(copied, nn.Buffer)
    assert copied.persistent is persistent


@claim("BUF-20", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("Other", [nn.Module, dict])
def test_an_object_flagged_as_a_buffer_that_is_no_tensor_is_no_nn_Buffer(Other):
    """A `dict` or module whose attribute `_is_buffer` is True is no instance of `nn.Buffer`, and assigning it registers
    no buffer.
    """
    model, flagged = nn.Module(), type("Flagged", (Other,), {"_is_buffer": True, "persistent": True})()
    model.x = flagged
    assert not isinstance(flagged, nn.Buffer)
    assert model.x is flagged
    assert list(model.named_buffers()) == []
