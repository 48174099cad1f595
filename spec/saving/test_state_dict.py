"""What is in ``state_dict()``, and what the values are."""

from itertools import product

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    COMPLEX,
    DECLARED,
    FLOATING,
    INTEGER,
    NON_PERSISTENT_BUFFER,
    PARAMETER,
    PARAMETERS,
    PERSISTENT_BUFFERS,
    PLAIN,
    SAVED,
    NestedModel,
    NonPersistentModel,
    TiedModel,
    ToyModel,
    ToyModel2,
    answers,
    any_model,
    available,
    claim,
    core,
)


@core
@claim("SD-01", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=PARAMETERS)
@any_model
def test_every_parameter_trainable_or_frozen_is_in_the_state_dict(device, Model, channels, shape):
    """An `nn.Parameter` is in `state_dict()` under its name, whether it is trainable or frozen
    (`requires_grad=False`).
    """
    model = Model(*channels).to(device)
    model.trainable = nn.Parameter(torch.ones(shape, device=device))
    model.frozen = nn.Parameter(torch.ones(shape, device=device), requires_grad=False)
    saved, parameters = model.state_dict(), dict(model.named_parameters())
    assert {name: saved[name].shape for name in parameters} == {name: p.shape for name, p in parameters.items()}
    assert sorted(saved) == sorted(["trainable", "frozen", *DECLARED[Model].keys])


