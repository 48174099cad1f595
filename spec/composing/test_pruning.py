"""What pruning chooses to prune, and what becomes of state that is pruned again or all together."""

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from ..vocabulary import claim


def linear():
    """A linear layer whose weight counts from 1 to 12, in four rows."""
    model = nn.Linear(3, 4)
    model.weight.data = torch.arange(1.0, 13.0).reshape(4, 3)
    return model


METHODS = {
    "random_unstructured": lambda model: prune.random_unstructured(model, "weight", amount=6),
    "l1_unstructured": lambda model: prune.l1_unstructured(model, "weight", amount=6),
    "random_structured": lambda model: prune.random_structured(model, "weight", amount=2, dim=0),
    "ln_structured": lambda model: prune.ln_structured(model, "weight", amount=2, n=2, dim=0),
}


@claim("UTIL-89", source="torch.nn.utils.prune.identity")
def test_pruning_by_identity_makes_a_mask_of_ones():
    """`prune.identity(model, "weight")` changes the module in place and returns it: the parameter is `weight_orig`,
    the buffer `weight_mask` is all ones, and `weight` has the same values as before.
    """
    model = linear()
    weight = model.weight
    assert prune.identity(model, "weight") is model
    assert list(model.named_parameters()) == [("bias", model.bias), ("weight_orig", weight)]
    assert [(name, mask.tolist()) for name, mask in model.named_buffers()] == [("weight_mask", [[1] * 3] * 4)]
    assert vars(model)["weight"].tolist() == weight.tolist()


@claim("UTIL-90", source="torch.nn.utils.prune.random_unstructured")
@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_pruning_leaves_the_parameter_and_masks_as_many_elements_as_asked(method):
    """`prune.random_unstructured`, `l1_unstructured`, `random_structured` and `ln_structured` return the module, whose
    parameter is now `weight_orig`, unchanged, and whose `weight_mask` has zeros for as many elements, or slices if
    structured, as `amount` asks for.
    """
    model = linear()
    weight, values = model.weight, model.weight.tolist()
    assert METHODS[method](model) is model
    assert model.weight_orig is weight
    assert weight.tolist() == values
    assert list(model.state_dict()) == ["bias", "weight_orig", "weight_mask"]
    assert (model.weight_mask == 0).sum().item() == 6
    assert torch.equal(model.weight, weight * model.weight_mask)


@claim("UTIL-91", source="torch.nn.utils.prune.l1_unstructured")
def test_pruning_by_the_L1_norm_masks_the_smallest_elements_that_are_left():
    """`prune.l1_unstructured` masks the elements with the smallest absolute values; a second call masks the smallest of
    the elements that the first call left.
    """
    model = linear()
    model.weight.data[3] = torch.tensor([-20.0, 20.0, -0.5])
    prune.l1_unstructured(model, "weight", amount=3)
    assert model.weight_mask.tolist() == [[0, 0, 1], [1, 1, 1], [1, 1, 1], [1, 1, 0]]
    prune.l1_unstructured(model, "weight", amount=3)
    assert model.weight_mask.tolist() == [[0, 0, 0], [0, 0, 1], [1, 1, 1], [1, 1, 0]]


@claim("UTIL-92", source="torch.nn.utils.prune.random_unstructured")
def test_pruning_at_random_a_second_time_masks_elements_that_are_left():
    """`prune.random_unstructured` masks elements at random; a second call masks further elements, chosen from those
    that the first call left.
    """
    model = linear()
    prune.random_unstructured(model, "weight", amount=6)
    first = model.weight_mask.clone()
    prune.random_unstructured(model, "weight", amount=6)
    assert first.sum().item() == 6
    assert model.weight_mask.sum().item() == 0
    torch.manual_seed(0)
    seen = {tuple(prune.random_unstructured(linear(), "weight", 6).weight_mask.flatten().tolist()) for _ in range(9)}
    assert len(seen) > 1


@claim("UTIL-93", source="torch.nn.utils.prune.ln_structured")
@pytest.mark.parametrize(("n", "row"), [(1, 0), (float("inf"), 1)], ids=str)
def test_structured_pruning_by_a_norm_masks_the_rows_with_the_smallest_norm(n, row):
    """`prune.ln_structured(model, "weight", amount, n, dim)` masks whole slices along `dim`, those with the smallest
    `n`-norm.
    """
    model = nn.Linear(3, 2)
    model.weight.data = torch.tensor([[0.0, 0.0, 5.0], [2.0, 2.0, 2.0]])
    prune.ln_structured(model, "weight", amount=1, n=n, dim=0)
    assert model.weight_mask.sum(1).tolist() == [0 if row == 0 else 3, 0 if row == 1 else 3]


