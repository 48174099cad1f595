"""What training does to the table of an Embedding: sparse gradients, weight decay, and rows that are rescaled."""

import pytest
import torch
from torch import nn
from torch.optim import SGD

from ..vocabulary import claim


@claim("IDIOM-76", source="torch.nn.Embedding")
@pytest.mark.parametrize("sparse", [True, False])
def test_the_gradient_of_a_sparse_embedding_is_a_sparse_tensor(sparse, real_device):
    """The gradient of the `weight` of an `nn.Embedding` is dense by default; with `sparse=True` it is a sparse tensor
    with the rows that were looked up, other than that of `padding_idx`.
    """
    model = nn.Embedding(3, 2, sparse=sparse).to(real_device)
    model(torch.tensor([1, 1], device=real_device)).sum().backward()
    assert model.weight.grad.is_sparse is sparse
    assert model.weight.grad.to_dense().tolist() == [[0, 0], [2, 2], [0, 0]]


@claim("IDIOM-77", source="torch.nn.Module.zero_grad")
def test_a_sparse_gradient_is_emptied_in_place_where_it_is_not_set_to_None(real_device):
    """`zero_grad(set_to_none=False)` keeps a sparse gradient the same object and empties it of its entries."""
    model = nn.Embedding(3, 2, sparse=True).to(real_device)
    model(torch.tensor([1], device=real_device)).sum().backward()
    gradient = model.weight.grad
    model.zero_grad(set_to_none=False)
    assert model.weight.grad is gradient
    assert gradient._nnz() == 0


@claim("IDIOM-78", source="torch.nn.Embedding")
def test_what_was_computed_from_the_table_before_a_forward_with_a_maximal_norm_has_no_gradient(real_device):
    """With `max_norm=`, a forward of an `nn.Embedding` is for autograd an in-place change of its `weight`: `backward()`
    through a product of `weight` and a tensor that requires grad, computed before, raises `RuntimeError`. Through one
    of a clone it does not.
    """
    model = nn.Embedding(3, 2, max_norm=1.0).to(real_device)
    nn.init.ones_(model.weight)
    factor = torch.ones(2, 2, device=real_device, requires_grad=True)
    of_a_clone, of_the_weight = model.weight.clone() @ factor, model.weight @ factor
    found = model(torch.tensor([1], device=real_device))
    (of_a_clone.sum() + found.sum()).backward()
    assert factor.grad.tolist() == [[3, 3], [3, 3]]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        of_the_weight.sum().backward()


@claim("IDIOM-79", source="torch.nn.Embedding")
def test_weight_decay_moves_the_padding_row_of_an_embedding(real_device):
    """In an `nn.Embedding` without `sparse=True`, the row `padding_idx` gets a gradient of zeros, not no gradient. An
    optimizer with `weight_decay=` therefore changes that row unless its values are zero.

    The documentation says that the row is not updated during training.
    """
    model = nn.Embedding(3, 2, padding_idx=1).to(real_device)
    nn.init.ones_(model.weight)
    optimizer = SGD(model.parameters(), lr=0.5, weight_decay=0.5)
    model(torch.tensor([0, 1], device=real_device)).sum().backward()
    optimizer.step()
    assert model.weight.grad[1].tolist() == [0, 0]
    assert model.weight[1].tolist() == [0.75, 0.75]


@claim("IDIOM-80", source="torch.nn.EmbeddingBag.from_pretrained")
def test_a_pretrained_EmbeddingBag_has_the_values_of_its_table(real_device):
    """`nn.EmbeddingBag.from_pretrained(table)` has the values of the table as its `weight`, and shares them."""
    table = torch.arange(6.0, device=real_device).reshape(3, 2)
    model = nn.EmbeddingBag.from_pretrained(table, mode="sum")
    assert model.weight.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert model(torch.tensor([[0, 2]], device=real_device)).tolist() == [[4, 6]]
    table.fill_(7)
    assert model.weight.tolist() == [[7, 7]] * 3
