"""What a checkpoint may hold as a value, and what becomes of one that can't be copied."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFER, PARAMETER, ToyModel, claim


class Uncopied(torch.Tensor):
    """A tensor that nothing can be copied from."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function is torch.Tensor.copy_:
            raise KeyError("not to be copied")
        return super().__torch_function__(function, types, args, kwargs or {})


class Sevens:
    """No tensor, but an object that copies as three sevens."""

    shape = torch.Size([3])
    is_meta = False

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return args[0].fill_(7)


@claim("LOAD-43", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
@pytest.mark.parametrize("value", [3, "a", None])
@pytest.mark.parametrize("strict", [True, False])
def test_a_value_that_is_no_tensor_raises_an_error_and_its_key_is_neither_missing_nor_unexpected(kind, value, strict):
    """A checkpoint value for a parameter or persistent buffer that is no tensor, such as a number or None, raises
    `RuntimeError` even with `strict=False`. The message names its key, which counts neither as missing nor as
    unexpected.
    """
    model = nn.Sequential(kind.on(nn.Module(), "x", torch.zeros(1)))
    tensor = model[0].x
    with pytest.raises(RuntimeError, match=r'"0.x", expected torch.Tensor or Tensor-like object .*received') as error:
        model.load_state_dict({"0.x": value}, strict=strict)
    assert str(type(value)) in str(error.value)
    assert "key(s)" not in str(error.value)
    assert model[0].x is tensor


@claim("LOAD-86", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("kind", [PARAMETER, BUFFER])
def test_an_object_with_torch_function_is_loaded_as_a_tensor(kind):
    """By default, an object that is no `torch.Tensor` but has `__torch_function__`, `shape` and `is_meta` loads into a
    parameter or buffer as a tensor does.
    """
    model = kind.on(nn.Module(), "x", torch.zeros(3))
    assert model.load_state_dict({"x": Sevens()}) == ([], [])
    assert model.x.tolist() == [7, 7, 7]


@claim("LOAD-85", source="torch.nn.Module.load_state_dict")
@pytest.mark.parametrize("strict", [True, False])
def test_an_error_while_a_tensor_is_copied_becomes_a_RuntimeError_after_the_rest_is_loaded(strict):
    """An error while a checkpoint tensor is copied, be it a `KeyError`, becomes a `RuntimeError` that names the key,
    after the rest is loaded, strict or not.
    """
    model = ToyModel(5, 10)
    checkpoint = {"linear.weight": torch.ones(10, 5).as_subclass(Uncopied), "linear.bias": torch.full((10,), 7.0)}
    with pytest.raises(RuntimeError, match=r'copying the parameter named "linear.weight".*not to be copied'):
        model.load_state_dict(checkpoint, strict=strict)
    assert model.linear.bias.tolist() == [7] * 10
