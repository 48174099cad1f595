"""What is state, and under which name, once a value is computed from others: parametrizations, norms and pruning."""

import copy
import pickle
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from ..vocabulary import claim


class Doubled(nn.Module):
    def forward(self, x):
        return x * 2

    def right_inverse(self, x):
        return x / 2


class OneWay(nn.Module):
    def forward(self, x):
        return x * 2


def linear(device="cpu"):
    model = nn.Linear(2, 3).to(device)
    nn.init.ones_(model.weight)
    return model


def keys(module):
    return list(module.state_dict())


@claim("UTIL-02", source="torch.nn.utils.parametrize.register_parametrization")
def test_a_parametrized_parameter_is_stored_as_its_original_and_computed_at_each_access(real_device):
    """`register_parametrization(model, "weight", parametrization)`, where `parametrization` has no `right_inverse`,
    keeps the parameter itself, trained and saved as `parametrizations.weight.original`; `model.weight` is a tensor
    computed from it at each access.
    """
    model = linear(real_device)
    weight = model.weight
    assert parametrize.register_parametrization(model, "weight", OneWay()) is model
    assert model.parametrizations.weight.original is weight
    assert [name for name, _ in model.named_parameters()] == ["bias", "parametrizations.weight.original"]
    assert keys(model) == ["bias", "parametrizations.weight.original"]
    assert type(model.weight) is torch.Tensor
    assert model.weight is not model.weight
    assert model.weight.tolist() == [[2, 2]] * 3
    assert "weight" not in vars(model)
    model.weight.sum().backward()
    assert weight.grad.tolist() == [[2, 2]] * 3


@claim("UTIL-03", source="torch.nn.utils.parametrize.register_parametrization")
def test_the_original_of_a_parametrized_buffer_is_a_buffer(real_device):
    """After `register_parametrization` on a buffer `b`, the buffer itself is `parametrizations.b.original` in
    `named_buffers()` and `state_dict()`, and `model.b` is computed from it.
    """
    model = nn.Module()
    model.register_buffer("b", torch.ones(3, device=real_device))
    buffer = model.b
    parametrize.register_parametrization(model, "b", OneWay())
    assert list(model.named_buffers()) == [("parametrizations.b.original", buffer)]
    assert list(model.parameters()) == []
    assert keys(model) == ["parametrizations.b.original"]
    assert model.b.tolist() == [2, 2, 2]


@claim("UTIL-16", source="torch.nn.utils.parametrize.register_parametrization")
@pytest.mark.parametrize("persistent", [True, False])
def test_the_original_of_a_parametrized_buffer_is_persistent_whatever_the_buffer_was(persistent):
    """`register_parametrization` on a non-persistent buffer makes it persistent: it is in the `state_dict()` as
    `parametrizations.b.original`.
    """
    model = nn.Module()
    model.register_buffer("b", torch.ones(3), persistent=persistent)
    parametrize.register_parametrization(model, "b", OneWay())
    assert keys(model) == ["parametrizations.b.original"]


@claim("UTIL-17", source="torch.nn.utils.parametrize.register_parametrization")
def test_assigning_to_a_parametrized_name_sets_the_original_where_there_is_a_right_inverse():
    """Assigning to a parametrized parameter keeps the object of the original parameter and gives it the values that
    `right_inverse` returns; where the parametrization defines no `right_inverse`, assigning raises `RuntimeError`.
    """
    model = parametrize.register_parametrization(linear(), "weight", Doubled())
    original = model.parametrizations.weight.original
    assert original.tolist() == [[0.5, 0.5]] * 3
    model.weight = torch.full((3, 2), 6.0)
    assert model.parametrizations.weight.original is original
    assert original.tolist() == [[3, 3]] * 3
    assert model.weight.tolist() == [[6, 6]] * 3
    one_way = parametrize.register_parametrization(linear(), "weight", OneWay())
    with pytest.raises(RuntimeError, match="does not implement right_inverse"):
        one_way.weight = torch.ones(3, 2)


@claim("UTIL-18", source="torch.nn.utils.parametrize.register_parametrization")
@pytest.mark.parametrize("name", ["missing", "plain"])
def test_parametrizing_a_plain_tensor_or_a_missing_name_raises(name):
    """`register_parametrization` raises `ValueError` for the name of a plain tensor and for one that the module lacks,
    and leaves the module unchanged.
    """
    model = linear()
    model.plain = torch.ones(3)
    with pytest.raises(ValueError, match=f"does not have a parameter, a buffer, or a parametrized element.*'{name}'"):
        parametrize.register_parametrization(model, name, OneWay())
    assert keys(model) == ["weight", "bias"]
    assert type(model) is nn.Linear


