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
def test_an_assigning_load_takes_dtype_device_strides_and_memory_from_the_checkpoint(kind, saved_device):
    """`load_state_dict(assign=True)` takes the dtype, device, strides and memory of a parameter or buffer from the
    checkpoint's tensor.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(2, 3))
    saved = torch.ones(3, 2, dtype=torch.float64, device=saved_device).t()
    assert model.load_state_dict({"x": saved}, assign=True) == ([], [])
    assert (model.x.dtype, model.x.device, model.x.stride()) == (torch.float64, saved.device, (1, 2))
    assert model.x.data_ptr() == saved.data_ptr()
    assert list(model.state_dict()) == ["x"]


@claim("LOAD-65", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_an_assigning_load_wraps_a_plain_tensor_and_takes_a_parameter_itself(kind):
    """To load a parameter, `load_state_dict(assign=True)` wraps a plain tensor of the checkpoint in a new
    `nn.Parameter`, but takes an `nn.Parameter` of the checkpoint itself.

    A subclass of `nn.Parameter` that the module had is not kept.
    """
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
def test_an_assigning_load_makes_the_tensor_of_the_checkpoint_the_buffer(kind):
    """Outside swap mode, `load_state_dict(assign=True)` makes a buffer the very tensor object of the checkpoint. Where
    this object is a plain tensor, the buffer is still registered and persistent.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    tensor = torch.ones(3)
    model.load_state_dict({"x": tensor}, assign=True)
    assert model.x is dict(model.named_buffers())["x"] is tensor
    assert list(model.state_dict()) == ["x"]


@claim("LOAD-11", source="torch.nn.Module.load_state_dict", since="2.3")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("saved", FLAGS)
def test_an_assigning_load_keeps_frozen_parameters_frozen_and_trainable_ones_trainable(kind, saved):
    """`load_state_dict(assign=True)` keeps a frozen parameter frozen and a trainable one trainable, whatever
    `requires_grad` the checkpoint's tensor has.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    trainable = model.x.requires_grad
    model.load_state_dict({"x": FLAGS[saved]()}, assign=True)
    assert model.x.requires_grad is trainable
    assert model.x.tolist() == [1, 1, 1]


@claim("LOAD-25", source="torch.nn.Module.load_state_dict", since="2.1", until="2.3")
def test_an_assigning_load_made_a_frozen_parameter_trainable():
    """Before torch 2.3, `load_state_dict(assign=True)` of a plain tensor made a frozen parameter trainable; since then
    the parameter stays frozen.
    """
    model = FROZEN_PARAMETER.on(nn.Module(), "x", torch.zeros(3))
    model.load_state_dict({"x": torch.ones(3)}, assign=True)
    assert model.x.requires_grad


@claim("LOAD-67", source="torch.nn.Module.load_state_dict", since="2.1", until="2.3")
@pytest.mark.parametrize("kind", PARAMETERS)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_an_assigning_load_took_requires_grad_from_a_parameter_in_the_checkpoint(kind, requires_grad):
    """Before torch 2.3, `load_state_dict(assign=True)` took the `requires_grad` of an `nn.Parameter` in the checkpoint,
    whether the module's parameter was trainable or frozen; since then the module's own `requires_grad` is kept.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    model.load_state_dict({"x": nn.Parameter(torch.ones(3), requires_grad)}, assign=True)
    assert model.x.requires_grad is requires_grad