@claim("UTIL-94", source="torch.nn.utils.prune.random_structured")
@pytest.mark.parametrize("dim", [0, 1])
def test_structured_pruning_at_random_masks_whole_rows_or_columns(dim):
    """`prune.random_structured(model, "weight", amount, dim)` masks whole slices along `dim`, chosen at random."""
    torch.manual_seed(0)
    seen = set()
    for _ in range(9):
        model = prune.random_structured(linear(), "weight", amount=1, dim=dim)
        slices = model.weight_mask.movedim(dim, 0).flatten(1)
        assert sorted(each.sum().item() for each in slices) == [0] + [slices.shape[1]] * (len(slices) - 1)
        seen.add(tuple(slices[:, 0].tolist()))
    assert len(seen) > 1


@claim("UTIL-95", source="torch.nn.utils.prune.PruningContainer")
def test_pruning_a_pruned_parameter_again_keeps_one_original_and_multiplies_the_masks():
    """Pruning a pruned parameter again keeps one parameter `weight_orig` and one buffer `weight_mask`, which is rebound
    to the product of both masks. One `PruningContainer` holds both methods, in their order.
    """
    model = linear()
    weight = model.weight
    prune.custom_from_mask(model, "weight", torch.tensor([[1.0, 1.0, 0.0]] * 4))
    first = model.weight_mask
    prune.l1_unstructured(model, "weight", amount=2)
    assert list(model.state_dict()) == ["bias", "weight_orig", "weight_mask"]
    assert model.weight_orig is weight
    assert model.weight_mask is not first
    assert model.weight_mask.tolist() == [[0, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 0]]
    (container,) = model._forward_pre_hooks.values()
    assert type(container) is prune.PruningContainer
    assert [type(method).__name__ for method in container] == ["CustomFromMask", "L1Unstructured"]


@claim("UTIL-96", source="torch.nn.utils.prune.remove")
def test_removing_several_prunings_leaves_the_zeros_of_all():
    """After several prunings of one parameter, `prune.remove(model, "weight")` leaves one parameter `weight` with the
    zeros of all of them.
    """
    model = linear()
    prune.custom_from_mask(model, "weight", torch.tensor([[1.0, 1.0, 0.0]] * 4))
    prune.custom_from_mask(model, "weight", torch.tensor([[0.0, 1.0, 1.0]] * 4))
    prune.remove(model, "weight")
    assert list(model.state_dict()) == ["bias", "weight"]
    assert model.weight.tolist() == [[0, 2, 0], [0, 5, 0], [0, 8, 0], [0, 11, 0]]


@claim("UTIL-97", source="torch.nn.utils.prune.global_unstructured")
def test_global_pruning_prunes_the_parameters_of_several_modules_together_in_place():
    """`prune.global_unstructured(parameters, pruning_method, amount)` prunes the parameters of several modules in place
    as if they were one tensor, each with an original and a mask of its own, and returns None.
    """
    small, large = linear(), linear()
    large.weight.data += 100
    pairs = [(small, "weight"), (large, "weight")]
    assert prune.global_unstructured(pairs, pruning_method=prune.L1Unstructured, amount=0.5) is None
    assert list(small.state_dict()) == list(large.state_dict()) == ["bias", "weight_orig", "weight_mask"]
    assert small.weight_mask.tolist() == [[0, 0, 0]] * 4
    assert large.weight_mask.tolist() == [[1, 1, 1]] * 4
    assert (small.weight == 0).all()


@claim("UTIL-98", source="torch.nn.utils.prune.global_unstructured")
def test_global_pruning_by_a_structured_method_raises():
    """`prune.global_unstructured` raises `TypeError` for a method that prunes whole slices, and prunes nothing."""
    model = linear()
    with pytest.raises(TypeError, match='Only "unstructured" PRUNING_TYPE supported'):
        prune.global_unstructured([(model, "weight")], pruning_method=prune.LnStructured, amount=1, n=2, dim=0)
    assert list(model.state_dict()) == ["weight", "bias"]


@claim("UTIL-99", source="torch.nn.utils.prune.is_pruned")
def test_a_module_is_pruned_where_it_or_a_submodule_has_a_hook_that_prunes():
    """`prune.is_pruned(module)` is True if the module or a submodule was pruned and the pruning was not made permanent
    by `prune.remove`, and False otherwise, whatever other forward pre-hooks it has.
    """
    model = nn.Sequential(nn.Sequential(linear()), linear())
    model[1].register_forward_pre_hook(lambda module, args: None)
    assert prune.is_pruned(model) is False
    prune.identity(model[0][0], "weight")
    assert prune.is_pruned(model[0][0]) is prune.is_pruned(model[0]) is prune.is_pruned(model) is True
    assert prune.is_pruned(model[1]) is False


@claim("UTIL-106", source="torch.nn.utils.prune.ln_structured")
@pytest.mark.parametrize("method", ["random_structured", "ln_structured"])
def test_structured_pruning_a_second_time_masks_rows_that_are_left(method):
    """A second `prune.random_structured` or `prune.ln_structured` masks further whole slices, chosen from those that
    the first call left.
    """
    model = linear()
    for masked in (2, 4):
        METHODS[method](model)
        assert (model.weight_mask.sum(1) == 0).sum().item() == masked
