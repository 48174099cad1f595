"""State without data: the meta device, ``to_empty()`` and ``skip_init()``."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    COMPLEX,
    FLOATING,
    INTEGER,
    PARAMETER,
    REGISTERED,
    NestedModel,
    NonPersistentModel,
    claim,
)


@pytest.fixture
def sevens(monkeypatch):
    """Memory that is not initialized holds sevens, so that it can be told from memory that is."""

    def empty_like(tensor, *, device=None):
        return torch.full(tensor.shape, 7, dtype=tensor.dtype, device=device or tensor.device)

    monkeypatch.setattr(torch, "empty_like", empty_like)


OUT_OF_META = {
    "to(cpu)": lambda model: model.to("cpu"),
    "to(cpu, float64)": lambda model: model.to("cpu", torch.float64),
    "to(tensor)": lambda model: model.to(torch.ones(1)),
}


@claim("META-02", source="torch.nn.Module.to", since="2.3")
@pytest.mark.parametrize("call", OUT_OF_META)
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_moving_out_of_meta_raises_NotImplementedError_that_names_to_empty(kind, call):
    """Moving a module from the meta device by `.to(device)` raises `NotImplementedError` that names `to_empty()`, and
    leaves its state on the meta device.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3, device="meta"))
    with pytest.raises(NotImplementedError) as error:
        OUT_OF_META[call](model)
    assert str(error.value).startswith(
        "Cannot copy out of meta tensor; no data! Please use torch.nn.Module.to_empty() "
        "instead of torch.nn.Module.to() when moving module from meta to a different device."
    )
    assert error.value.__suppress_context__
    assert model.x.is_meta


@claim("META-10", source="torch.nn.Module.cpu")
def test_cpu_on_a_module_on_meta_raises_NotImplementedError():
    """`.cpu()` on a module on the meta device raises `NotImplementedError`, because there is no data to copy, and
    leaves its state there.
    """
    model = NestedModel(5, 10).to("meta")
    with pytest.raises(NotImplementedError, match=r"^Cannot copy out of meta tensor; no data!$"):
        model.cpu()
    assert all(tensor.is_meta for tensor in model.state_dict().values())


@claim("META-11", source="torch.nn.Module.to")
def test_another_NotImplementedError_passes_through_to_unchanged(monkeypatch):
    """If the `to()` of a tensor raises `NotImplementedError` for any other reason than missing data, `.to()` of the
    module raises that same exception object.
    """
    other = NotImplementedError("there is no such kernel")

    def to(tensor, *args, **kwargs):
        raise other

    monkeypatch.setattr(torch.Tensor, "to", to)
    with pytest.raises(NotImplementedError) as error:
        nn.Linear(2, 3).to("cpu")
    assert error.value is other


@claim("META-12", source="torch.nn.Module.to")
def test_a_module_on_meta_may_be_converted_there():
    """A module on the meta device can be converted there: `.to("meta", torch.float64)` gives its floating-point state
    the new dtype and keeps its parameter objects.
    """
    model = NestedModel(5, 10).to("meta")
    parameters = list(model.parameters())
    model.to("meta", torch.float64)
    assert all(now is then for now, then in zip(model.parameters(), parameters, strict=True))
    assert {(tensor.device.type, tensor.dtype) for tensor in model.state_dict().values()} == {("meta", torch.float64)}


@claim("META-03", source="torch.nn.Module.to_empty")
@pytest.mark.parametrize("kind", REGISTERED)
def test_to_empty_gives_every_parameter_and_buffer_memory_that_is_not_initialized(kind, real_device, sevens):
    """`to_empty(device=device)` gives each parameter and buffer of a module and its submodules uninitialized memory
    there, and keeps shape and dtype, and the `requires_grad` of a parameter.
    """
    model = nn.Module()
    model.child = kind.on(nn.Module(), "x", torch.ones(2, 3, device="meta"))
    requires_grad = model.child.x.requires_grad
    assert model.to_empty(device=real_device) is model
    x = model.child.x
    assert (x.device.type, x.dtype) == (torch.device(real_device).type, torch.float32)
    assert x.tolist() == [[7, 7, 7], [7, 7, 7]]
    assert (x.requires_grad, x.is_leaf) == (requires_grad, True)
    assert [name for name, _ in [*model.named_parameters(), *model.named_buffers()]] == ["child.x"]


@claim("META-71", source="torch.nn.Module.to_empty")
def test_to_empty_gives_a_buffer_that_requires_grad_one_that_does_not(real_device):
    """`to_empty(device=device)` replaces a buffer that requires grad by a buffer that doesn't, whereas a parameter
    keeps its `requires_grad`.
    """
    model = nn.Module()
    model.p = nn.Parameter(torch.ones(3, device=real_device))
    model.register_buffer("b", torch.ones(3, device=real_device, requires_grad=True))
    model.to_empty(device=real_device)
    assert (model.p.requires_grad, model.b.requires_grad) == (True, False)