@claim("LOAD-14", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("required_before", [True, False])
def test_an_assigning_load_gives_a_buffer_the_requires_grad_of_the_checkpoint(requires_grad, required_before):
    """`load_state_dict(assign=True)` gives a buffer the `requires_grad` of the checkpoint's tensor, whatever it was
    before.
    """
    model = BUFFER.on(nn.Module(), "x", torch.zeros(3, requires_grad=required_before))
    model.load_state_dict({"x": torch.ones(3, requires_grad=requires_grad)}, assign=True)
    assert model.x.requires_grad is requires_grad


@claim("LOAD-12", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_optimizer_built_before_an_assigning_load_updates_the_old_parameters(real_device):
    """By default, an optimizer built before `load_state_dict(assign=True)` still holds the old parameters, and `step()`
    doesn't change the module's new ones, except where they share memory with the old.

    Beware: build the optimizer after such a load. In swap mode, which is off by default, the module keeps its
    parameters.
    """
    model = PARAMETER.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    old, optimizer = model.x, torch.optim.SGD(model.parameters(), lr=1.0)
    model.load_state_dict({"x": torch.ones(3, device=real_device)}, assign=True)
    (model.x + old).sum().backward()
    optimizer.step()
    assert old.tolist() == [-1, -1, -1]
    assert model.x.tolist() == [1, 1, 1]


@claim("LOAD-68", source="torch.nn.Module.load_state_dict")
def test_an_optimizer_built_before_a_load_updates_the_loaded_parameters(real_device):
    """An optimizer built before a default `load_state_dict()` goes on updating the module's parameters, starting from
    the loaded values.
    """
    model = PARAMETER.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    model.load_state_dict({"x": torch.ones(3, device=real_device)})
    model.x.sum().backward()
    optimizer.step()
    assert model.x.tolist() == [0, 0, 0]


@claim("LOAD-13", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("kind", PERSISTENT_BUFFERS)
def test_an_assigning_load_turns_a_buffer_into_a_parameter_where_the_checkpoint_has_one(kind):
    """`load_state_dict(assign=True)` turns a buffer into a parameter where the checkpoint has an `nn.Parameter` under
    its name.
    """
    model = kind.on(ToyModel(5, 10), "x", torch.zeros(3))
    parameter = nn.Parameter(torch.ones(3))
    model.load_state_dict({**model.state_dict(), "x": parameter}, assign=True)
    assert dict(model.named_parameters())["x"] is parameter
    assert list(model.named_buffers()) == []


@claim("LOAD-16", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_assigning_load_brings_a_module_from_meta_except_for_its_non_persistent_buffers(real_device):
    """`load_state_dict(assign=True)` brings parameters and persistent buffers from meta to the checkpoint's device and
    values; non-persistent buffers stay on meta.
    """
    trained = NonPersistentModel(5, 10).to(real_device)
    model = NonPersistentModel(5, 10).to("meta")
    assert model.load_state_dict(trained.state_dict(), assign=True) == ([], [])
    assert all(tensor.device == trained.b1.device for tensor in [*model.parameters(), model.c1])
    assert model.d1.is_meta
    assert torch.equal(model.b1, trained.b1)
    assert not any(parameter.is_meta for parameter in model.parameters())


@claim("LOAD-69", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.filterwarnings("error")
def test_an_assigning_load_into_meta_emits_no_warning_and_leaves_missing_state_there():
    """Loading by `load_state_dict(strict=False, assign=True)` into a module on meta emits no warning. The parameters
    and buffers that it returns as missing stay on meta.
    """
    model = NestedModel(5, 10).to("meta")
    scale = torch.ones(10)
    result = model.load_state_dict({"scale": scale}, strict=False, assign=True)
    assert result.missing_keys == [key for key in model.state_dict() if key != "scale"]
    assert [name for name, value in model.state_dict().items() if not value.is_meta] == ["scale"]


@claim("LOAD-70", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_an_assigning_load_needs_the_same_shapes_and_keys(kind, strict):
    """For a parameter or buffer of one or more dimensions, `load_state_dict(assign=True)` raises `RuntimeError` for
    another shape, even with `strict=False`, and for a missing key in a strict load. The parameter or buffer stays as it
    was.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    tensor = model.x
    with pytest.raises(RuntimeError, match="size mismatch for x"):
        model.load_state_dict({"x": torch.ones(2)}, strict=strict, assign=True)
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "x"'):
        model.load_state_dict({}, assign=True)
    assert model.x is tensor


@claim("LOAD-71", source="torch.nn.Module.load_state_dict", since="2.1")
def test_assign_is_the_third_argument_and_false_by_default():
    """`assign` is the third argument of `load_state_dict()` and False by default."""
    model = ToyModel2(5, 10)
    b1, checkpoint = model.b1, dict(ToyModel2(5, 10).state_dict())
    model.load_state_dict(checkpoint, True)
    assert model.b1 is b1
    model.load_state_dict(checkpoint, True, True)
    assert model.b1 is not b1


@claim("LOAD-20", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_assigning_load_unties_tied_state():
    """By default, `load_state_dict(assign=True)` unties a parameter or buffer that several attributes hold, unless the
    `state_dict()` was taken with `keep_vars=True`: each attribute gets a tensor of its own, though the tied values
    still share memory.
    """
    model = TiedModel(5, 10)
    model.load_state_dict(TiedModel(5, 10).state_dict(), assign=True)
    assert model.b1 is not model.b2
    assert model.c1 is not model.c2
    assert len(list(model.parameters())) == 4
    assert model.b1.data_ptr() == model.b2.data_ptr()


@claim("LOAD-72", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_assigning_load_of_a_checkpoint_with_keep_vars_keeps_tied_state_tied():
    """`load_state_dict(assign=True)` of a `state_dict(keep_vars=True)` takes the saved module's own parameters and
    buffers, so that tied ones stay tied.
    """
    model, trained = TiedModel(5, 10), TiedModel(5, 10)
    model.load_state_dict(trained.state_dict(keep_vars=True), assign=True)
    assert model.b1 is model.b2 is trained.b1
    assert model.c1 is model.c2 is trained.c1


@claim("LOAD-22", source="torch.nn.Module.load_state_dict", since="2.1", bug="pytorch/pytorch#188166", broken=">=2.1")
def test_an_assigning_load_leaves_no_mark_on_the_state_dict():
    """A later `load_state_dict()` without `assign` should copy a state dict that was loaded with `assign=True`, but a
    mark in its `_metadata` makes it assign again, a bug since torch 2.1.
    """
    model, checkpoint = ToyModel2(5, 10), ToyModel2(5, 10).state_dict()
    model.load_state_dict(checkpoint, assign=True)
    b1 = model.b1
    model.load_state_dict(checkpoint)
    assert model.b1 is b1
    assert checkpoint._metadata[""] == {"version": 1}


@claim("LOAD-73", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_assigning_load_leaves_no_mark_on_a_plain_dict():
    """A plain dict keeps no mark of a load with `assign=True`: loading it again without `assign` copies into the
    module's tensors.
    """
    model, checkpoint = ToyModel2(5, 10), dict(ToyModel2(5, 10).state_dict())
    model.load_state_dict(checkpoint, assign=True)
    b1 = model.b1
    assert model.load_state_dict(checkpoint) == ([], [])
    assert model.b1 is b1


@claim("LOAD-74", source="torch.nn.Module.load_state_dict", since="2.1")
def test_an_assigning_load_replaces_a_buffer_made_by_expand():
    """`load_state_dict(assign=True)` replaces a buffer made by `expand()`, for which a load without `assign` raises
    `RuntimeError`.
    """
    model = BUFFER.on(nn.Module(), "x", torch.zeros(1).expand(3))
    model.load_state_dict({"x": torch.ones(3)}, assign=True)
    assert model.x.tolist() == [1, 1, 1]
    assert model.x.stride() == (1,)


@claim("LOAD-75", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_an_assigning_load_of_an_nn_Buffer_takes_its_persistence_over(persistent):
    """Where the checkpoint has an `nn.Buffer`, `load_state_dict(assign=True)` makes this object the module's buffer,
    which then is persistent or not as the `nn.Buffer` is.
    """
    model = NN_BUFFER.on(nn.Module(), "x", torch.zeros(3))
    buffer = nn.Buffer(torch.ones(3), persistent=persistent)
    model.load_state_dict({"x": buffer}, assign=True)
    assert model.x is buffer
    assert list(model.state_dict()) == ["x"] * persistent
