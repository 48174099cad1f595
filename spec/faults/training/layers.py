"""Faults in what recurrent and embedding layers do with their parameters."""

import torch
from torch import nn
from torch.nn import functional

from .. import fault

EMBEDDING = functional.embedding
FROM_PRETRAINED = nn.Embedding.from_pretrained


@fault("IDIOM-46")
def a_recurrent_layer_keeps_its_state_in_a_buffer(patch):
    init = nn.RNNBase.__init__

    def with_buffer(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self.register_buffer("hidden", torch.zeros(self.hidden_size))

    patch.setattr(nn.RNNBase, "__init__", with_buffer)


@fault("IDIOM-47")
def a_recurrent_layer_computes_with_the_weight_that_was_replaced(patch):
    patch.setattr(nn.RNNBase, "__setattr__", nn.Module.__setattr__)
    patch.setattr(nn.RNNBase, "_weights_have_changed", lambda self: False, raising=False)


@fault("IDIOM-48")
def a_copy_of_a_recurrent_layer_computes_with_other_weights(patch):
    setstate = nn.RNNBase.__setstate__

    def other_weights(self, state):
        setstate(self, state)
        vars(self)["_flat_weights"] = [weight.detach().clone() for weight in self.parameters()]

    patch.setattr(nn.RNNBase, "__setstate__", other_weights)


@fault("IDIOM-49")
def the_padding_row_gets_a_gradient(patch):
    def embedding(x, weight, padding_idx=None, *args):
        return EMBEDDING(x, weight, None, *args)

    patch.setattr(functional, "embedding", embedding)


@fault("IDIOM-50")
def loading_leaves_the_padding_row_zero(patch):
    load_from = nn.Module._load_from_state_dict

    def load(self, *args):
        load_from(self, *args)
        self._fill_padding_idx_with_zero()

    patch.setattr(nn.Embedding, "_load_from_state_dict", load)


@fault("IDIOM-51")
def a_pretrained_embedding_is_trainable_by_default(patch):
    def from_pretrained(cls, embeddings, freeze=False, *args, **kwargs):
        return FROM_PRETRAINED(embeddings, freeze, *args, **kwargs)

    patch.setattr(nn.Embedding, "from_pretrained", classmethod(from_pretrained))


@fault("IDIOM-52")
def a_pretrained_embedding_copies_what_it_is_given(patch):
    def from_pretrained(cls, embeddings, *args, **kwargs):
        return FROM_PRETRAINED(embeddings.clone(), *args, **kwargs)

    patch.setattr(nn.Embedding, "from_pretrained", classmethod(from_pretrained))


@fault("IDIOM-53")
def an_embedding_keeps_to_its_maximal_norm_in_train_mode_only(patch):
    forward = nn.Embedding.forward

    def as_it_is(self, x):
        return forward(self, x) if self.training else EMBEDDING(x, self.weight)

    patch.setattr(nn.Embedding, "forward", as_it_is)
