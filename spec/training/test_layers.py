"""What recurrent and embedding layers do with their parameters."""

import copy
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import claim

RNNS = ("RNN", "LSTM", "GRU")
ACTS = {
    "deepcopy": lambda model: copy.deepcopy(model),
    "double": lambda model: model.double(),
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
}


@claim("IDIOM-46", source="torch.nn.LSTM")
@pytest.mark.parametrize("rnn", RNNS)
def test_a_recurrent_layer_has_its_weights_as_parameters_and_no_buffer(rnn):
    """By default, `nn.RNN`, `nn.LSTM` and `nn.GRU` hold the weights and biases of each layer as four parameters, saved
    in `state_dict()`, and have no buffer.
    """
    model = getattr(nn, rnn)(2, 3, num_layers=2)
    names = [f"{name}_l{layer}" for layer in (0, 1) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    assert [name for name, _ in model.named_parameters()] == list(model.state_dict()) == names
    assert list(model.buffers()) == []


@claim("IDIOM-47", source="torch.nn.LSTM")
@pytest.mark.parametrize("rnn", RNNS)
def test_a_recurrent_layer_computes_with_the_parameters_that_are_assigned_to_it(rnn, real_device):
    """After a new `nn.Parameter` is assigned to each weight and bias of an `nn.RNN`, `nn.LSTM` or `nn.GRU`, its forward
    computes with the new ones.
    """
    model = getattr(nn, rnn)(2, 3).to(real_device)
    x = torch.ones(4, 1, 2, device=real_device)
    before = model(x)[0].detach()
    for name, parameter in list(model.named_parameters()):
        setattr(model, name, nn.Parameter(torch.zeros_like(parameter)))
    assert before.count_nonzero().item() == 12
    assert model(x)[0].tolist() == [[[0, 0, 0]]] * 4


@claim("IDIOM-48", source="torch.nn.LSTM")
@pytest.mark.parametrize("rnn", RNNS)
@pytest.mark.parametrize("act", ACTS)
def test_a_recurrent_layer_computes_with_its_own_weights_after_a_copy_or_conversion(rnn, act, real_device):
    """After `copy.deepcopy`, pickle or `.double()`, an `nn.RNN`, `nn.LSTM` or `nn.GRU` computes with its own current
    parameters: changing them in place changes its output.
    """
    model = ACTS[act](getattr(nn, rnn)(2, 3).to(real_device))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    x = torch.ones(4, 1, 2, dtype=model.weight_ih_l0.dtype, device=real_device)
    assert model(x)[0].tolist() == [[[0, 0, 0]]] * 4


@claim("IDIOM-49", source="torch.nn.Embedding")
def test_the_padding_row_of_an_embedding_is_zero_and_its_gradient_is_zero(real_device):
    """Unless it was made by `from_pretrained`, an `nn.Embedding` starts with zeros in the row `padding_idx` of its
    `weight`, and the gradient of that row is zero even if the input contains that index.
    """
    model = nn.Embedding(3, 2, padding_idx=1).to(real_device)
    model(torch.tensor([0, 1, 1, 2], device=real_device)).sum().backward()
    assert model.weight[1].tolist() == [0, 0]
    assert 0 not in model.weight[0].tolist()
    assert model.weight.grad.tolist() == [[1, 1], [0, 0], [1, 1]]


@claim("IDIOM-50", source="torch.nn.Embedding")
def test_a_checkpoint_may_fill_the_padding_row_of_an_embedding(real_device):
    """`load_state_dict()` fills the row `padding_idx` of an `nn.Embedding` with the checkpoint's values, even if they
    aren't zeros.
    """
    model = nn.Embedding(3, 2, padding_idx=1).to(real_device)
    model.load_state_dict({"weight": torch.ones(3, 2)})
    assert model.weight[1].tolist() == [1, 1]


@claim("IDIOM-51", source="torch.nn.Embedding.from_pretrained")
@pytest.mark.parametrize("Embedding", ["Embedding", "EmbeddingBag"])
def test_a_pretrained_embedding_is_a_frozen_parameter_by_default(Embedding, real_device):
    """`nn.Embedding.from_pretrained(table)` and `nn.EmbeddingBag.from_pretrained(table)` hold the table as a frozen
    parameter, which is in `state_dict()`; with `freeze=False` it is trainable.
    """
    table = torch.ones(3, 2, device=real_device)
    frozen = getattr(nn, Embedding).from_pretrained(table)
    trainable = getattr(nn, Embedding).from_pretrained(table, freeze=False)
    assert [(name, p.requires_grad) for name, p in frozen.named_parameters()] == [("weight", False)]
    assert [(name, p.requires_grad) for name, p in trainable.named_parameters()] == [("weight", True)]
    assert list(frozen.state_dict()) == ["weight"]


@claim("IDIOM-52", source="torch.nn.Embedding.from_pretrained")
def test_a_pretrained_embedding_shares_the_values_of_its_table_padding_row_included(real_device):
    """`nn.Embedding.from_pretrained(table, padding_idx=1)` shares the values of `table`: changing `table` in place
    changes the embedding, and the row `padding_idx` is not set to zeros.
    """
    table = torch.ones(3, 2, device=real_device)
    model = nn.Embedding.from_pretrained(table, padding_idx=1)
    assert model.weight.tolist() == [[1, 1]] * 3
    table.fill_(5)
    assert model.weight.tolist() == [[5, 5]] * 3


@claim("IDIOM-53", source="torch.nn.Embedding")
@pytest.mark.parametrize("mode", [True, False])
def test_an_embedding_with_a_maximal_norm_changes_its_parameter_in_forward(mode, real_device):
    """The forward of an `nn.Embedding` with `max_norm=` rescales in place the rows of its `weight` that it looks up and
    that are too long, in training and eval mode alike.
    """
    model = nn.Embedding(2, 4, max_norm=1.0).to(real_device).train(mode)
    weight = model.weight
    weight.detach().fill_(1)
    model(torch.tensor([0], device=real_device))
    assert model.weight is weight
    assert weight[0].tolist() == [pytest.approx(0.5, rel=1e-5)] * 4
    assert weight[1].tolist() == [1, 1, 1, 1]
