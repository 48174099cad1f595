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
    assert (UninitializedParameter().requires_grad, UninitializedBuffer().requires_grad) == (True, False)
    assert (UninitializedParameter(False).requires_grad, UninitializedBuffer(True).requires_grad) == (False, True)
    assert isinstance(UninitializedParameter(), nn.Parameter)
    assert not isinstance(UninitializedBuffer(), nn.Parameter)


@claim("META-45", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_what_is_uninitialized_becomes_ordinary_with_the_device_the_dtype_and_the_flag_it_was_made_with(
    Uninitialized, requires_grad, device
):
    tensor = Uninitialized(requires_grad, device, torch.float64)
    tensor.materialize((2, 3))
    assert type(tensor) is BECOMES[Uninitialized]
    assert (tensor.shape, tensor.dtype, tensor.device.type) == ((2, 3), torch.float64, torch.device(device).type)
    assert (tensor.requires_grad, tensor.is_leaf) == (requires_grad, True)
    assert not hasattr(tensor, "materialize")


@claim("META-46", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
def test_what_is_uninitialized_can_become_ordinary_in_another_dtype(Uninitialized, real_device):
    tensor = Uninitialized(dtype=torch.float64, device=real_device)
    tensor.materialize((2,), torch.device(real_device), torch.float16)
    assert (tensor.dtype, tensor.shape) == (torch.float16, (2,))


@claim("META-63", source="torch.nn.parameter.UninitializedParameter")
def test_a_subclass_of_UninitializedParameter_is_copied_as_what_it_is_and_says_what_it_becomes():
    parameter = LateWeight()
    copied = copy.deepcopy(parameter)
    for each in (parameter, copied):
        assert type(each) is LateWeight
        assert nn.parameter.is_lazy(each)
        each.materialize((2,))
        assert type(each) is Weight


@claim("META-47", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
def test_what_is_uninitialized_cannot_become_ordinary_on_meta_from_elsewhere(Uninitialized):
    tensor = Uninitialized()
    with pytest.raises(RuntimeError, match="incompatible tensor type"):
        tensor.materialize((2, 3), device="meta")
    assert type(tensor) is Uninitialized


@claim("META-48", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
def test_what_is_uninitialized_has_no_shape_no_shared_memory_and_a_short_repr(Uninitialized):
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
def test_an_operation_on_what_is_uninitialized_raises_an_error_that_names_both(Uninitialized, operation):
    with pytest.raises(
        ValueError, match=rf"parameter in <.*{operation}.*`torch.nn.parameter.{Uninitialized.__name__}`"
    ):
        REFUSED[operation](Uninitialized())


@claim("META-50", source="torch.nn.parameter.UninitializedBuffer")
@pytest.mark.parametrize("dtype", ["half", "float", "double", "char", "short", "int", "long"])
def test_an_uninitialized_buffer_may_be_converted_and_stays_uninitialized(dtype):
    buffer = getattr(UninitializedBuffer(dtype=torch.uint8), dtype)()
    assert type(buffer) is UninitializedBuffer
    assert buffer.dtype is getattr(torch.ones(1), dtype)().dtype


@claim("META-51", source="torch.nn.parameter.UninitializedBuffer")
def test_an_uninitialized_tensor_may_be_moved_copied_into_and_asked_for_what_it_has():
    buffer = UninitializedBuffer(dtype=torch.float64)
    assert type(buffer.to("meta")) is type(buffer.cpu()) is UninitializedBuffer
    assert buffer.copy_(torch.ones(0)) is buffer
    assert (buffer.dtype, buffer.device.type, buffer.grad) == (torch.float64, "cpu", None)
    assert (buffer.is_floating_point(), buffer.get_device(), buffer.size()) == (True, -1, (0,))
    assert {buffer: "hashed"}[buffer] == "hashed"
    assert torch._has_compatible_shallow_copy_type(buffer, UninitializedBuffer())


@claim("META-59", source="torch.nn.parameter.UninitializedBuffer")
def test_what_may_be_done_to_an_uninitialized_tensor_takes_keywords_too():
    buffer = UninitializedBuffer()
    assert (buffer.to(dtype=torch.float64).dtype, buffer.to(device="meta").device.type) == (torch.float64, "meta")
    assert buffer.to("cpu", copy=True) is not buffer.to("cpu", copy=False)
    assert buffer.to("cpu", copy=False) is buffer
    assert buffer.size(dim=0) == 0


@claim("META-52", source="torch.nn.parameter.UninitializedBuffer", since="2.3")
def test_an_uninitialized_tensor_may_be_asked_whether_it_is_complex():
    assert UninitializedBuffer(dtype=torch.complex64).is_complex()
    assert not UninitializedBuffer().is_complex()


@claim("META-53", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("requires_grad", [True, False])
def test_the_deepcopy_of_an_uninitialized_parameter_keeps_flag_device_and_dtype(requires_grad, device):
    parameter = UninitializedParameter(requires_grad, device, torch.float64)
    copied, again = copy.deepcopy([parameter, parameter])
    assert copied is again is not parameter
    assert type(copied) is UninitializedParameter
    assert (copied.requires_grad, copied.dtype) == (requires_grad, torch.float64)
    assert copied.device.type == torch.device(device).type
    memo = {}
    assert parameter.__deepcopy__(memo) is parameter.__deepcopy__(memo) is memo[id(parameter)]


@claim("META-54", source="torch.nn.parameter.UninitializedBuffer")
def test_an_uninitialized_buffer_cannot_be_deepcopied():
    with pytest.raises(ValueError, match=r"Attempted to use an uninitialized parameter in .*__deepcopy__"):
        copy.deepcopy(nn.LazyBatchNorm1d(affine=False))


@claim("META-55", source="torch.nn.parameter.UninitializedParameter")
@pytest.mark.parametrize("Uninitialized", BOTH)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_pickle_of_what_is_uninitialized_keeps_requires_grad_and_loses_the_dtype(Uninitialized, requires_grad):
    copied = pickle.loads(pickle.dumps(Uninitialized(requires_grad, dtype=torch.float64)))
    assert type(copied) is Uninitialized
    assert copied.requires_grad is requires_grad
    assert copied.dtype is torch.float32


@claim("META-56", source="torch.nn.parameter.is_lazy")
def test_is_lazy_tells_what_is_uninitialized_from_all_else():
    values = [UninitializedParameter(), UninitializedBuffer(), nn.Parameter(torch.ones(1)), torch.ones(1), None]
    assert [nn.parameter.is_lazy(value) for value in values] == [True, True, False, False, False]


@claim("META-57", source="torch.nn.parameter.UninitializedBuffer", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_an_assigned_uninitialized_buffer_is_registered_as_persistent_as_it_says(persistent):
    model = nn.Module()
    model.x = buffer = UninitializedBuffer(persistent=persistent)
    buffer.materialize((3,))
    assert isinstance(buffer, nn.Buffer)
    assert dict(model.named_buffers())["x"] is buffer
    assert list(model.state_dict()) == ["x"] * persistent


@claim("META-58", source="torch.nn.parameter.UninitializedBuffer", since="2.5")
def test_an_uninitialized_buffer_is_persistent_by_default():
    assert UninitializedBuffer().persistent is True
