"""Faults in what a scheduler does to an optimizer, and in what optimizers reset and load."""

from .. import fault

OPTIMIZER = "torch.optim.Optimizer."


@fault("OPT-74", breaks="torch.optim.lr_scheduler.LinearLR.__init__")
def a_scheduler_leaves_the_learning_rate_until_its_first_step(original, self, optimizer, *args, **options):
    rates = [group["lr"] for group in optimizer.param_groups]
    original(self, optimizer, *args, **options)
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate


@fault("OPT-75", breaks="torch.optim.lr_scheduler.StepLR.__init__")
def a_scheduler_keeps_the_initial_learning_rate_to_itself(original, self, optimizer, *args, **options):
    """A scheduler puts nothing into the parameter groups."""
    original(self, optimizer, *args, **options)
    for group in optimizer.param_groups:
        del group["initial_lr"]


@fault("OPT-76", breaks="torch.optim.swa_utils.SWALR.state_dict")
def the_state_dict_of_SWALR_holds_the_annealing_function(original, self):
    return {**original(self), "anneal_func": self.anneal_func}


@fault("OPT-77", breaks=OPTIMIZER + "zero_grad")
def zero_grad_always_makes_zeros(original, self, set_to_none=True):
    """`zero_grad()` of an optimizer makes zeros and not None."""
    original(self, set_to_none=False)


@fault("OPT-78", breaks=OPTIMIZER + "register_load_state_dict_pre_hook")
def a_pre_hook_of_a_load_gets_a_deep_copy(original, self, hook, **options):
    """A load pre-hook of an optimizer gets a deep copy of the checkpoint."""
    return original(self, lambda called, checkpoint: hook(called, {**checkpoint, "state": {}}), **options)
