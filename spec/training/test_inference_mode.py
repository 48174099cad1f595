"""What ``torch.inference_mode()`` leaves behind: tensors that can be neither trained nor changed once it is over."""

import copy

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFERS, claim

REFUSED = "Inplace update to inference tensor outside InferenceMode is not allowed"


def built():
    with torch.inference_mode():
        return nn.Linear(3, 2)


def converted():
    model = nn.Linear(3, 2, dtype=torch.float64)
    with torch.inference_mode():
        return model.float()


@claim("GRAD-49", source="torch.inference_mode")
@pytest.mark.parametrize("make", [built, converted])
def test_a_Linear_built_or_converted_in_inference_mode_gets_no_gradient_for_its_weight(make):
    """If an `nn.Linear` with bias was built or converted to another dtype inside `torch.inference_mode()` and its input
    doesn't require grad, `backward()` raises no error. Its bias gets a gradient but its weight none, though
    `weight.requires_grad` is True.
    """
    model, usual = make(), nn.Linear(3, 2)
    model(torch.ones(1, 3)).sum().backward()
    usual(torch.ones(1, 3)).sum().backward()
    assert model.weight.requires_grad
    assert model.weight.is_inference()
    assert model.weight.grad is None
    assert model.bias.grad.tolist() == [1, 1]
    assert usual.weight.grad.tolist() == [[1, 1, 1], [1, 1, 1]]


@claim("GRAD-50", source="torch.inference_mode")
@pytest.mark.parametrize("make", [built, converted])
def test_a_Linear_built_or_converted_in_inference_mode_cannot_pass_a_gradient_on(make):
    """An `nn.Linear` that was built or converted inside `torch.inference_mode()` raises `RuntimeError` in `forward` for
    an input that requires grad, such as the output of a trainable layer; under `torch.no_grad()` it computes.
    """
    model = nn.Sequential(nn.Linear(3, 3), make())
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        model(torch.ones(1, 3))
    with torch.no_grad():
        assert model(torch.ones(1, 3)).shape == (1, 2)


@claim("GRAD-51", source="torch.inference_mode")
def test_a_BatchNorm_built_in_inference_mode_runs_in_eval_mode_only():
    """An `nn.BatchNorm1d` that was built inside `torch.inference_mode()` raises `RuntimeError` in training mode outside
    of `torch.inference_mode()`, where it would update its statistics; in eval mode under `torch.no_grad()` it computes.
    """
    with torch.inference_mode():
        model = nn.BatchNorm1d(2)
    with pytest.raises(RuntimeError, match=REFUSED):
        model(torch.ones(3, 2))
    with torch.no_grad():
        assert model.eval()(torch.ones(3, 2)).shape == (3, 2)
    assert model.running_mean.tolist() == [0, 0]


@claim("GRAD-52", source="torch.nn.Module.requires_grad_")
def test_what_is_frozen_and_was_built_in_inference_mode_cannot_be_made_trainable():
    """Called outside `torch.inference_mode()`, `requires_grad_()` raises `RuntimeError` on a module that was built
    inside, frozen or not; `requires_grad_(False)` freezes the module.
    """
    model = built()
    with pytest.raises(RuntimeError, match="Setting requires_grad=True on inference tensor outside InferenceMode"):
        model.requires_grad_()
    model.requires_grad_(False)
    assert not model.weight.requires_grad
    with pytest.raises(RuntimeError, match="Setting requires_grad=True on inference tensor outside InferenceMode"):
        model.requires_grad_()
    assert not model.weight.requires_grad


@claim("GRAD-53", source="torch.nn.Module.load_state_dict")
def test_a_module_built_in_inference_mode_does_not_load_afterwards():
    """For a module built inside `torch.inference_mode()`, `load_state_dict()` outside and without `assign=True` raises
    `RuntimeError`, though it writes the values. A module built outside that loads inside can still be trained
    afterwards.
    """
    model, usual, checkpoint = built(), nn.Linear(3, 2), {"weight": torch.full((2, 3), 7.0), "bias": torch.zeros(2)}
    with pytest.raises(RuntimeError, match=REFUSED):
        model.load_state_dict(checkpoint)
    assert model.weight.tolist() == [[7, 7, 7], [7, 7, 7]]
    with torch.inference_mode():
        usual.load_state_dict(checkpoint)
    assert usual.weight.tolist() == [[7, 7, 7], [7, 7, 7]]
    usual(torch.ones(1, 3)).sum().backward()
    assert usual.weight.grad is not None


@claim("LOAD-88", source="torch.nn.Module.load_state_dict", since="2.1")
@pytest.mark.parametrize("make", [built, converted])
def test_an_assigning_load_makes_a_module_from_inference_mode_trainable(make):
    """A module that was built or converted inside `torch.inference_mode()` and has no non-persistent buffers can be
    trained after `load_state_dict(assign=True)`, because its parameters then hold the checkpoint's tensors.
    """
    model = make()
    model.load_state_dict({"weight": torch.ones(2, 3), "bias": torch.zeros(2)}, assign=True)
    model(torch.ones(1, 3)).sum().backward()
    assert model.weight.grad.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert not model.weight.is_inference()


