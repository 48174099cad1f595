"""Faults in what recurrent and embedding layers do with their parameters."""

import torch
from torch import nn
from torch.nn import functional

from .. import fault


@fault("IDIOM-46", breaks="torch.nn.RNNBase.__init__")
def a_recurrent_layer_keeps_its_state_in_a_buffer(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    self.register_buffer("hidden", torch.zeros(self.hidden_size))


@fault("IDIOM-47")
def a_recurrent_layer_computes_with_the_weight_that_was_replaced(patch):
    """A recurrent layer computes with its old weight after another was assigned to the name."""
    patch.setattr(nn.RNNBase, "__setattr__", nn.Module.__setattr__)
    patch.setattr(nn.RNNBase, "_weights_have_changed", lambda self: False, raising=False)


@fault("IDIOM-48", breaks="torch.nn.RNNBase.__setstate__")
def a_copy_of_a_recurrent_layer_computes_with_other_weights(original, self, state):
    original(self, state)
    vars(self)["_flat_weights"] = [weight.detach().clone() for weight in self.parameters()]


@fault("IDIOM-49", breaks="torch.nn.functional.embedding")
def the_padding_row_gets_a_gradient(original, x, weight, padding_idx=None, *args):
    """The row `padding_idx` of an `nn.Embedding` gets a gradient."""
    return original(x, weight, None, *args)


@fault("IDIOM-50", breaks="torch.nn.Embedding._load_from_state_dict")
def loading_leaves_the_padding_row_zero(original, self, *args):
    """`load_state_dict()` leaves the row `padding_idx` of an `nn.Embedding` zero."""
    nn.Module._load_from_state_dict(self, *args)
    self._fill_padding_idx_with_zero()


@fault("IDIOM-51", breaks="torch.nn.Embedding.from_pretrained")
def a_pretrained_embedding_is_trainable_by_default(original, cls, embeddings, freeze=False, *args, **kwargs):
    return original(cls, embeddings, freeze, *args, **kwargs)


@fault("IDIOM-52", breaks="torch.nn.Embedding.from_pretrained")
def a_pretrained_embedding_copies_what_it_is_given(original, cls, embeddings, *args, **kwargs):
    """`nn.Embedding.from_pretrained(table)` copies the table."""
    return original(cls, embeddings.clone(), *args, **kwargs)


@fault("IDIOM-53", breaks="torch.nn.Embedding.forward")
def an_embedding_keeps_to_its_maximal_norm_in_train_mode_only(original, self, x):
    """An `nn.Embedding` rescales rows to `max_norm` in training mode only."""
    return original(self, x) if self.training else functional.embedding(x, self.weight)
