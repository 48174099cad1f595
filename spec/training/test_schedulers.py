"""What a scheduler does to the learning rates that an optimizer loaded, and what it saves."""

import torch
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import LinearLR, StepLR
from torch.optim.swa_utils import SWALR

from ..vocabulary import claim


def optimizer(lr):
    return SGD([nn.Parameter(torch.ones(1))], lr=lr)


@claim("OPT-74", source="torch.optim.Optimizer.load_state_dict")
def test_a_scheduler_that_is_made_after_a_load_may_change_the_loaded_learning_rate():
    """Making a `LinearLR` scheduler multiplies the learning rate of its optimizer by `start_factor`, also one that
    `optimizer.load_state_dict()` loaded before; a learning rate that is loaded afterwards stays.
    """
    saved = optimizer(lr=0.5).state_dict()
    before, after = optimizer(lr=8.0), optimizer(lr=8.0)
    before.load_state_dict(saved)
    LinearLR(before, start_factor=0.25)
    LinearLR(after, start_factor=0.25)
    after.load_state_dict(saved)
    assert before.param_groups[0]["lr"] == 0.125
    assert after.param_groups[0]["lr"] == 0.5


@claim("OPT-75", source="torch.optim.Optimizer.state_dict")
def test_a_scheduler_puts_an_initial_learning_rate_into_every_group_and_so_into_the_checkpoint():
    """When it is built, a scheduler other than `torch.optim.lr_scheduler.ReduceLROnPlateau` puts `initial_lr` into
    every parameter group that its optimizer then has. So `initial_lr` is in the optimizer's `state_dict()` too.
    """
    model = optimizer(lr=0.5)
    model.add_param_group({"params": [nn.Parameter(torch.ones(1))], "lr": 0.25})
    assert [group.get("initial_lr") for group in model.state_dict()["param_groups"]] == [None, None]
    StepLR(model, step_size=1)
    assert [group["initial_lr"] for group in model.state_dict()["param_groups"]] == [0.5, 0.25]


@claim("OPT-76", source="torch.optim.swa_utils.SWALR", since="2.10")
def test_the_state_dict_of_SWALR_leaves_out_the_optimizer_and_the_annealing_function():
    """`state_dict()` of a `torch.optim.swa_utils.SWALR` holds all its attributes but `optimizer` and `anneal_func`."""
    scheduler = SWALR(optimizer(lr=0.5), swa_lr=0.1)
    assert {*vars(scheduler)} - {*scheduler.state_dict()} == {"optimizer", "anneal_func"}
    assert callable(scheduler.anneal_func)


@claim("OPT-77", source="torch.optim.Optimizer.zero_grad")
def test_a_parameter_that_takes_no_part_in_a_backward_keeps_the_None_of_zero_grad():
    """After `zero_grad(set_to_none=True)` of an optimizer, the default since torch 2.0, and a `backward()` that doesn't
    reach one of its parameters, the `.grad` of this parameter is None. With `set_to_none=False`, a gradient that it had
    before is zeros.
    """
    used, unused = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    optimizer = SGD([used, unused], lr=1.0)
    (used + unused).backward()
    optimizer.zero_grad(set_to_none=False)
    (used * 2).backward()
    assert (used.grad.item(), unused.grad.item()) == (2, 0)
    optimizer.zero_grad(set_to_none=True)
    (used * 2).backward()
    assert used.grad.item() == 2
    assert unused.grad is None


@claim("OPT-78", source="torch.optim.Optimizer.register_load_state_dict_pre_hook", since="2.1")
def test_a_pre_hook_of_a_load_is_called_with_the_optimizer_before_anything_is_loaded():
    """A hook of an optimizer's `register_load_state_dict_pre_hook` is called, before anything is loaded, with the
    optimizer and a shallow copy of the checkpoint.
    """
    loading, saved, seen = optimizer(lr=8.0), optimizer(lr=0.5).state_dict(), []

    def note(called, checkpoint):
        seen.append((called, checkpoint is saved, checkpoint["state"] is saved["state"], checkpoint == saved))
        seen.append(called.param_groups[0]["lr"])

    loading.register_load_state_dict_pre_hook(note)
    loading.load_state_dict(saved)
    assert seen == [(loading, False, True, True), 8.0]
    assert loading.param_groups[0]["lr"] == 0.5