@claim("SER-62", source="torch.inference_mode")
@pytest.mark.parametrize("make", [built, converted])
def test_a_deepcopy_is_of_the_mode_in_which_it_is_made(make):
    """A `copy.deepcopy` of a module that is made outside of `torch.inference_mode()` can be trained, even where the
    module was built or converted inside. A copy made inside cannot, even where the module is from outside.
    """
    model = copy.deepcopy(make())
    with torch.inference_mode():
        inside = copy.deepcopy(model)
    model(torch.ones(1, 3)).sum().backward()
    inside(torch.ones(1, 3)).sum().backward()
    assert model.weight.grad.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert inside.weight.is_inference()
    assert inside.weight.grad is None


@claim("MOVE-99", source="torch.nn.Module.to")
def test_a_conversion_back_makes_a_module_that_was_converted_in_inference_mode_trainable():
    """A module that was built outside of `torch.inference_mode()` and converted inside is trainable again after another
    conversion outside, such as back to float64."""
    model = converted()
    weight = model.weight
    model.double()
    model(torch.ones(1, 3, dtype=torch.float64)).sum().backward()
    assert model.weight is weight
    assert not model.weight.is_inference()
    assert model.weight.grad.tolist() == [[1, 1, 1], [1, 1, 1]]


@claim("MOVE-100", source="torch.nn.Module.to")
def test_a_conversion_does_not_make_a_module_that_was_built_in_inference_mode_trainable():
    """An `nn.Linear` built inside `torch.inference_mode()` and then converted outside has parameters whose
    `is_inference()` is False. Yet calling its `forward`, or changing these parameters in place, raises `RuntimeError`.

    The parameters stay the same objects, and those have no version counter. A deep copy has.
    """
    model = built().double()
    x = torch.ones(1, 3, dtype=torch.float64)
    assert not model.weight.is_inference()
    with pytest.raises(RuntimeError, match="Inference tensors do not track version counter"):
        model(x)
    with torch.no_grad(), pytest.raises(RuntimeError, match=REFUSED):
        model.weight.zero_()
    model = copy.deepcopy(model)
    model(x).sum().backward()
    assert model.weight.grad.tolist() == [[1, 1, 1], [1, 1, 1]]


@claim("MOVE-101", source="torch.nn.Module.to")
def test_a_conversion_in_inference_mode_that_changes_nothing_leaves_a_module_trainable():
    """A conversion or move inside `torch.inference_mode()` to the dtype and device that a module already has leaves it
    trainable."""
    model = nn.Linear(3, 2)
    with torch.inference_mode():
        model.float().to(model.weight.device)
    model(torch.ones(1, 3)).sum().backward()
    assert not model.weight.is_inference()
    assert model.weight.grad.tolist() == [[1, 1, 1], [1, 1, 1]]


class Rebinds(nn.Module):
    """Rebinds what is called ``x`` to one more."""

    def forward(self):
        self.x = self.x + 1


class ChangesInPlace(nn.Module):
    """Adds one to what is called ``x``."""

    def forward(self):
        self.x.add_(1)


@claim("GRAD-54", source="torch.inference_mode")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_buffer_that_is_rebound_in_inference_mode_cannot_be_changed_afterwards(kind, real_device):
    """After `forward` has rebound a buffer inside `torch.inference_mode()`, changing the buffer in place outside raises
    `RuntimeError`, though the change is made. A buffer that `forward` changed in place inside can be changed
    afterwards.
    """
    rebound = kind.on(Rebinds(), "x", torch.zeros(3, device=real_device))
    changed = kind.on(ChangesInPlace(), "x", torch.zeros(3, device=real_device))
    with torch.inference_mode():
        rebound()
        changed()
    with pytest.raises(RuntimeError, match=REFUSED):
        rebound.x.zero_()
    assert rebound.x.tolist() == [0, 0, 0]
    changed.x.mul_(7)
    assert changed.x.tolist() == [7, 7, 7]


@claim("LOAD-89", source="torch.nn.Module.load_state_dict")
def test_a_buffer_that_is_rebound_in_inference_mode_does_not_load_afterwards(real_device):
    """If `forward` has rebound a buffer inside `torch.inference_mode()`, `load_state_dict()` outside and without
    `assign=True` raises `RuntimeError` for that buffer. After a `forward` outside, which rebinds it again, it loads.
    """
    model = Rebinds()
    model.register_buffer("x", torch.zeros(3, device=real_device))
    with torch.inference_mode():
        model()
    checkpoint = {"x": torch.full((3,), 7.0)}
    with pytest.raises(RuntimeError, match=REFUSED):
        model.load_state_dict(checkpoint)
    model()
    model.load_state_dict(checkpoint)
    assert model.x.tolist() == [7, 7, 7]