@core
@claim("SD-02", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", yes=PERSISTENT_BUFFERS)
@any_model
def test_a_buffer_of_any_dtype_is_in_the_state_dict_by_default(device, Model, channels, shape):
    """By default a buffer is in `state_dict()`, be its dtype floating, complex, integer or bool."""
    model = Model(*channels).to(device)
    dtypes = {}
    for kind, dtype in product(available(PERSISTENT_BUFFERS), FLOATING + INTEGER + COMPLEX):
        dtypes[name := f"{kind.word} {dtype}".replace(".", " ")] = dtype
        kind.put(model, name, torch.ones(shape, dtype=dtype, device=device))
    saved = model.state_dict()
    assert sorted(saved) == sorted([*dtypes, *DECLARED[Model].keys])
    assert {name: (saved[name].dtype, saved[name].shape) for name in dtypes} == {
        name: (dtype, shape) for name, dtype in dtypes.items()
    }


@core
@claim("SD-03", source="torch.nn.Module.register_buffer")
@answers("in state_dict()?", no=(NON_PERSISTENT_BUFFER,))
@any_model
def test_a_non_persistent_buffer_is_not_in_the_state_dict(device, Model, channels, shape):
    """A buffer registered with `persistent=False` is not in `state_dict()`, though `named_buffers()` lists it, be
    it on the module itself or on a submodule.
    """
    model = Model(*channels).to(device)
    for module in model.modules():
        module.register_buffer("x", torch.ones(shape, device=device), persistent=False)
    listed = [name for name, _ in model.named_buffers()]
    assert [name for name in listed if name.endswith("x")] == [
        f"{path}.x".lstrip(".") for path, _ in model.named_modules()
    ]
    assert set(DECLARED[Model].buffers) < set(listed)
    assert list(model.state_dict()) == DECLARED[Model].keys


@core
@claim("SD-04", source="torch.nn.Module.state_dict")
@answers("in state_dict()?", no=PLAIN)
@any_model
def test_a_plain_attribute_is_not_in_the_state_dict(device, Model, channels, shape):
    """A plain attribute, be it a tensor or a number, is not in `state_dict()`."""
    model = Model(*channels).to(device)
    model.tensor, model.number = torch.ones(shape, device=device), 3
    assert {"tensor", "number", *DECLARED[Model].plain} <= set(vars(model))
    assert list(model.state_dict()) == DECLARED[Model].keys


@core
@claim("SD-06", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", SAVED)
def test_changing_state_in_place_changes_a_state_dict_taken_earlier(kind, real_device):
    """`state_dict()` is no snapshot: its values alias the parameters and buffers, so changing those in place, as
    training does, changes a state dict taken earlier.

    Beware: to keep the best values, take `copy.deepcopy(model.state_dict())`.
    """
    model = kind.on(ToyModel(5, 10).to(real_device), "x", torch.zeros(3, device=real_device))
    checkpoint = model.state_dict()
    with torch.no_grad():
        model.x.add_(1)
    assert torch.equal(checkpoint["x"], torch.ones(3, device=real_device))


@core
@claim("SD-08", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", SAVED)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_the_values_of_a_state_dict_are_detached_tensors(kind, requires_grad, real_device):
    """By default, `state_dict()` holds the parameters and buffers of an initialized module, tensor subclasses aside, as
    detached plain `torch.Tensor`s with `requires_grad` False. The module's own parameter or buffer keeps its
    `requires_grad`.
    """
    model = kind.on(ToyModel(5, 10).to(real_device), "x", torch.ones(3, device=real_device))
    model.x.requires_grad_(requires_grad)
    value = model.state_dict()["x"]
    assert type(value) is torch.Tensor
    assert not value.requires_grad
    assert model.x.requires_grad is requires_grad


@core
@claim("SD-13", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("Model", [NonPersistentModel, TiedModel])
def test_conversions_moves_and_modes_leave_the_keys_of_the_state_dict_unchanged(Model, migration):
    """A dtype conversion such as `.half()`, a move such as `.cuda()`, `train()` and `eval()` leave the keys of
    `state_dict()` and their order unchanged.
    """
    model = Model(5, 10).to(migration.source)
    keys = list(model.state_dict())
    assert list(migration(model).state_dict()) == keys
    assert list(model.eval().state_dict()) == keys
    assert list(model.train().state_dict()) == keys


@claim("SD-05", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("register", ["register_parameter", "register_buffer"])
def test_a_parameter_or_buffer_registered_as_None_is_not_in_the_state_dict(register, device):
    """`register_parameter("x", None)` and `register_buffer("x", None)` put no key into `state_dict()`, though the
    module then has an attribute `x`, which is None.
    """
    model = ToyModel(5, 10).to(device)
    getattr(model, register)("x", None)
    assert model.x is None
    assert list(model.state_dict()) == ["linear.weight", "linear.bias"]


@claim("SD-14", source="torch.nn.Module.state_dict")
def test_a_submodule_that_is_None_leaves_no_key_and_no_metadata():
    """A submodule that is None, as `add_module("head", None)` makes it, puts neither a key into `state_dict()` nor an
    entry into its `_metadata`.
    """
    model = ToyModel(5, 10)
    model.add_module("head", None)
    checkpoint = model.state_dict()
    assert list(checkpoint) == ["linear.weight", "linear.bias"]
    assert list(checkpoint._metadata) == ["", "linear"]


@claim("SD-07", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", PERSISTENT_BUFFERS)
def test_rebinding_a_buffer_leaves_the_old_tensor_in_a_state_dict_taken_earlier(kind, real_device):
    """Rebinding a buffer, as `model.x = model.x + 1` does, leaves the old tensor in a state dict taken earlier; a new
    `state_dict()` has the new one.
    """
    model = kind.on(ToyModel(5, 10).to(real_device), "x", torch.zeros(3, device=real_device))
    checkpoint = model.state_dict()
    model.x = model.x + 1
    assert checkpoint["x"].tolist() == [0, 0, 0]
    assert model.state_dict()["x"].tolist() == [1, 1, 1]


@claim("SD-15", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_changing_a_value_of_the_state_dict_in_place_changes_the_module(kind, real_device):
    """Changing a value of `state_dict()` in place changes the module's parameter or buffer, and `backward()` through a
    result that needs the old value raises `RuntimeError`.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    product = model.x * torch.ones(3, device=real_device, requires_grad=True)
    model.state_dict()["x"].fill_(7)
    assert model.x.tolist() == [7, 7, 7]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.sum().backward()


@claim("SD-16", source="torch.nn.Module.state_dict")
def test_changing_the_keys_of_a_state_dict_leaves_the_module_unchanged(device):
    """Adding, removing or reassigning keys of the dict that `state_dict()` returned leaves the module unchanged."""
    model = ToyModel2(5, 10).to(device)
    b1, checkpoint = model.b1, model.state_dict()
    checkpoint["linear.weight"] = checkpoint["x"] = checkpoint.pop("b1")
    assert model.b1 is b1
    assert list(model.state_dict()) == ["b1", "linear.weight", "linear.bias"]
    assert model.linear.weight.shape == (10, 5)


@claim("SD-09", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", SAVED)
@pytest.mark.parametrize("path", [pytest.param("", id="the module itself"), "body.inner"])
def test_keep_vars_gives_the_parameters_and_buffers_themselves(kind, path):
    """`state_dict(keep_vars=True)` holds the module's own `nn.Parameter` and buffer objects, not detached tensors."""
    model = NestedModel(5, 10)
    holder = kind.on(model.get_submodule(path), "x", torch.ones(3))
    checkpoint = model.state_dict(keep_vars=True)
    assert checkpoint[f"{path}.x".lstrip(".")] is holder.x
    assert [name for name, value in checkpoint.items() if isinstance(value, nn.Parameter)] == [
        name for name in checkpoint if name in dict(model.named_parameters())
    ]


@claim("SD-10", source="torch.nn.Module.state_dict")
def test_a_tied_tensor_is_in_the_state_dict_under_each_of_its_names():
    """A tied parameter or buffer is in `state_dict()` under each of its names, with the same memory, whereas
    `named_parameters()` names a tied parameter once.
    """
    model = TiedModel(5, 10)
    checkpoint = model.state_dict()
    assert list(checkpoint) == ["b1", "b2", "c1", "c2", "linear.weight", "linear.bias"]
    assert checkpoint["b1"].data_ptr() == checkpoint["b2"].data_ptr() == model.b1.data_ptr()
    assert checkpoint["c1"].data_ptr() == checkpoint["c2"].data_ptr() == model.c1.data_ptr()
    assert [name for name, _ in model.named_parameters()] == ["b1", "linear.weight", "linear.bias"]


@claim("SD-11", source="torch.nn.Module.state_dict")
def test_gradients_are_not_in_the_state_dict(real_device):
    """`state_dict()` has no gradients: no key holds one, and its values have no `.grad`. With `keep_vars=True` the
    values are the parameters themselves, which have theirs.
    """
    model = ToyModel2(5, 10).to(real_device)
    model.b1.grad = torch.ones(10, device=real_device)
    assert list(model.state_dict()) == ["b1", "linear.weight", "linear.bias"]
    assert model.state_dict()["b1"].grad is None
    assert model.state_dict(keep_vars=True)["b1"].grad is model.b1.grad


@claim("SD-12", source="torch.nn.Module.state_dict")
def test_training_mode_requires_grad_and_hooks_are_not_in_the_state_dict():
    """`state_dict()` holds neither the training mode, nor `requires_grad`, nor hooks: a fresh module that loads it
    stays in training mode, trainable and without hooks.
    """
    trained, fresh = ToyModel(5, 10), ToyModel(5, 10)
    trained.eval().requires_grad_(False).register_forward_hook(print)
    checkpoint = trained.state_dict()
    assert list(checkpoint) == ["linear.weight", "linear.bias"]
    assert checkpoint._metadata == fresh.state_dict()._metadata
    fresh.load_state_dict(checkpoint)
    assert fresh.training
    assert fresh.linear.weight.requires_grad
    assert not fresh._forward_hooks


@claim("SD-17", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", PERSISTENT_BUFFERS)
def test_the_state_dict_holds_parameters_then_buffers_then_submodules_in_the_order_of_registration(kind, device):
    """`state_dict()` lists a module's own parameters first, then its buffers, then its submodules, each in the order of
    registration.
    """
    model = nn.Module()
    model.z, model.y = nn.Linear(1, 1, bias=False), ToyModel(5, 10)
    kind.on(model, "d", torch.ones(3))
    model.c = nn.Parameter(torch.ones(3))
    model.register_buffer("b", torch.ones(3))
    model.a = nn.Parameter(torch.ones(3))
    own, below = ["c", "a", "d", "b"], ["z.weight", "y.linear.weight", "y.linear.bias"]
    assert list(model.to(device).state_dict()) == own + below


@claim("SD-18", source="torch.nn.Module.state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("keep_vars", [True, False])
def test_a_value_of_the_state_dict_has_the_dtype_strides_and_memory_of_the_live_tensor(kind, keep_vars):
    """A value of `state_dict()` has the dtype, shape, strides and storage offset of the module's tensor and shares its
    memory, with `keep_vars=True` or without.
    """
    base = torch.arange(12, dtype=torch.float64).view(3, 4)
    model = kind.on(nn.Module(), "x", base.t()[1:])
    value = model.state_dict(keep_vars=keep_vars)["x"]
    assert (value.dtype, value.shape, value.stride()) == (torch.float64, (3, 3), (1, 4))
    assert value.storage_offset() == 1
    assert value.data_ptr() == model.x.data_ptr()
