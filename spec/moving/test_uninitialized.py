"""``UninitializedParameter`` and ``UninitializedBuffer``: state that waits for its shape."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from ..vocabulary import claim

BOTH = [UninitializedParameter, UninitializedBuffer]


class Weight(nn.Parameter):
    """A user's own kind of parameter."""


class LateWeight(UninitializedParameter):
    """A ``Weight`` that waits for its shape."""

    cls_to_become = Weight


BECOMES = {UninitializedParameter: nn.Parameter, UninitializedBuffer: torch.Tensor}


@claim("META-44", source="torch.nn.parameter.UninitializedParameter")
def test_an_uninitialized_parameter_is_trainable_by_default_and_an_uninitialized_buffer_is_not():
    """`UninitializedParameter()` requires grad and `UninitializedBuffer()` does not, unless `requires_grad` says
    otherwise; only the first is an `nn.Parameter`.
    """
    assert (UninitializedParameter().requires_grad, UninitializedBuffer().requires_grad) == (True, False)
    assert (UninitializedParameter(False).requires_grad, UninitializedBuffer(True).requires_grad) == (False, True)
    assert isinstance(UninitializedParameter(), nn.Parameter)
    assert not isinstance(UninitializedBuffer(), nn.Parameter)


@claim("META-45", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_materialize_keeps_the_device_dtype_and_requires_grad_of_an_uninitialized_tensor(
    Uninitialized, requires_grad, device
):
    """`materialize(shape)` makes an uninitialized parameter an `nn.Parameter`, and an uninitialized buffer a
    `torch.Tensor`, of its own device, dtype and `requires_grad`.
    """
    tensor = Uninitialized(requires_grad, device, torch.float64)
    tensor.materialize((2, 3))
    assert type(tensor) is BECOMES[Uninitialized]
    assert (tensor.shape, tensor.dtype, tensor.device.type) == ((2, 3), torch.float64, torch.device(device).type)
    assert (tensor.requires_grad, tensor.is_leaf) == (requires_grad, True)
    assert not hasattr(tensor, "materialize")


@claim("META-46", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
def test_materialize_takes_another_dtype(Uninitialized, real_device):
    """`materialize(shape, device, dtype)` gives an uninitialized parameter or buffer another dtype than it was built
    with.
    """
    tensor = Uninitialized(dtype=torch.float64, device=real_device)
    tensor.materialize((2,), torch.device(real_device), torch.float16)
    assert (tensor.dtype, tensor.shape) == (torch.float16, (2,))


@claim("META-63", source="torch.nn.parameter.UninitializedParameter")
def test_a_subclass_of_UninitializedParameter_becomes_the_class_in_its_cls_to_become():
    """`materialize()` turns an instance of a subclass of `nn.UninitializedParameter`, or a deepcopy of the instance,
    into an instance of the class that the subclass names in `cls_to_become`.
    """
    parameter = LateWeight()
    copied = copy.deepcopy(parameter)
    for each in (parameter, copied):
        assert type(each) is LateWeight
        assert nn.parameter.is_lazy(each)
        each.materialize((2,))
        assert type(each) is Weight


@claim("META-47", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
def test_materialize_on_meta_raises_RuntimeError_for_an_uninitialized_tensor_on_the_cpu(Uninitialized):
    """`materialize(shape, device="meta")` raises `RuntimeError` for an uninitialized parameter or buffer on the CPU,
    which stays uninitialized.
    """
    tensor = Uninitialized()
    with pytest.raises(RuntimeError, match="incompatible tensor type"):
        tensor.materialize((2, 3), device="meta")
    assert type(tensor) is Uninitialized


@claim("META-48", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
def test_an_uninitialized_tensor_has_no_shape_no_shared_memory_and_a_short_repr(Uninitialized):
    """On an `nn.UninitializedParameter` or `nn.UninitializedBuffer`, the state of lazy modules, `.shape` and
    `share_memory_()` raise `RuntimeError`, and `repr()` shows only the name of its class.
    """
    tensor = Uninitialized()
    with pytest.raises(
        RuntimeError, match=r"Can't access the shape of an uninitialized .*Call `forward` to initialize"
    ):
        tensor.shape  # noqa: B018
    with pytest.raises(
        RuntimeError, match=r"Can't share memory on an uninitialized .*`module.share_memory\(\)`"
    ) as error:
        tensor.share_memory_()
    assert type(error.value) is RuntimeError
    assert repr(tensor) == f"<{Uninitialized.__name__}>"


REFUSED = {
    "add": lambda tensor: tensor + 1,
    "numel": lambda tensor: tensor.numel(),
    "clone": lambda tensor: tensor.clone(),
    "detach": lambda tensor: tensor.detach(),
    "fill_": lambda tensor: tensor.fill_(1),
    "requires_grad_": lambda tensor: tensor.requires_grad_(False),
    "bfloat16": lambda tensor: tensor.bfloat16(),
    "zeros_like": lambda tensor: torch.zeros_like(tensor),
}


@claim("META-49", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
@pytest.mark.parametrize("operation", REFUSED)
def test_an_operation_on_an_uninitialized_tensor_raises_ValueError(Uninitialized, operation):
    """For an uninitialized parameter or buffer `tensor`, `tensor + 1`, `tensor.clone()` and `tensor.bfloat16()` raise
    `ValueError` with a message that names the operation and the class.
    """
    with pytest.raises(
        ValueError, match=rf"parameter in <.*{operation}.*`torch.nn.parameter.{Uninitialized.__name__}`"
    ):
        REFUSED[operation](Uninitialized())


@claim("META-50", source="torch.nn.parameter.UninitializedBuffer")
@pytest.mark.parametrize("dtype", ["half", "float", "double", "char", "short", "int", "long"])
def test_an_uninitialized_buffer_may_be_converted_and_stays_uninitialized(dtype):
    """An uninitialized buffer can be converted by `.half()`, `.float()`, `.double()`, `.char()`, `.short()`, `.int()`
    and `.long()`, and stays uninitialized.
    """
    buffer = getattr(UninitializedBuffer(dtype=torch.uint8), dtype)()
    assert type(buffer) is UninitializedBuffer
    assert buffer.dtype is getattr(torch.ones(1), dtype)().dtype


@claim("META-51", source="torch.nn.parameter.UninitializedBuffer")
def test_an_uninitialized_buffer_can_be_moved_copied_into_and_asked_for_dtype_device_and_size():
    """An uninitialized buffer can be moved by `.to("meta")` or `.cpu()`, copied into, hashed, and asked for its dtype,
    device, gradient and `size()`, which is (0,).
    """
    buffer = UninitializedBuffer(dtype=torch.float64)
    assert type(buffer.to("meta")) is type(buffer.cpu()) is UninitializedBuffer
    assert buffer.copy_(torch.ones(0)) is buffer
    assert (buffer.dtype, buffer.device.type, buffer.grad) == (torch.float64, "cpu", None)
    assert (buffer.is_floating_point(), buffer.get_device(), buffer.size()) == (True, -1, (0,))
    assert {buffer: "hashed"}[buffer] == "hashed"
    assert torch._has_compatible_shallow_copy_type(buffer, UninitializedBuffer())


@claim("META-59", source="torch.nn.parameter.UninitializedBuffer")
def test_to_and_size_of_an_uninitialized_buffer_take_keywords():
    """`to()` of an uninitialized buffer takes `dtype=`, `device=` and `copy=` as keyword arguments, and `size()` takes
    `dim=`.
    """
    buffer = UninitializedBuffer()
    assert (buffer.to(dtype=torch.float64).dtype, buffer.to(device="meta").device.type) == (torch.float64, "meta")
    assert buffer.to("cpu", copy=True) is not buffer.to("cpu", copy=False)
    assert buffer.to("cpu", copy=False) is buffer
    assert buffer.size(dim=0) == 0


@claim("META-52", source="torch.nn.parameter.UninitializedBuffer", since="2.3")
def test_is_complex_works_on_an_uninitialized_buffer():
    """`is_complex()` of an uninitialized buffer tells whether its dtype is complex."""
    assert UninitializedBuffer(dtype=torch.complex64).is_complex()
    assert not UninitializedBuffer().is_complex()


@claim("META-53", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_deepcopy_of_an_uninitialized_parameter_keeps_requires_grad_device_and_dtype(requires_grad, device):
    """`copy.deepcopy` of an uninitialized parameter makes another uninitialized parameter with the same
    `requires_grad`, device and dtype; a parameter that a list holds twice is copied once.
    """
    parameter = UninitializedParameter(requires_grad, device, torch.float64)
    copied, again = copy.deepcopy([parameter, parameter])
    assert copied is again is not parameter
    assert type(copied) is UninitializedParameter
    assert (copied.requires_grad, copied.dtype) == (requires_grad, torch.float64)
    assert copied.device.type == torch.device(device).type
    memo = {}
    assert parameter.__deepcopy__(memo) is parameter.__deepcopy__(memo) is memo[id(parameter)]


@claim("META-54", source="torch.nn.parameter.UninitializedBuffer")
def test_deepcopy_raises_ValueError_for_an_uninitialized_buffer():
    """`copy.deepcopy` of a lazy module with an uninitialized buffer, such as `nn.LazyBatchNorm1d` before its first
    forward, raises `ValueError`.
    """
    with pytest.raises(ValueError, match=r"Attempted to use an uninitialized parameter in .*__deepcopy__"):
        copy.deepcopy(nn.LazyBatchNorm1d(affine=False))


@claim("META-55", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_pickled_uninitialized_tensor_keeps_requires_grad_and_not_its_dtype(Uninitialized, requires_grad):
    """Pickling an uninitialized parameter or buffer keeps its class and `requires_grad` but not its dtype: float64
    comes back as float32.
    """
    copied = pickle.loads(pickle.dumps(Uninitialized(requires_grad, dtype=torch.float64)))
    assert type(copied) is Uninitialized
    assert copied.requires_grad is requires_grad
    assert copied.dtype is torch.float32


@claim("META-56", source="torch.nn.parameter.is_lazy")
def test_is_lazy_is_true_of_uninitialized_parameters_and_buffers_only():
    """`nn.parameter.is_lazy(value)` is True for an uninitialized parameter or buffer and False for an `nn.Parameter`,
    another tensor and None.
    """
    values = [UninitializedParameter(), UninitializedBuffer(), nn.Parameter(torch.ones(1)), torch.ones(1), None]
    assert [nn.parameter.is_lazy(value) for value in values] == [True, True, False, False, False]


@claim("META-57", source="torch.nn.parameter.UninitializedBuffer", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_an_assigned_uninitialized_buffer_is_registered_as_persistent_as_it_says(persistent):
    """Assigning an `nn.UninitializedBuffer` to an attribute registers it as a buffer, persistent or non-persistent as
    its argument `persistent` says, and it stays so after `materialize()`.
    """
    model = nn.Module()
    model.x = buffer = UninitializedBuffer(persistent=persistent)
    buffer.materialize((3,))
    assert isinstance(buffer, nn.Buffer)
    assert dict(model.named_buffers())["x"] is buffer
    assert list(model.state_dict()) == ["x"] * persistent


@claim("META-58", source="torch.nn.parameter.UninitializedBuffer", since="2.5")
def test_an_uninitialized_buffer_is_persistent_by_default():
    """`UninitializedBuffer()` is persistent by default: its `persistent` is True."""
    assert UninitializedBuffer().persistent is True