@claim("UTIL-45", source="torch.nn.utils.parametrize.register_parametrization")
@pytest.mark.parametrize(("change", "changed"), [(torch.flatten, "shape"), (torch.Tensor.double, "dtype")])
def test_a_parametrization_that_changes_shape_or_dtype_raises_unless_it_is_registered_as_unsafe(change, changed):
    """Registering a parametrization that changes the shape or dtype raises `ValueError` and leaves the module
    unchanged; with `unsafe=True` it is registered.
    """
    model, parametrization = linear(), nn.Module()
    weight, parametrization.forward = model.weight, change
    with pytest.raises(ValueError, match=f"may not change the {changed} of the tensor, unless .*`unsafe` flag"):
        parametrize.register_parametrization(model, "weight", parametrization)
    assert model.weight is weight
    assert keys(model) == ["weight", "bias"]
    parametrize.register_parametrization(model, "weight", parametrization, unsafe=True)
    assert getattr(model.weight, changed) == getattr(change(weight), changed)
    assert model.parametrizations.weight.original is weight


@claim("UTIL-19", source="torch.nn.utils.parametrize.remove_parametrizations")
@pytest.mark.parametrize("leave", [True, False])
def test_removing_a_parametrization_gives_the_parameter_back_with_its_computed_or_its_original_value(leave):
    """Where the parametrization has one original, after `remove_parametrizations(model, "weight")` the parameter that
    was the original is `weight` again, with the computed value, or, with `leave_parametrized=False`, with the value of
    the original.
    """
    model = parametrize.register_parametrization(linear(), "weight", OneWay())
    original = model.parametrizations.weight.original
    assert parametrize.remove_parametrizations(model, "weight", leave_parametrized=leave) is model
    assert model.weight is dict(model.named_parameters())["weight"] is original
    assert model.weight.tolist() == [[2 if leave else 1] * 2] * 3
    assert keys(model) == ["bias", "weight"]
    assert type(model) is nn.Linear


@claim("UTIL-20", source="torch.nn.utils.parametrize.register_parametrization")
def test_a_parametrized_module_is_loaded_by_the_name_of_the_original_and_copied_but_not_pickled():
    """A parametrized module can be deep-copied, but pickling it raises `RuntimeError`, as does a strict load of a
    checkpoint with `weight` instead of `parametrizations.weight.original`.
    """
    model = parametrize.register_parametrization(linear(), "weight", OneWay())
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "weight"'):
        model.load_state_dict(linear().state_dict())
    copied = copy.deepcopy(model)
    copied.parametrizations.weight.original.data.zero_()
    assert model.weight.tolist() == [[2, 2]] * 3
    assert model.load_state_dict(copied.state_dict()) == ([], [])
    assert model.weight.tolist() == [[0, 0]] * 3
    with pytest.raises(RuntimeError, match=r"only supported through state_dict\(\)"):
        pickle.dumps(model)


@claim("UTIL-21", source="torch.nn.utils.parametrize.cached")
def test_a_parametrized_value_is_computed_once_within_cached():
    """Within `parametrize.cached()`, a parametrized parameter is computed at its first access and the same tensor is
    returned at the next; outside, it is computed anew.
    """
    model = parametrize.register_parametrization(linear(), "weight", OneWay())
    with parametrize.cached():
        first = model.weight
        assert model.weight is first
    assert model.weight is not first