@claim("META-13", source="torch.nn.Module.to_empty")
@pytest.mark.parametrize("kind", REGISTERED)
def test_to_empty_drops_the_values_even_on_the_same_device(kind, real_device, sevens):
    """By default, `to_empty()` drops all values, even if the device stays the same. Parameter objects stay and buffers
    are replaced, while an alias made before keeps the old values.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3, device=real_device))
    x, shared = model.x, model.x.detach()
    model.to_empty(device=real_device)
    assert model.x.tolist() == [7, 7, 7]
    assert shared.tolist() == [0, 0, 0]
    assert (model.x is x) is (model.x in set(model.parameters()))


@claim("META-14", source="torch.nn.Module.to_empty")
def test_to_empty_keeps_every_dtype_and_the_order_of_the_elements_in_memory(device):
    """`to_empty()` keeps the dtype of each buffer, integer, bool and complex ones included, and the strides of a
    channels-last parameter.
    """
    model = nn.Module()
    for position, dtype in enumerate(FLOATING + INTEGER + COMPLEX):
        model.register_buffer(f"b{position}", torch.ones(2, dtype=dtype))
    model.p = nn.Parameter(torch.empty(3, 2, 2, 2, memory_format=torch.channels_last))
    model.to_empty(device=device)
    assert [buffer.dtype for buffer in model.buffers()] == [*FLOATING, *INTEGER, *COMPLEX]
    assert {tensor.device.type for tensor in model.state_dict().values()} == {torch.device(device).type}
    assert model.p.stride() == (8, 1, 4, 2)


@claim("META-15", source="torch.nn.Module.to_empty")
def test_to_empty_takes_its_device_by_keyword_only():
    """`to_empty()` takes `device` by keyword only and has no default: `to_empty("cpu")` and `to_empty()` raise
    `TypeError`, and the module stays on the meta device.
    """
    model = nn.Linear(2, 3, device="meta")
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        model.to_empty("cpu")
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'device'"):
        model.to_empty()
    assert model.weight.is_meta


@claim("META-16", source="torch.nn.Module.to_empty")
def test_to_empty_with_device_None_stays_on_the_device(real_device):
    """`to_empty(device=None)` leaves parameters and buffers on the device that they are on, uninitialized: a parameter
    stays the same object and a buffer is replaced.
    """
    model = NestedModel(5, 10).to(real_device)
    b1, shift = model.body.inner.b1, model.shift
    model.to_empty(device=None)
    assert model.body.inner.b1 is b1
    assert model.shift is not shift
    assert {tensor.device.type for tensor in model.state_dict().values()} == {torch.device(real_device).type}


@claim("META-04", source="torch.nn.Module.to_empty")
def test_a_checkpoint_restores_after_to_empty_all_but_non_persistent_buffers(real_device, sevens):
    """After `to_empty()` has left all state uninitialized, loading a checkpoint restores parameters and persistent
    buffers; non-persistent buffers stay uninitialized.
    """
    trained = NonPersistentModel(5, 10).to(real_device)
    model = NonPersistentModel(5, 10).to("meta")
    model.to_empty(device=real_device)
    assert [key for key, value in model.state_dict().items() if value.ne(7).any()] == []
    model.load_state_dict(trained.state_dict())
    assert torch.equal(model.b1, trained.b1)
    assert model.c1.tolist() == [1] * 10
    assert model.d1.tolist() == [7] * 10


ARGUMENTS = {nn.Linear: (2, 3), nn.BatchNorm1d: (4,), nn.Conv1d: (2, 3, 2)}


@claim("META-05", source="torch.nn.utils.skip_init")
@pytest.mark.parametrize("Module", ARGUMENTS)
def test_skip_init_builds_a_module_with_uninitialized_state_on_a_real_device(Module, real_device, sevens):
    """`nn.utils.skip_init(nn.Linear, 2, 3, device=device)` builds the module on that device with the usual shapes,
    dtypes and `requires_grad`, but with uninitialized memory instead of initial values.
    """
    model = nn.utils.skip_init(Module, *ARGUMENTS[Module], dtype=torch.float64, device=real_device)
    built = Module(*ARGUMENTS[Module], dtype=torch.float64)
    assert type(model) is Module
    assert {tensor.device.type for tensor in model.state_dict().values()} == {torch.device(real_device).type}
    assert all(tensor.eq(7).all() for tensor in model.state_dict().values())
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in model.state_dict().items()} == {
        name: (tensor.shape, tensor.dtype) for name, tensor in built.state_dict().items()
    }
    assert all(parameter.requires_grad for parameter in model.parameters())


@claim("META-17", source="torch.nn.utils.skip_init")
def test_skip_init_builds_on_the_cpu_unless_a_device_is_given(sevens):
    """`nn.utils.skip_init(nn.Linear, 2, 3)` builds on the CPU unless it is given a `device=`."""
    assert nn.utils.skip_init(nn.Linear, 2, out_features=3).weight.device.type == "cpu"
    assert nn.utils.skip_init(nn.Linear, 2, out_features=3, device="meta").weight.device.type == "meta"


class Deviceless(nn.Linear):
    """A Linear that takes no device."""

    def __init__(self, in_features, out_features):
        super().__init__(in_features, out_features)


@claim("META-18", source="torch.nn.utils.skip_init")
def test_skip_init_raises_RuntimeError_for_a_class_that_takes_no_device():
    """`nn.utils.skip_init` raises `RuntimeError` for a module class whose `__init__` takes no argument `device`."""
    with pytest.raises(RuntimeError, match="Module must support a 'device' arg to skip initialization"):
        nn.utils.skip_init(Deviceless, 2, 3)


@claim("META-19", source="torch.nn.utils.skip_init")
def test_skip_init_raises_RuntimeError_for_a_class_that_is_no_module():
    """`nn.utils.skip_init` raises `RuntimeError` for a class that is no `nn.Module`, such as `torch.Tensor`."""
    with pytest.raises(RuntimeError, match=r"Expected a Module; got <class 'torch.Tensor'>"):
        nn.utils.skip_init(torch.Tensor, 2, 3)
