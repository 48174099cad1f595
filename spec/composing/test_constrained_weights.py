"""The state of orthogonal and spectrally normalized weights: what is drawn, kept and changed, and when."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from ..vocabulary import claim

MAPS = ["matrix_exp", "cayley", "householder"]


def orthogonal_linear():
    """A linear layer whose weight turns by a quarter, and that weight."""
    model, weight = nn.Linear(2, 2), torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    model.weight.data = weight.clone()
    return model, weight


@claim("UTIL-115", source="torch.nn.utils.parametrizations.orthogonal")
@pytest.mark.parametrize("trivial", [True, False])
def test_an_orthogonal_parametrization_keeps_its_base_as_a_persistent_buffer(trivial):
    """`nn.utils.parametrizations.orthogonal(layer)` keeps a matrix as the persistent buffer
    `"parametrizations.weight.0.base"`; with `use_trivialization=False` there is no such buffer.
    """
    model = parametrizations.orthogonal(nn.Linear(3, 3), use_trivialization=trivial)
    base = ["parametrizations.weight.0.base"] if trivial else []
    assert [name for name, _ in model.named_buffers()] == base
    assert list(model.state_dict()) == ["bias", "parametrizations.weight.original", *base]
    assert [name for name, _ in model.named_parameters()] == ["bias", "parametrizations.weight.original"]


@claim("UTIL-116", source="torch.nn.utils.parametrizations.orthogonal")
@pytest.mark.parametrize("name", MAPS)
def test_an_orthogonal_parametrization_leaves_the_value_of_an_orthogonal_weight(name):
    """By default, `nn.utils.parametrizations.orthogonal(model)` leaves the value of an already orthogonal weight
    unchanged, whatever `orthogonal_map` is. Any other weight becomes the orthogonal factor of its QR decomposition, up
    to signs.
    """
    model, weight = orthogonal_linear()
    parametrizations.orthogonal(model, orthogonal_map=name)
    assert torch.allclose(model.weight, weight, atol=1e-5)
    other = nn.Linear(2, 2)
    other.weight.data = torch.tensor([[3.0, 5.0], [4.0, 5.0]])
    parametrizations.orthogonal(other, orthogonal_map=name)
    assert torch.allclose(other.weight.abs(), torch.tensor([[0.6, 0.8], [0.8, 0.6]]), atol=1e-5)
    assert torch.allclose(other.weight @ other.weight.T, torch.eye(2), atol=1e-5)


@claim("UTIL-117", source="torch.nn.utils.parametrizations.orthogonal")
@pytest.mark.parametrize(("name", "kept"), list(zip(MAPS, [False, False, True], strict=True)))
def test_without_a_base_only_householder_reflections_leave_the_value_of_an_orthogonal_weight(name, kept):
    """With `use_trivialization=False`, `nn.utils.parametrizations.orthogonal` leaves the value of an orthogonal weight
    for `orthogonal_map="householder"` alone; the other maps in general compute another orthogonal matrix from it.
    """
    model, weight = orthogonal_linear()
    parametrizations.orthogonal(model, orthogonal_map=name, use_trivialization=False)
    assert torch.allclose(model.weight, weight, atol=1e-5) is kept
    assert torch.allclose(model.weight @ model.weight.T, torch.eye(2), atol=1e-5)


@claim("UTIL-118", source="torch.nn.utils.parametrizations.orthogonal")
def test_a_weight_that_is_parametrized_already_cannot_be_made_orthogonal_with_a_base():
    """After `nn.utils.parametrizations.orthogonal(model)` on a weight that is parametrized already, reading
    `model.weight` raises `TypeError`; with `use_trivialization=False` the weight is the composition of both
    parametrizations.

    The documentation promises the composition for both.
    """
    model = parametrize.register_parametrization(nn.Linear(2, 2), "weight", nn.Identity())
    parametrizations.orthogonal(model)
    with pytest.raises(TypeError, match="unsupported operand"):
        model.weight  # noqa: B018
    other = parametrize.register_parametrization(nn.Linear(2, 2), "weight", nn.Identity())
    parametrizations.orthogonal(other, "weight", "matrix_exp", use_trivialization=False)
    original = other.parametrizations.weight.original.tril()
    assert torch.allclose(other.weight, torch.linalg.matrix_exp(original - original.mH), atol=1e-5)


@claim("UTIL-119", source="torch.nn.utils.parametrizations.spectral_norm")
def test_a_new_spectral_norm_begins_with_the_singular_vectors_of_the_weight():
    """`nn.utils.parametrizations.spectral_norm(layer)` fills its buffers `_u` and `_v` at once, with estimates of the
    singular vectors of the largest singular value of the layer's weight.
    """
    model = nn.Linear(2, 2)
    model.weight.data = torch.tensor([[0.0, 4.0], [1.0, 0.0]])
    parametrizations.spectral_norm(model)
    state = model.parametrizations.weight[0]
    assert state._u.abs().tolist() == pytest.approx([1, 0], abs=1e-5)
    assert state._v.abs().tolist() == pytest.approx([0, 1], abs=1e-5)
    assert torch.linalg.matrix_norm(model.weight, ord=2).item() == pytest.approx(1, rel=1e-4)


@claim("UTIL-120", source="torch.nn.utils.parametrizations.spectral_norm")
@pytest.mark.parametrize("steps", [1, 2])
def test_reading_a_weight_with_the_new_spectral_norm_in_training_mode_changes_its_buffers(steps):
    """In training mode, each access to `model.weight` under `nn.utils.parametrizations.spectral_norm` changes `_u` and
    `_v` in place by `n_power_iterations` iterations, and so the checkpoint; in eval mode it leaves them unchanged.
    """
    model = parametrizations.spectral_norm(nn.Linear(2, 2), n_power_iterations=steps)
    state, original = model.parametrizations.weight[0], model.parametrizations.weight.original
    original.data = torch.tensor([[3.0, 1.0], [0.0, 2.0]])
    u, v, expected = state._u, state._v, state._v.clone()
    model.eval()
    before = state._u.tolist()
    assert model.weight.shape == (2, 2)
    assert (state._u.tolist(), state._v.tolist()) == (before, expected.tolist())
    model.train()
    assert model.weight.shape == (2, 2)
    for _ in range(steps):
        expected_u = nn.functional.normalize(original.detach() @ expected, dim=0)
        expected = nn.functional.normalize(original.detach().T @ expected_u, dim=0)
    assert (state._u is u, state._v is v) == (True, True)
    assert torch.allclose(u, expected_u)
    assert torch.allclose(v, expected)
    assert u.tolist() != before


@claim("UTIL-121", source="torch.nn.utils.parametrizations.spectral_norm")
@pytest.mark.parametrize("mode", [True, False])
def test_removing_the_new_spectral_norm_runs_an_iteration_in_training_mode_alone(mode):
    """By default, `remove_parametrizations` after `nn.utils.parametrizations.spectral_norm` changes `_u` and `_v` once
    more if the module is in training mode, and leaves them unchanged in eval mode.
    """
    model = parametrizations.spectral_norm(nn.Linear(3, 3))
    model.parametrizations.weight.original.data = torch.arange(9.0).reshape(3, 3)
    state = model.train(mode).parametrizations.weight[0]
    before = state._u.tolist()
    parametrize.remove_parametrizations(model, "weight")
    assert (state._u.tolist() != before) is mode
    assert list(model.state_dict()) == ["bias", "weight"]


@claim("UTIL-122", source="torch.nn.utils.spectral_norm")
def test_a_forward_with_the_old_spectral_norm_changes_its_buffers_in_training_mode_and_an_access_does_not():
    """Under `nn.utils.spectral_norm`, a forward in training mode rescales `weight` and changes `weight_u` and
    `weight_v` in place; an access to `weight` leaves them unchanged.
    """
    model, x = nn.utils.spectral_norm(nn.Linear(3, 3)), torch.ones(1, 3)
    model.weight_orig.data = torch.arange(9.0).reshape(3, 3)
    vector, before, weight = model.weight_u, model.weight_u.tolist(), model.weight
    assert model.weight is weight
    assert model.weight_u.tolist() == before
    for _ in range(20):
        model(x)
    assert model.weight_u is vector
    assert model.weight_u.tolist() != before
    assert model.weight is not weight
    assert torch.linalg.matrix_norm(model.weight, ord=2).item() == pytest.approx(1, rel=1e-4)
