"""Loading with ``assign=True``: the tensors of the checkpoint become those of the module."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    FROZEN_PARAMETER,
    NN_BUFFER,
    PARAMETER,
    PARAMETERS,
    PERSISTENT_BUFFERS,
    SAVED,
    NestedModel,
    NonPersistentModel,
    TiedModel,
    ToyModel,
    ToyModel2,
    claim,
)

FLAGS = {
    "a plain tensor": lambda: torch.ones(3),
    "a tensor that requires grad": lambda: torch.ones(3, requires_grad=True),
    "a trainable parameter": lambda: nn.Parameter(torch.ones(3)),
    "a frozen parameter": lambda: nn.Parameter(torch.ones(3), requires_grad=False),
}


@claim("LOAD-10", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("kind", SAVED)
@pytest.mark.parametrize("saved_device", ["cpu", "meta"])
def test_assigning_takes_dtype_device_strides_and_storage_from_the_checkpoint(kind, saved_device):
    model = kind.on(nn.Module(), "x", torch.zeros(2, 3))
    saved = torch.ones(3, 2, dtype=torch.float64, device=saved_device).t()
    assert model.load_state_dict({"x": saved}, assign=True) == ([], [])
    assert (model.x.dtype, model.x.device, model.x.stride()) == (torch.float64, saved.device, (1, 2))
    assert model.x.data_ptr() == saved.data_ptr()
    assert list(model.state_dict()) == ["x"]


@claim("LOAD-64", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_a_module_shares_what_was_assigned_with_the_checkpoint(kind):
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    checkpoint = {"x": torch.ones(3)}
    model.load_state_dict(checkpoint, assign=True)
    checkpoint["x"].fill_(7)
    assert model.x.tolist() == [7, 7, 7]


@claim("LOAD-65", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_assigning_a_tensor_makes_a_new_parameter_and_assigning_a_parameter_takes_it_as_it_is(kind):
    model = nn.Module()
    model.body = kind.on(kind.on(nn.Module(), "x", torch.zeros(3)), "y", torch.zeros(3))
    model.body.z = type("Special", (nn.Parameter,), {})(torch.zeros(3))
    before, tensor = model.body.x, torch.ones(3)
    checkpoint = {"body.x": tensor, "body.y": nn.Parameter(torch.ones(3)), "body.z": tensor}
    model.load_state_dict(checkpoint, assign=True)
    assert type(model.body.x) is type(model.body.z) is nn.Parameter
    assert model.body.x is not before
    assert model.body.y is checkpoint["body.y"]
    assert [name for name, _ in model.named_parameters()] == ["body.x", "body.y", "body.z"]


@claim("LOAD-66", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("kind", PERSISTENT_BUFFERS)
def test_assigning_puts_the_tensor_of_the_checkpoint_itself_in_the_place_of_a_buffer(kind):
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    tensor = torch.ones(3)
    model.load_state_dict({"x": tensor}, assign=True)
    assert model.x is dict(model.named_buffers())["x"] is tensor
    assert list(model.state_dict()) == ["x"]


@claim("LOAD-11", source="torch.nn.Module.load_state_dict", since="2.3")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("saved", FLAGS)
def test_assigning_a_checkpoint_leaves_frozen_what_is_frozen_and_trainable_what_is_trainable(kind, saved):
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    trainable = model.x.requires_grad
    model.load_state_dict({"x": FLAGS[saved]()}, assign=True)
    assert model.x.requires_grad is trainable
    assert model.x.tolist() == [1, 1, 1]


@claim("LOAD-25", source="torch.nn.Module.load_state_dict", since="2.1", until="2.3")
def test_assigning_a_checkpoint_thaws_a_frozen_parameter():
    model = FROZEN_PARAMETER.on(nn.Module(), "x", torch.zeros(3))
    model.load_state_dict({"x": torch.ones(3)}, assign=True)
    assert model.x.requires_grad


@claim("LOAD-67", source="torch.nn.Module.load_state_dict", since="2.1", until="2.3")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_assigning_a_parameter_brings_its_requires_grad_along(kind, requires_grad):
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    model.load_state_dict({"x": nn.Parameter(torch.ones(3), requires_grad)}, assign=True)
    assert model.x.requires_grad is requires_grad


@claim("LOAD-14", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("required_before", [True, False])
def test_assigning_to_a_buffer_brings_the_requires_grad_of_the_checkpoint_along(requires_grad, required_before):
    model = BUFFER.on(nn.Module(), "x", torch.zeros(3, requires_grad=required_before))
    model.load_state_dict({"x": torch.ones(3, requires_grad=requires_grad)}, assign=True)
    assert model.x.requires_grad is requires_grad


@claim("LOAD-12", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_optimizer_built_before_a_checkpoint_is_assigned_updates_the_old_parameters(real_device):
    model = PARAMETER.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    old, optimizer = model.x, torch.optim.SGD(model.parameters(), lr=1.0)
    model.load_state_dict({"x": torch.ones(3, device=real_device)}, assign=True)
    (model.x + old).sum().backward()
    optimizer.step()
    assert old.tolist() == [-1, -1, -1]
    assert model.x.tolist() == [1, 1, 1]


@claim("LOAD-68", source="torch.nn.Module.load_state_dict")
def test_an_optimizer_built_before_a_load_updates_what_was_loaded(real_device):
    model = PARAMETER.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    model.load_state_dict({"x": torch.ones(3, device=real_device)})
    model.x.sum().backward()
    optimizer.step()
    assert model.x.tolist() == [0, 0, 0]


@claim("LOAD-13", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("kind", PERSISTENT_BUFFERS)
def test_assigning_a_parameter_that_was_saved_under_the_name_of_a_buffer_makes_a_parameter_of_it(kind):
    model = kind.on(ToyModel(5, 10), "x", torch.zeros(3))
    parameter = nn.Parameter(torch.ones(3))
    model.load_state_dict({**model.state_dict(), "x": parameter}, assign=True)
    assert dict(model.named_parameters())["x"] is parameter
    assert list(model.named_buffers()) == []


@claim("LOAD-16", source="torch.nn.Module.load_state_dict", since="2.1")
def test_assigning_brings_a_module_from_meta_except_for_its_non_persistent_buffers(real_device):
    trained = NonPersistentModel(5, 10).to(real_device)
    model = NonPersistentModel(5, 10).to("meta")
    assert model.load_state_dict(trained.state_dict(), assign=True) == ([], [])
    assert all(tensor.device == trained.b1.device for tensor in [*model.parameters(), model.c1])
    assert model.d1.is_meta
    assert torch.equal(model.b1, trained.b1)
    assert not any(parameter.is_meta for parameter in model.parameters())


@claim("LOAD-69", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.filterwarnings("error")
def test_assigning_to_a_module_on_meta_warns_of_nothing_and_leaves_what_is_missing_there():
    model = NestedModel(5, 10).to("meta")
    scale = torch.ones(10)
    result = model.load_state_dict({"scale": scale}, strict=False, assign=True)
    assert result.missing_keys == [key for key in model.state_dict() if key != "scale"]
    assert [name for name, value in model.state_dict().items() if not value.is_meta] == ["scale"]


@claim("LOAD-70", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_assigning_demands_the_same_shape_and_the_same_keys(kind, strict):
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    tensor = model.x
    with pytest.raises(RuntimeError, match="size mismatch for x"):
        model.load_state_dict({"x": torch.ones(2)}, strict=strict, assign=True)
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "x"'):
        model.load_state_dict({}, assign=True)
    assert model.x is tensor


@claim("LOAD-71", source="torch.nn.Module.load_state_dict", since="2.1")
def test_assign_is_the_third_argument_and_false_by_default():
    model = ToyModel2(5, 10)
    b1, checkpoint = model.b1, dict(ToyModel2(5, 10).state_dict())
    model.load_state_dict(checkpoint, True)
    assert model.b1 is b1
    model.load_state_dict(checkpoint, True, True)
    assert model.b1 is not b1


@claim("LOAD-20", source="torch.nn.Module.load_state_dict", since="2.1")
def test_assigning_a_checkpoint_unties_what_was_tied():
    model = TiedModel(5, 10)
    model.load_state_dict(TiedModel(5, 10).state_dict(), assign=True)
    assert model.b1 is not model.b2
    assert model.c1 is not model.c2
    assert len(list(model.parameters())) == 4
    assert model.b1.data_ptr() == model.b2.data_ptr()


@claim("LOAD-72", source="torch.nn.Module.load_state_dict", since="2.1")
def test_assigning_a_checkpoint_that_was_taken_with_keep_vars_leaves_tied_what_was_tied():
    model, trained = TiedModel(5, 10), TiedModel(5, 10)
    model.load_state_dict(trained.state_dict(keep_vars=True), assign=True)
    assert model.b1 is model.b2 is trained.b1
    assert model.c1 is model.c2 is trained.c1


@claim("LOAD-22", source="torch.nn.Module.load_state_dict", since="2.1", bug="pytorch/pytorch#188166", broken=">=2.1")
def test_assigning_a_checkpoint_leaves_no_mark_on_it_that_a_later_load_would_obey():
    model, checkpoint = ToyModel2(5, 10), ToyModel2(5, 10).state_dict()
    model.load_state_dict(checkpoint, assign=True)
    b1 = model.b1
    model.load_state_dict(checkpoint)
    assert model.b1 is b1
    assert checkpoint._metadata[""] == {"version": 1}


@claim("LOAD-73", source="torch.nn.Module.load_state_dict", since="2.1")
def test_assigning_a_plain_dict_leaves_no_mark_on_it():
    model, checkpoint = ToyModel2(5, 10), dict(ToyModel2(5, 10).state_dict())
    model.load_state_dict(checkpoint, assign=True)
    b1 = model.b1
    assert model.load_state_dict(checkpoint) == ([], [])
    assert model.b1 is b1


@claim("LOAD-74", source="torch.nn.Module.load_state_dict", since="2.1")
def test_a_buffer_made_by_expand_can_be_assigned():
    model = BUFFER.on(nn.Module(), "x", torch.zeros(1).expand(3))
    model.load_state_dict({"x": torch.ones(3)}, assign=True)
    assert model.x.tolist() == [1, 1, 1]
    assert model.x.stride() == (1,)


@claim("LOAD-75", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_assigning_an_nn_Buffer_lets_it_say_whether_it_is_persistent(persistent):
    model = NN_BUFFER.on(nn.Module(), "x", torch.zeros(3))
    buffer = nn.Buffer(torch.ones(3), persistent=persistent)
    model.load_state_dict({"x": buffer}, assign=True)
    assert model.x is buffer
    assert list(model.state_dict()) == ["x"] * persistent
