"""Kinds, models, conversions, strategies, sentences and the optimizers' stand-in."""

import pytest
import torch
from hypothesis import find
from torch import nn

from .. import vocabulary
from ..engine.cases import spell
from ..vocabulary import (
    BUFFERS,
    DECLARED,
    KINDS,
    MODELS,
    NN_BUFFER,
    NON_PERSISTENT_BUFFER,
    ToyModel,
    ToyModel2,
    ToyModel3,
    any_model,
    available,
    channels,
    shapes,
)
from ..vocabulary.claim import is_available, resolves, sentence
from ..vocabulary.devices import moves, present, real


def test_all_that_the_vocabulary_offers_is_there():
    assert all(hasattr(vocabulary, name) for name in vocabulary.__all__)


@pytest.mark.parametrize("kind", [*filter(is_available, KINDS)], ids=str)
def test_a_kind_puts_a_value_on_a_module_and_returns_the_module(kind):
    module = nn.Module()
    assert kind.on(module, "x", torch.ones(3)) is module
    assert torch.as_tensor(module.x).sum() == 3


def test_kinds_have_names_of_their_own():
    assert len({str(kind) for kind in KINDS}) == len(KINDS)


def test_the_toy_models_are_those_of_the_article():
    x = torch.randn(3, 5)
    one, two, three = ToyModel(5, 10), ToyModel2(5, 10), ToyModel3(5, 10)
    assert (one.linear.in_features, one.linear.out_features, one.a1, one.a2) == (5, 10, 1, 2)
    bound = (6 / 15) ** 0.5
    assert one.linear.weight.abs().max() <= bound
    assert one.linear.bias.eq(0).all()
    assert two.b1.shape == (10,)
    assert two.b1.std() > 0
    assert three.c1.tolist() == [1] * 10
    assert torch.equal(one(x), one.linear(x))
    assert torch.equal(two(x), two.linear(x) + two.b1)
    assert torch.equal(three(x), three.linear(x) + three.b1 + three.c1)


@pytest.mark.parametrize("Model", [*filter(is_available, MODELS)], ids=lambda Model: Model.__name__)
def test_every_model_takes_channels_and_computes(Model):
    assert Model(5, 10)(torch.randn(3, 5)).shape == (3, 10)
    assert Model.__doc__


def test_the_strategies_reach_their_ends():
    assert find(channels(), lambda drawn: drawn == (16, 16)) == (16, 16)
    assert find(shapes(), lambda shape: shape == ()) == ()
    assert find(shapes(), lambda shape: 0 in shape) == (0,)
    assert len(find(shapes(), lambda shape: len(shape) == 4)) == 4


def test_what_each_model_declares_is_told_of_every_model():
    assert DECLARED.keys() == {*MODELS}


def test_every_model_comes_first_at_the_sizes_of_the_article_and_with_every_shape():
    seen = []

    @any_model
    def test(Model, channels, shape):
        seen.append((Model, channels, shape))

    test()
    first, drawn = seen[: len(available(MODELS))], seen[len(available(MODELS)) :]
    assert [Model for Model, _, _ in first] == available(MODELS)
    assert {channels for _, channels, _ in first} == {(5, 10)}
    assert {shape for _, _, shape in first} == {(10,), (), (0,)}
    assert any(channels != (5, 10) for _, channels, _ in drawn)


def test_a_kind_gives_its_name_to_an_attribute():
    assert [kind.word for kind in BUFFERS] == ["buffer", "non_persistent_buffer", "nn_Buffer"]


def test_a_kind_is_available_from_its_release_on():
    assert is_available(NN_BUFFER) is hasattr(nn, "Buffer")


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("test_a_buffer_moves", "A buffer moves."),
        ("test_a_non_persistent_buffer_is_not_in_the_state_dict", "A non-persistent buffer is not in the state dict."),
        ("test_an_nn_Buffer_is_a_tensor", "An nn.Buffer is a tensor."),
    ],
)
def test_the_name_of_a_test_spells_a_sentence(name, spelled):
    assert sentence(name) == spelled


@pytest.mark.parametrize(
    ("value", "spelled"),
    [(torch.float16, "float16"), (ToyModel3, "ToyModel3"), (NON_PERSISTENT_BUFFER, "non-persistent buffer")],
)
def test_parameters_are_spelled_readably(value, spelled):
    assert spell(value) == spelled


def test_a_source_resolves_when_it_is_in_torch():
    assert resolves("torch.nn.Module.register_buffer")
    assert resolves("torch.nn.utils.parametrize.register_parametrization")
    assert not resolves("torch.nn.Module.register_bufer")
    assert not resolves("os.path.join")


def test_cpu_and_meta_are_always_there_and_meta_holds_no_values():
    assert present()[:2] == ("cpu", "meta")
    assert real(["cpu", "meta"]) == ("cpu",)
    assert [str(move) for move in moves(["cpu", "meta"])] == ["to(meta)"]
    assert [str(move) for move in moves(["cuda"])] == ["to(cuda)", "cuda.to(cpu)", "cuda.cpu()", "cuda()"]
