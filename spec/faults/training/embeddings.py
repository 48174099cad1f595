"""Faults in what training does to the table of an Embedding."""

import torch
from torch import nn

from .. import fault

EMBEDDING = "torch.nn.functional.embedding"


@fault("IDIOM-76", "IDIOM-77", breaks=EMBEDDING)
def no_gradient_of_an_embedding_is_sparse(original, x, weight, padding_idx=None, max_norm=None, *args):
    """`nn.Embedding` ignores `sparse=True`."""
    return original(x, weight, padding_idx, max_norm)


@fault("IDIOM-77", breaks="torch.nn.Module.zero_grad")
def a_gradient_that_is_not_set_to_None_is_another(original, self, set_to_none=True):
    """`zero_grad(set_to_none=False)` makes new gradients."""
    for parameter in self.parameters():
        parameter.grad = None if set_to_none else torch.zeros_like(parameter)


@fault("IDIOM-78", breaks=EMBEDDING)
def an_embedding_rescales_a_copy(original, x, weight, padding_idx=None, max_norm=None, *args):
    """With `max_norm=`, an `nn.Embedding` rescales a copy of its weight."""
    return original(x, weight.clone(), padding_idx, max_norm, *args)


@fault("IDIOM-79", breaks="torch.optim.SGD.step")
def weight_decay_leaves_rows_without_a_gradient(original, self, closure=None):
    """An optimizer leaves the rows of a parameter whose gradient is zero."""
    kept = [(p, p.detach().clone()) for group in self.param_groups for p in group["params"] if p.grad is not None]
    original(self, closure)
    for parameter, before in kept:
        still = parameter.grad == 0
        parameter.data[still] = before[still]


@fault("IDIOM-80", breaks="torch.nn.EmbeddingBag.from_pretrained")
def a_pretrained_EmbeddingBag_copies_its_table(original, cls, embeddings, *args, **options):
    return original(cls, nn.Parameter(embeddings.clone()), *args, **options)
