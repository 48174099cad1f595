"""What ``torch.func.functional_call`` accepts as names, tensors and modules."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from ..vocabulary import claim


class Echo(nn.Module):
    def forward(self, *args, **kwargs):
        return args, kwargs


class Positive(nn.Module):
    """A parametrization whose inverse doesn't give back what was there."""

    def forward(self, x):
        return x.abs()

    def right_inverse(self, x):
        return x


@claim("UTIL-46", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_with_None_for_a_parameter_runs_without_it():
    """`torch.func.functional_call(model, {"bias": None}, args)` runs with None as the parameter `bias`, and the module
    has its own parameter again afterwards.
    """
    model = nn.Linear(2, 1)
    own, x = model.bias, torch.zeros(1, 2)
    nn.init.constant_(own, 7)
    assert torch.func.functional_call(model, {"bias": None}, (x,)).tolist() == [[0]]
    assert model.bias is own
    assert model(x).tolist() == [[7]]


@claim("UTIL-47", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_with_a_value_that_is_not_a_tensor_raises_and_puts_the_others_back():
    """`torch.func.functional_call` raises `TypeError` for a value that is neither a tensor nor None; afterwards the
    module has all its own parameters again, even those already replaced before the error.
    """
    model = nn.Linear(2, 1)
    weight, bias = model.weight, model.bias
    with pytest.raises(TypeError, match=r"3 is not an instance of torch\.Tensor"):
        torch.func.functional_call(model, {"weight": torch.zeros(1, 2), "bias": 3}, (torch.ones(1, 2),))
    assert model.weight is weight
    assert model.bias is bias


@claim("UTIL-48", source="torch.func.functional_call", since="2.0")
@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("missing.weight", AttributeError, "has no attribute `missing`"),
        ("0.missing.weight", AttributeError, "Linear has no attribute `missing`"),
        ("0.weight.x", TypeError, "is not an instance of torch.nn.Module"),
        ("training.x", TypeError, "submodule `training`: True is not an instance of torch.nn.Module"),
        ("", KeyError, "empty string"),
        ("0.", KeyError, "empty string"),
    ],
)
def test_a_functional_call_raises_for_a_name_that_leads_through_no_submodule(name, error, words):
    """`torch.func.functional_call` raises `AttributeError` for a dotted name whose submodule is missing, `TypeError`
    for one that leads through a parameter or value, and `KeyError` for an empty one.
    """
    model = nn.Sequential(nn.Linear(2, 1))
    weight = model[0].weight
    with pytest.raises(error, match=words):
        torch.func.functional_call(model, {"0.weight": torch.zeros(1, 2), name: torch.ones(1)}, (torch.ones(1, 2),))
    assert model[0].weight is weight


@claim("UTIL-49", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_takes_a_single_argument_without_a_tuple():
    """`torch.func.functional_call(module, {}, args, kwargs)` calls the module with the elements of `args` where `args`
    is a tuple, and with `args` itself where it is another value than None, also a list.
    """
    assert torch.func.functional_call(Echo(), {}, 5) == ((5,), {})
    assert torch.func.functional_call(Echo(), {}, [1, 2]) == (([1, 2],), {})
    assert torch.func.functional_call(Echo(), {}, (1, 2), {"key": 3}) == ((1, 2), {"key": 3})


@claim("UTIL-50", source="torch.func.functional_call", since="2.6")
def test_a_functional_call_without_arguments_calls_the_module_without_any():
    """`torch.func.functional_call(module, {})` calls the module without arguments; before torch 2.6, the arguments had
    to be given, and None counted as one.
    """
    assert torch.func.functional_call(Echo(), {}) == ((), {})
    assert torch.func.functional_call(Echo(), {}, None) == ((), {})


@claim("UTIL-51", source="torch.func.functional_call", since="2.1")
def test_a_functional_call_of_a_DataParallel_or_scripted_module_raises():
    """`torch.func.functional_call` raises `RuntimeError` for an `nn.DataParallel` and for a scripted module."""
    with pytest.raises(RuntimeError, match=r"can't be used with nn\.DataParallel module"):
        torch.func.functional_call(nn.DataParallel(nn.Linear(2, 1)), {}, (torch.ones(1, 2),))
    with pytest.raises(RuntimeError, match="can't be used with Jitted modules"):
        torch.func.functional_call(torch.jit.script(nn.Linear(2, 1)), {}, (torch.ones(1, 2),))


@claim("UTIL-52", source="torch.func.functional_call", since="2.0")
def test_a_functional_call_by_the_name_of_a_parametrized_parameter_writes_into_the_module():
    """`torch.func.functional_call` by the regular name of a parametrized parameter, such as `weight`, assigns through
    `right_inverse`: the original can stay changed afterwards, and `backward()` can raise `RuntimeError`.

    Pass `"parametrizations.weight.original"` instead.
    """
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, -1)
    parametrize.register_parametrization(model, "weight", Positive())
    original, x = model.parametrizations.weight.original, torch.ones(1, 1)
    original.data.fill_(-1)
    passed = torch.full((1, 1), 5.0, requires_grad=True)
    torch.func.functional_call(model, {"parametrizations.weight.original": passed}, (x,)).backward()
    assert (passed.grad.item(), original.item()) == (1, -1)
    result = torch.func.functional_call(model, {"weight": passed}, (x,))
    assert (result.item(), original.item()) == (5, 1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        result.backward()


@claim("UTIL-53", source="torch.nn.utils.stateless.functional_call", since="2.0")
def test_the_old_functional_call_warns_and_does_the_same():
    """`torch.nn.utils.stateless.functional_call` warns that it is deprecated and does, for a single dict, what
    `torch.func.functional_call` does.
    """
    model, passed = nn.Linear(2, 1), {"weight": torch.zeros(1, 2), "bias": torch.ones(1)}
    own = model.weight
    with pytest.warns(Warning, match="deprecated as of PyTorch 2.0"):
        result = torch.nn.utils.stateless.functional_call(model, passed, torch.ones(1, 2))
    assert result.tolist() == torch.func.functional_call(model, passed, torch.ones(1, 2)).tolist() == [[1]]
    assert model.weight is own
