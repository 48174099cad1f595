"""What clipping does to gradients: those that are not finite, and those whose norm is known."""

import math

import pytest
import torch
from torch import nn

from ..vocabulary import claim


def two_parameters(first, second, device):
    """Two parameters with these numbers as their gradients."""
    parameters = [nn.Parameter(torch.ones(1, device=device)) for _ in range(2)]
    for parameter, number in zip(parameters, (first, second), strict=True):
        parameter.grad = torch.tensor([number], device=device)
    return parameters


@claim("GRAD-55", source="torch.nn.utils.clip_grad_norm_")
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf], ids=str)
def test_clipping_raises_for_a_norm_that_is_not_finite_where_it_is_asked_to(wrong, real_device):
    """`nn.utils.clip_grad_norm_(parameters, max_norm, error_if_nonfinite=True)` raises `RuntimeError` if a gradient is
    nan or infinite, and leaves every gradient unchanged.
    """
    parameters = two_parameters(8.0, wrong, real_device)
    with pytest.raises(RuntimeError, match="is non-finite, so it cannot be clipped"):
        nn.utils.clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
    assert parameters[0].grad.item() == 8
    assert parameters[1].grad.item() == pytest.approx(wrong, nan_ok=True)


@claim("GRAD-56", source="torch.nn.utils.clip_grad_norm_")
def test_clipping_by_a_norm_of_nan_makes_every_gradient_nan(real_device):
    """By default, `nn.utils.clip_grad_norm_` makes every gradient nan if one of them is, raises nothing, and returns
    nan.
    """
    parameters = two_parameters(8.0, math.nan, real_device)
    norm = nn.utils.clip_grad_norm_(parameters, 1.0)
    assert norm.isnan().item()
    assert [parameter.grad.isnan().item() for parameter in parameters] == [True, True]


@claim("GRAD-57", source="torch.nn.utils.clip_grads_with_norm_", since="2.6")
def test_clipping_by_a_known_norm_scales_the_gradients_in_place(real_device):
    """`nn.utils.clip_grads_with_norm_(parameters, max_norm, total_norm)` multiplies every gradient in place by
    `max_norm / (total_norm + 1e-6)` where that is below 1, and returns None.
    """
    parameters = two_parameters(8.0, 4.0, real_device)
    gradients = [parameter.grad for parameter in parameters]
    returned = nn.utils.clip_grads_with_norm_(parameters, 1.0, torch.tensor(2.0, device=real_device))
    assert returned is None
    assert [gradient.item() for gradient in gradients] == pytest.approx([8 / (2 + 1e-6), 4 / (2 + 1e-6)], rel=1e-7)
    assert all(parameter.grad is gradient for parameter, gradient in zip(parameters, gradients, strict=True))
    assert [parameter.item() for parameter in parameters] == [1, 1]


@claim("GRAD-58", source="torch.nn.utils.clip_grads_with_norm_", since="2.6")
@pytest.mark.parametrize("norm", [0.5, 0.0])
def test_clipping_by_a_norm_below_the_limit_leaves_gradients_unchanged(norm, real_device):
    """`nn.utils.clip_grads_with_norm_(parameters, max_norm, total_norm)` leaves the gradients unchanged where
    `total_norm` is below `max_norm`.
    """
    parameters = two_parameters(8.0, 4.0, real_device)
    nn.utils.clip_grads_with_norm_(parameters, 1.0, torch.tensor(norm, device=real_device))
    assert [parameter.grad.item() for parameter in parameters] == [8, 4]