@claim("UTIL-04", source="torch.nn.utils.weight_norm")
def test_the_old_weight_norm_makes_the_weight_a_plain_attribute_that_each_forward_computes(real_device):
    """`nn.utils.weight_norm` (deprecated) registers the parameters `weight_g` and `weight_v`; `weight` becomes a plain
    tensor that each forward computes anew, until `remove_weight_norm` makes it a parameter again.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = nn.utils.weight_norm(linear(real_device))
    assert [name for name, _ in model.named_parameters()] == ["bias", "weight_g", "weight_v"]
    assert keys(model) == ["bias", "weight_g", "weight_v"]
    assert type(vars(model)["weight"]) is torch.Tensor
    model.weight_g.data.zero_()
    assert model.weight.abs().sum().item() > 0
    model(torch.ones(1, 2, device=real_device))
    assert model.weight.tolist() == [[0, 0]] * 3
    nn.utils.remove_weight_norm(model)
    assert keys(model) == ["bias", "weight"]
    assert type(model.weight) is nn.Parameter
    assert list(model._forward_pre_hooks) == []


@claim("UTIL-22", source="torch.nn.utils.parametrizations.weight_norm", since="2.1")
def test_the_new_weight_norm_is_a_parametrization_of_two_originals_that_loads_the_keys_of_the_old(real_device):
    """`nn.utils.parametrizations.weight_norm` keeps the two parameters `parametrizations.weight.original0` and
    `original1`, and loads the keys `weight_g` and `weight_v` of the older `nn.utils.weight_norm` too.
    """
    model = parametrizations.weight_norm(linear(real_device))
    names = ["bias", "parametrizations.weight.original0", "parametrizations.weight.original1"]
    assert keys(model) == [name for name, _ in model.named_parameters()] == names
    old = {"bias": torch.zeros(3), "weight_g": torch.full((3, 1), 2.0), "weight_v": torch.tensor([[0.0, 5.0]] * 3)}
    assert model.load_state_dict(old) == ([], [])
    assert model.weight.tolist() == [[0, 2]] * 3
    assert list(old) == ["bias", "weight_g", "weight_v"]


@claim("UTIL-23", source="torch.nn.utils.spectral_norm")
def test_the_old_spectral_norm_keeps_the_original_as_a_parameter_and_its_vectors_as_buffers(real_device):
    """`nn.utils.spectral_norm` keeps the parameter `weight_orig` and the persistent buffers `weight_u` and `weight_v`,
    which stay unchanged in eval mode; `weight` becomes a plain tensor.
    """
    model = nn.utils.spectral_norm(linear(real_device))
    assert [name for name, _ in model.named_parameters()] == ["bias", "weight_orig"]
    assert [name for name, _ in model.named_buffers()] == ["weight_u", "weight_v"]
    assert keys(model) == ["bias", "weight_orig", "weight_u", "weight_v"]
    assert model.state_dict()._metadata[""]["spectral_norm"] == {"weight.version": 1}
    assert "weight" in vars(model)
    vectors = [model.weight_u.tolist(), model.weight_v.tolist()]
    model.eval()(torch.ones(1, 2, device=real_device))
    assert [model.weight_u.tolist(), model.weight_v.tolist()] == vectors
    nn.utils.remove_spectral_norm(model)
    assert keys(model) == ["bias", "weight"]


@claim("UTIL-24", source="torch.nn.utils.parametrizations.spectral_norm")
def test_the_new_spectral_norm_keeps_its_vectors_as_buffers_of_the_parametrization():
    """`nn.utils.parametrizations.spectral_norm` of a `weight` of two or more dimensions keeps the parameter
    `parametrizations.weight.original` and two persistent buffers, `"parametrizations.weight.0._u"` and
    `"parametrizations.weight.0._v"`.
    """
    model = parametrizations.spectral_norm(linear())
    assert [name for name, _ in model.named_parameters()] == ["bias", "parametrizations.weight.original"]
    assert [name for name, _ in model.named_buffers()] == [
        "parametrizations.weight.0._u",
        "parametrizations.weight.0._v",
    ]
    assert len(keys(model)) == 4


@claim("UTIL-05", source="torch.nn.utils.prune.custom_from_mask")
def test_pruning_keeps_the_mask_as_a_buffer_the_original_as_the_parameter_and_the_product_as_a_plain_attribute(
    real_device,
):
    """`prune.custom_from_mask(model, "weight", mask)` keeps the parameter as `weight_orig` and the mask as the
    persistent buffer `weight_mask`; `weight` becomes a plain tensor, their product, computed at each forward.
    """
    model = linear(real_device)
    weight, mask = model.weight, torch.tensor([[1.0, 0.0]] * 3, device=real_device)
    assert prune.custom_from_mask(model, "weight", mask) is model
    assert list(model.named_parameters()) == [("bias", model.bias), ("weight_orig", weight)]
    assert [(name, buffer.tolist()) for name, buffer in model.named_buffers()] == [("weight_mask", mask.tolist())]
    assert keys(model) == ["bias", "weight_orig", "weight_mask"]
    assert vars(model)["weight"].tolist() == [[1, 0]] * 3
    weight.data.fill_(5)
    model(torch.ones(1, 2, device=real_device))
    assert model.weight.tolist() == [[5, 0]] * 3


@claim("UTIL-25", source="torch.nn.utils.prune.remove")
def test_removing_a_pruning_leaves_a_parameter_with_zeros_in_it():
    """After `prune.remove(model, "weight")`, `weight` is the parameter that was `weight_orig`, with zeros where the
    mask pruned it, and the mask is gone.
    """
    model = linear()
    prune.custom_from_mask(model, "weight", torch.tensor([[1.0, 0.0]] * 3))
    original = model.weight_orig
    prune.remove(model, "weight")
    assert model.weight is original
    assert model.weight.tolist() == [[1, 0]] * 3
    assert keys(model) == ["bias", "weight"]
    assert list(model.buffers()) == []
    assert prune.is_pruned(model) is False
